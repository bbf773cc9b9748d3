import { fileURLToPath } from 'node:url'
import type { ToolCall } from '../model/host.js'

/** What cloud-init makes of all cloud-config parts together. */
export interface MergedCloudConfig {
  /** Of this host's cloud-init. */
  readonly version: string
  /** The file that cloud-init writes in the guest: comments with the names of the parts, then YAML. */
  readonly text: string
  /** Parts that it left out, with its reason. */
  readonly warnings: readonly string[]
}

/** @param python the interpreter of the host's cloud-init: another one need not have its modules */
export function mergeCloudConfigCall(python: readonly string[], bundle: string, workDir: string): ToolCall {
  const [tool = 'python3', ...flags] = python
  return { tool, args: [...flags, SCRIPT, bundle, workDir], cwd: workDir, env: { PYTHONUTF8: '1' } }
}

/** The answer of the script; undefined when it is none. */
export function readMergedCloudConfig(stdout: string): MergedCloudConfig | undefined {
  try {
    const answer: unknown = JSON.parse(stdout)
    return isMerged(answer) ? answer : undefined
  } catch {
    return undefined
  }
}

function isMerged(value: unknown): value is MergedCloudConfig {
  if (typeof value !== 'object' || value === null) return false
  const { version, text, warnings } = value as Partial<Record<string, unknown>>
  return typeof version === 'string' && typeof text === 'string' && Array.isArray(warnings)
}

/** Shipped as it is, beside the compiled code: from dist/tools and from src/tools alike it is ../../src/tools. */
const SCRIPT = fileURLToPath(new URL('../../src/tools/merge-cloud-config.py', import.meta.url))
