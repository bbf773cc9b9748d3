import { chown, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LibvirtConnection } from '../host/private-libvirt.js'
import { type RunOptions, runTool, runToolOrFail } from '../host/run-tool.js'
import { makeScratch } from '../host/scratch.js'
import { DOMAIN_MARK, libvirtXml } from '../launch/libvirt-xml.js'
import { CvmError } from '../model/errors.js'
import type { Account, ToolCall, ToolResult } from '../model/host.js'
import type { LaunchConfig } from '../model/launch.js'
import {
  defineCall,
  domainStateCall,
  listDomainsCall,
  metadataCall,
  readDomainList,
  startCall,
} from '../tools/virsh.js'
import { connectTo, libvirtUri } from './connect-libvirt.js'

export interface DefineInput {
  readonly config: LaunchConfig
  readonly connection: Pick<LibvirtConnection, 'uri' | 'env' | 'account'>
  readonly start: boolean
  /** A domain of that name that we made before, and that does not run, may be redefined. */
  readonly replace: boolean
}

export interface DefinedDomain {
  readonly name: string
  readonly uri: string
  readonly replaced: boolean
  readonly started: boolean
  /** What libvirt cannot express, and what it needs for the rest. */
  readonly notes: readonly string[]
}

/**
 * Connects to a libvirt that outlives us: the one at `connect`, else the system's for root and the user's own for everybody else.
 *
 * @param connect a URI, or the path of a socket
 * @throws {CvmError} LIBVIRT_UNREACHABLE; TOOL_MISSING.
 */
export async function connectForDefine(connect: string | undefined): Promise<LibvirtConnection> {
  const uri = process.getuid?.() === 0 ? 'qemu:///system' : 'qemu:///session'
  return await connectTo(connect === undefined ? uri : libvirtUri(connect), NO_DAEMON)
}

/**
 * Defines the machine as a domain of libvirt, named after it, and starts it when asked to.
 *
 * Domains that we made bear a mark in their metadata; no other domain is ever touched, and no running one.
 *
 * @throws {CvmError} DOMAIN_EXISTS; LAUNCH_INVALID as libvirtXml; TOOL_FAILED with libvirt's words; TOOL_MISSING, TOOL_TIMED_OUT.
 */
export async function defineDomain({ config, connection, start, replace }: DefineInput): Promise<DefinedDomain> {
  const { name } = config
  const old = await domainNamed(name, connection)
  if (old !== undefined) await mayReplace({ name, uuid: old, replace }, connection)

  const { xml, notes } = libvirtXml(config, old)
  await using scratch = await makeScratch(tmpdir(), 'cvm-define', 0o700)
  const path = join(scratch.path, 'domain.xml')
  await writeFile(path, xml)
  if (connection.account !== undefined) await hand([scratch.path, path], connection.account)
  await demand(defineCall(connection.uri, path), connection)
  if (start) await startDefined(name, connection)
  return { name, uri: connection.uri, replaced: old !== undefined, started: start, notes }
}

/** @throws {CvmError} DOMAIN_EXISTS. */
async function mayReplace(
  { name, uuid, replace }: { readonly name: string; readonly uuid: string; readonly replace: boolean },
  connection: DefineInput['connection'],
): Promise<void> {
  const what = `libvirt has a domain ${name} already`
  const mark = await ask(metadataCall(connection.uri, uuid, DOMAIN_MARK), connection)
  if (mark.exitCode !== 0) {
    throw new CvmError('DOMAIN_EXISTS', what, { why: 'it was not made by this program, so it stays as it is' })
  }
  const state = (await demand(domainStateCall(connection.uri, uuid), connection)).stdout.trim()
  if (state !== 'shut off') {
    throw new CvmError('DOMAIN_EXISTS', what, {
      why: `it is ${state}`,
      next: `Shut it down first: virsh shutdown ${name}`,
    })
  }
  if (!replace) throw new CvmError('DOMAIN_EXISTS', what, { why: 'this program made it earlier' })
}

/** By its UUID a domain is called from then on: virsh would take a name of digits for the number of another one. */
async function domainNamed(name: string, connection: DefineInput['connection']): Promise<string | undefined> {
  const { stdout } = await demand(listDomainsCall(connection.uri), connection)
  return readDomainList(stdout).find((domain) => domain.name === name)?.uuid
}

async function startDefined(name: string, connection: DefineInput['connection']): Promise<void> {
  const uuid = await domainNamed(name, connection)
  if (uuid === undefined) throw new CvmError('TOOL_FAILED', `the domain ${name} is gone again`)
  const result = await ask(startCall(connection.uri, uuid), connection)
  if (result.exitCode === 0) return
  throw new CvmError('TOOL_FAILED', `the domain ${name} is defined, but it did not start`, {
    why: result.stderr.trim().split('\n').at(-1) ?? '',
    next: `When that is mended: virsh --connect ${connection.uri} start ${name}`,
  })
}

/** The client reads the file, and it runs as this account. */
async function hand(paths: readonly string[], { uid, gid }: Account): Promise<void> {
  for (const path of paths) await chown(path, uid, gid)
}

async function ask(call: ToolCall, { env, account }: DefineInput['connection']): Promise<ToolResult> {
  return await runTool({ ...call, env }, optionsFor(account))
}

async function demand(call: ToolCall, { env, account }: DefineInput['connection']): Promise<ToolResult> {
  return await runToolOrFail({ ...call, env }, optionsFor(account))
}

function optionsFor(account: Account | undefined): RunOptions {
  return { timeoutMs: START_LIMIT_MS, ...(account === undefined ? {} : { as: account }) }
}

/** Starting a large guest with huge pages takes long. */
const START_LIMIT_MS = 120_000
const NO_DAEMON =
  'Start libvirt (systemctl start libvirtd), see that this user may use it (sudo usermod -aG libvirt USER), or name another one with -s.'
