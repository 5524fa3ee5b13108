/** A problem that strict admission reports. */

export type StrictCode =
  | 'cuts-everything'
  | 'no-parameters'
  | 'foreign-parameters'
  | 'share-out-of-range'
  | 'no-effect'
  | 'external-target-port'
  | 'external-target-address'
  | 'external-target-name'
  | 'selector-ignored'
  | 'selects-everything'
  | 'selector-missing'
  | 'paused'
  | 'selects-by-chance'
  | 'unknown-phase'
  | 'duration-too-short'
  | 'duration-ignored'
  | 'remote-cluster'
  | 'port-out-of-range'
  | 'code-out-of-range'
  | 'delay-unreadable'
  | 'pattern-unreadable'
  | 'meets-probes'

export type StrictProblem = {
  readonly code: StrictCode
  /** `stop`: the fault would not do what it says. `warn`: it does, with a catch. */
  readonly severity: 'stop' | 'warn'
  readonly path: string
  readonly problem: string
  readonly next: string
}

export const stop = (code: StrictCode, path: string, problem: string, next: string): StrictProblem => ({
  code,
  severity: 'stop',
  path,
  problem,
  next,
})
export const warn = (...parts: Parameters<typeof stop>): StrictProblem => ({ ...stop(...parts), severity: 'warn' })
