// Sums the results that vitest wrote; a missing or empty file is a failure of its own.
import { readFileSync } from 'node:fs'

let passed = 0
let failed = 0
let skipped = 0
for (const path of process.argv.slice(2)) {
  try {
    const result = JSON.parse(readFileSync(path, 'utf8'))
    passed += result.numPassedTests
    failed += result.numFailedTests + (result.success || result.numFailedTests > 0 ? 0 : 1)
    skipped += result.numPendingTests + result.numTodoTests
    if (result.numPassedTests === 0) failed += 1
  } catch (error) {
    console.error(`no result in ${path}: ${error.message}`)
    failed += 1
  }
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exit(failed > 0 ? 1 : 0)
