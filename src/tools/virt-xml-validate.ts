import type { ToolCall } from '../model/host.js'

/** Compares a domain's XML with the schema of the installed libvirt; exits 1 when it does not fit. */
export function validateDomainCall(path: string): ToolCall {
  return { tool: 'virt-xml-validate', args: [path, 'domain'] }
}

/** What it said against the file, one objection each, with their lines; empty when it said nothing that we know. */
export function readObjections(path: string, stderr: string): readonly string[] {
  return stderr
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.startsWith(`${path}:`) || line.startsWith('Relax-NG '))
    .map((line) => line.replace(`${path}:`, 'line '))
}
