import { describe, expect, it } from 'vitest'
import type { BootHooks } from '../../../src/stages/boot-hooks.js'
import { bothHooks, openHooks, thenClose } from '../../../src/stages/compose-hooks.js'

const closed: string[] = []

function hooks(name: string, error?: Error): BootHooks {
  closed.length = 0
  return {
    close: async () => {
      closed.push(name)
      if (error !== undefined) throw error
    },
  }
}

describe('hooks of a boot test together', () => {
  it('are closed in the reverse order of opening', async () => {
    await bothHooks(bothHooks(hooks('files'), hooks('log')), hooks('terminal')).close?.()

    expect(closed).toEqual(['terminal', 'log', 'files'])
  })

  it('are all closed when one of them cannot be, which is told', async () => {
    const both = bothHooks(hooks('files'), hooks('terminal', new Error('no terminal any more')))

    await expect(both.close?.()).rejects.toThrow('no terminal any more')
    expect(closed).toEqual(['terminal', 'files'])
  })

  it('are closed when what they are for fails, and its error is the one that is told', async () => {
    const failing = async () => {
      throw new Error('no machine')
    }

    await expect(thenClose(hooks('files', new Error('disk full')), failing)).rejects.toThrow('no machine')
    expect(closed).toEqual(['files'])
    await expect(thenClose(hooks('files', new Error('disk full')), async () => 1)).rejects.toThrow('disk full')
  })

  it('are closed when a later one cannot be opened', async () => {
    const opening = openHooks(
      async () => hooks('files'),
      async () => {
        throw new Error('no room')
      },
    )

    await expect(opening).rejects.toThrow('no room')
    expect(closed).toEqual(['files'])
  })
})
