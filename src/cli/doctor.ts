import { existsSync } from 'node:fs'
import { probeAccelerator } from '../host/accelerator.js'
import { unprivilegedAccount } from '../host/accounts.js'
import { chooseFirmware } from '../launch/firmware-choice.js'
import { EXIT } from '../model/exit.js'
import { aptLine, MORE_PACKAGES, missingTools, TOOLS } from '../stages/tools-needed.js'
import { colour } from './colours.js'

interface Finding {
  readonly name: string
  readonly ok: boolean
  /** A run is not possible without it. */
  readonly needed: boolean
  readonly detail: string
}

/** cvm-rewrite doctor: every question that a run would ask of this machine, answered at once. */
export async function doctor(json: boolean): Promise<number> {
  const missing = await missingTools()
  const findings: Finding[] = TOOLS.map((row) => {
    const ok = !missing.includes(row)
    return {
      name: row.tool,
      ok,
      needed: true,
      detail: ok ? row.purpose : `missing (package ${row.package}): ${row.purpose}`,
    }
  })
  findings.push(await firmwareFinding())
  if (missing.length === 0) findings.push(await kvmFinding())
  findings.push(hostCloudInitFinding())
  const blocked = findings.some((finding) => finding.needed && !finding.ok)
  const packages = missing.map((row) => row.package)
  const next = blocked ? aptLine([...packages, ...MORE_PACKAGES]) : 'cvm-rewrite -i guest.qcow2'
  if (json) process.stdout.write(`${JSON.stringify({ ok: !blocked, findings, next })}\n`)
  else process.stdout.write(`${findings.map(lineOf).join('')}\nnext: ${next}\n`)
  return blocked ? EXIT.host : EXIT.ok
}

async function firmwareFinding(): Promise<Finding> {
  const detail = await chooseFirmware().then(
    ({ uefi }) => uefi.code,
    () => undefined,
  )
  return {
    name: 'UEFI firmware',
    ok: detail !== undefined,
    needed: false,
    detail: detail ?? 'missing (package ovmf): needed by images that have an EFI system partition',
  }
}

async function kvmFinding(): Promise<Finding> {
  const { accel, why } = await probeAccelerator('auto', await unprivilegedAccount())
  return {
    name: 'KVM',
    ok: accel === 'kvm',
    needed: false,
    detail: accel === 'kvm' ? why : `${why}; emulation is used, which takes 10 to 20 times as long`,
  }
}

/** Installing the package may enable the service, which would then configure this host as if it were a guest. */
function hostCloudInitFinding(): Finding {
  const enabled =
    existsSync('/etc/systemd/system/cloud-init.target.wants') && !existsSync('/etc/cloud/cloud-init.disabled')
  const detail = enabled
    ? 'cloud-init would run on this host at its next boot; to stop that: touch /etc/cloud/cloud-init.disabled'
    : 'cloud-init does not run on this host itself'
  return { name: 'host cloud-init', ok: !enabled, needed: false, detail }
}

function lineOf(finding: Finding): string {
  const mark = finding.ok ? colour.green('ok     ') : finding.needed ? colour.red('missing') : colour.yellow('note   ')
  return `  ${mark}  ${finding.name.padEnd(NAME_WIDTH)}  ${finding.detail}\n`
}

const NAME_WIDTH = Math.max(...TOOLS.map((row) => row.tool.length))
