/** Values of command-line flags, in the same forms and with the same messages as in files. */
import type { Parsed } from '../domain/issue.ts'
import { wholeFile } from './files.ts'
import { dnsLabel } from './name-shapes.ts'
import { duration, factor } from './quantities.ts'
import { collectIssues, settle } from './report.ts'
import { integer, type Shape } from './shape.ts'

export const flagShapes = {
  duration: duration({ min: 0 }),
  factor: factor({ min: 0.01, max: 10_000 }),
  namespace: dnsLabel(63),
  port: integer({ min: 1, max: 65_535, what: 'a port' }),
  runs: integer({ min: 1, max: 1000, what: 'a number of runs' }),
  speed: factor({ min: 0.1, max: 1000 }),
  seed: integer({ min: 0, max: Number.MAX_SAFE_INTEGER, what: 'a seed' }),
} as const

/** `flag` is its name as typed, such as `--load-factor`; issues point at it. */
export function parseFlag<T>(shape: Shape<T>, flag: string, written: string): Parsed<T> {
  const { report, found } = collectIssues()
  const value = /^\d+$/.test(written) ? Number(written) : written
  const decoded = shape.decode({ kind: 'scalar', at: wholeFile(flag), path: flag, value }, report)
  return settle(found(), decoded?.value)
}
