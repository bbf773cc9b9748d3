import { findTool } from '../host/find-tool.js'
import { runTool } from '../host/run-tool.js'
import { CvmError } from '../model/errors.js'

/** External programs of a rewrite, the Debian and Ubuntu package of each, and what it is for. */
export const TOOLS = [
  { tool: 'qemu-img', package: 'qemu-utils', purpose: 'reads and writes disk images' },
  { tool: 'qemu-system-x86_64', package: 'qemu-system-x86', purpose: 'runs the guest' },
  { tool: 'virt-install', package: 'virtinst', purpose: 'boots the guest' },
  { tool: 'virsh', package: 'libvirt-clients', purpose: 'watches the guest' },
  { tool: 'libvirtd', package: 'libvirt-daemon-system', purpose: 'private libvirt daemon of the run' },
  { tool: 'cloud-init', package: 'cloud-init', purpose: 'builds the MIME bundle' },
  { tool: 'genisoimage', package: 'genisoimage', purpose: 'packs the seed' },
  { tool: 'tar', package: 'tar', purpose: 'packs the payload' },
] as const

export type ToolName = (typeof TOOLS)[number]['tool']

/** Also worth having: not asked of every run. */
export const MORE_PACKAGES = ['ovmf'] as const

/**
 * All programs, or those of a smaller need, are there; none is started.
 *
 * @throws {CvmError} TOOL_MISSING with every missing one and one apt line for all.
 */
export async function requireTools(needed: readonly ToolName[] = TOOLS.map((row) => row.tool)): Promise<void> {
  const missing = (await missingTools()).filter((row) => needed.includes(row.tool))
  if (missing.length > 0) throw missingToolsError(missing)
}

/** Versions of the programs that shape the result. */
export async function toolVersions(): Promise<Readonly<Record<string, string>>> {
  const [qemu, virtInstall] = await Promise.all([
    firstLine('qemu-img', '--version'),
    firstLine('virt-install', '--version'),
  ])
  return { 'qemu-img': qemu, 'virt-install': virtInstall, node: process.version }
}

export async function missingTools(): Promise<readonly (typeof TOOLS)[number][]> {
  const found = await Promise.all(TOOLS.map(async (row) => ((await isThere(row.tool)) ? undefined : row)))
  return found.filter((row) => row !== undefined)
}

/** The one line that installs packages on Debian and Ubuntu. */
export function aptLine(packages: readonly string[]): string {
  return `apt-get install --no-install-recommends ${[...new Set(packages)].sort().join(' ')}`
}

export function missingToolsError(missing: readonly (typeof TOOLS)[number][]): CvmError {
  const names = missing.map((row) => row.tool)
  return new CvmError('TOOL_MISSING', `not installed: ${names.join(', ')}`, {
    lines: missing.map((row) => `${row.tool} (package ${row.package}) ${row.purpose}`),
    next: aptLine([...missing.map((row) => row.package), ...MORE_PACKAGES]),
  })
}

/** libvirt's modular daemons replace libvirtd where that is not installed. */
async function isThere(tool: string): Promise<boolean> {
  if ((await findTool(tool)) !== undefined) return true
  return tool === 'libvirtd' && (await findTool('virtqemud')) !== undefined
}

async function firstLine(tool: string, arg: string): Promise<string> {
  const result = await runTool({ tool, args: [arg] }, { timeoutMs: 20_000 })
  return result.stdout.split('\n')[0] ?? ''
}
