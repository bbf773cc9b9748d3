import { runToolOrFail } from '../../src/host/run-tool.js'
import { cachedPackage } from './cached-package.js'

/**
 * A directory that holds one .deb: bookworm's cloud kernel, which is lower than trixie's own, so that a boot loader does not take
 * it by itself. Fetched once, with apt's own check of signatures, then taken from the cache.
 */
export async function oldKernelPackages(into: string): Promise<string> {
  return await cachedPackage('kernel-debs', into, 'bookworm', async (apt) => {
    const shown = await runToolOrFail({ tool: 'apt-cache', args: [...apt, 'show', 'linux-image-cloud-amd64'] })
    const name = /^Depends: .*?(linux-image-[\w.+-]+-cloud-amd64)/m.exec(shown.stdout)?.[1]
    if (name === undefined) throw new Error('linux-image-cloud-amd64 depends on no kernel')
    return name
  })
}
