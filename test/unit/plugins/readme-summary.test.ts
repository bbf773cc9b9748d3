import { expect, it } from 'vitest'
import { readmeSummary } from '../../../src/plugins/readme-summary.js'

it.each([
  ['# Title\n\nOne sentence.\n\nMore.\n', 'One sentence.'],
  ['\n# Title\r\nOne sentence.\r\n', 'One sentence.'],
  ['Title\n=====\n\nOne sentence.\n', 'One sentence.'],
  ['One sentence.\nTwo.\n', 'One sentence.'],
  ['# Title\n', ''],
  ['', ''],
])('reads the summary of %j', (markdown, summary) => {
  expect(readmeSummary(markdown)).toBe(summary)
})
