import { plainValue } from '../firmware/plain-value.js'
import type { FirmwareVariable } from '../firmware/variable.js'

/** The contents of a variable for a person, a line each. */
export type DescribeVariable = (variable: FirmwareVariable) => readonly string[]

/** The one place that chooses who decodes contents: everything that prints variables is given this function. */
export const describeVariable: DescribeVariable = plainValue
