import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const root = new URL('..', import.meta.url).pathname

// Four layers, from milliseconds to minutes: see docs/architecture.md, "Tests".
export default defineConfig({
  root,
  test: {
    // Most tests wait for a program that they started: on two cores, two workers take little more than half of one's time.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // CI sums what the runner itself has counted.
    reporters: process.env['CVM_TEST_JSON'] === undefined ? ['default'] : ['default', 'json'],
    ...(process.env['CVM_TEST_JSON'] === undefined ? {} : { outputFile: { json: process.env['CVM_TEST_JSON'] } }),
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/*.test.ts'], testTimeout: 60_000 } },
      // Many of them run at a time, each with programs of its own: a limit for what hangs, not for what waits its turn.
      { test: { name: 'integration', include: ['test/integration/**/*.test.ts'], testTimeout: 180_000 } },
      {
        test: {
          name: 'tiny',
          include: ['test/tiny/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 20 * 60_000,
          hookTimeout: 30 * 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
})
