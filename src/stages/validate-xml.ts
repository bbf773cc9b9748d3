import { writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findTool } from '../host/find-tool.js'
import { runTool } from '../host/run-tool.js'
import { makeScratch } from '../host/scratch.js'
import { NEWER_THAN_SOME } from '../launch/libvirt-newer.js'
import { CvmError } from '../model/errors.js'
import { readObjections, validateDomainCall } from '../tools/virt-xml-validate.js'
import { aptLine } from './tools-needed.js'

/** `partly`: the installed schema is older than some of it; the rest is valid. */
export type XmlVerdict =
  | { readonly kind: 'valid' }
  | { readonly kind: 'partly'; readonly unknown: readonly string[] }
  | { readonly kind: 'invalid'; readonly reasons: readonly string[]; readonly unknown: readonly string[] }

/**
 * Compares a domain's XML with the schema of the installed libvirt. What that schema is too old for is named, and left out of the
 * comparison.
 *
 * @throws {CvmError} TOOL_MISSING; TOOL_FAILED when the validator cannot do its work.
 */
export async function validateXml(xml: string): Promise<XmlVerdict> {
  if ((await findTool('xmllint')) === undefined) {
    // virt-xml-validate is a script around it, and would only say that a command was not found.
    throw new CvmError('TOOL_MISSING', 'xmllint is not installed', { next: aptLine(['libxml2-utils']) })
  }
  await using scratch = await makeScratch(tmpdir(), 'cvm-xml', 0o700)
  const path = join(scratch.path, 'domain.xml')
  if ((await objections(path, xml)).length === 0) return { kind: 'valid' }

  const unknown: string[] = []
  let known = xml
  for (const { what, sign, smallest } of NEWER_THAN_SOME) {
    if (xml.search(sign) === -1 || (await objections(path, smallest)).length === 0) continue
    unknown.push(what)
    known = known.replace(sign, '')
  }
  const reasons = await objections(path, known)
  return reasons.length === 0 ? { kind: 'partly', unknown } : { kind: 'invalid', reasons, unknown }
}

async function objections(path: string, xml: string): Promise<readonly string[]> {
  await writeFile(path, xml)
  const result = await runTool(validateDomainCall(path), { timeoutMs: ANSWER_LIMIT_MS })
  if (result.exitCode === 0) return []
  const found = readObjections(path, result.stderr)
  if (found.length > 0) return found
  const why = result.stderr.trim().split('\n').at(-1) ?? ''
  throw new CvmError('TOOL_FAILED', `virt-xml-validate exited ${result.exitCode ?? result.signal}`, { why })
}

const ANSWER_LIMIT_MS = 20_000
