import { expect, it } from 'vitest'
import { parseMemAvailable } from '../../../src/host/machine.js'

it('reads what is available, not what is free', () => {
  const meminfo = 'MemTotal:       16384000 kB\nMemFree:          100000 kB\nMemAvailable:    8388608 kB\n'

  expect(parseMemAvailable(meminfo)).toBe(8192)
})

it('knows when the kernel does not say', () => {
  expect(parseMemAvailable('MemTotal: 5 kB\n')).toBeUndefined()
})
