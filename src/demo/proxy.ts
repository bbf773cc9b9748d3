import { runTool } from '../host/run-tool.js'

/** The proxy that apt of this host uses, as environment variables: those of the caller first, then apt's own setting. */
export async function proxyVariables(from: NodeJS.ProcessEnv = process.env): Promise<Record<string, string>> {
  const given = Object.entries(from).filter(
    (entry): entry is [string, string] => entry[1] !== undefined && PROXY_NAMES.has(entry[0]),
  )
  if (given.length > 0) return Object.fromEntries(given)
  const asked = await runTool({ tool: 'apt-config', args: ['dump', '--format=%v%n', 'Acquire::http::Proxy'] })
  const proxy = asked.stdout.trim()
  return /^http:\/\/\S+$/.test(proxy) ? { http_proxy: proxy } : {}
}

const PROXY_NAMES = new Set(['http_proxy', 'https_proxy', 'no_proxy'])
