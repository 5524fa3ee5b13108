/** What a delivery tool is told about a run: one word to act on, and why. */
import type { Comparison } from '../../domain/comparison.ts'
import type { Judgment } from '../../domain/verdict.ts'

/** `running`: ask again. Argo Rollouts takes it for inconclusive, Flagger for a failed check. */
export type GateVerdict = 'pass' | 'fail' | 'inconclusive' | 'running'

export type VerdictAnswer = {
  readonly format: 1
  readonly verdict: GateVerdict
  readonly reason: string
  /** Missing if no run fits what was asked. */
  readonly run?: string
  readonly rehearsal?: string
  /** Findings that the target file accepts; without them the run would have failed. */
  readonly acceptedFindings?: number
}

/** Tools keep the answer in events and conditions, which are short. */
const REASON_MAX = 500
const shortened = (text: string): string => (text.length <= REASON_MAX ? text : `${text.slice(0, REASON_MAX - 1)}…`)

export const answerOf = (verdict: GateVerdict, reason: string, more: Partial<VerdictAnswer> = {}): VerdictAnswer => ({
  format: 1,
  verdict,
  reason: shortened(reason),
  ...more,
})

export function ofJudgment({ verdict, summary, run, rehearsal, exitCode }: Judgment): VerdictAnswer {
  const accepted = verdict.kind === 'pass' ? (verdict.accepted?.length ?? 0) : 0
  const more = { run, rehearsal, ...(accepted > 0 ? { acceptedFindings: accepted } : {}) }
  switch (verdict.kind) {
    case 'pass':
      // Whatever else the exit code says: only 0 lets a release through.
      return answerOf(exitCode === 0 ? 'pass' : 'inconclusive', summary, more)
    case 'fail':
      return answerOf('fail', summary, more)
    case 'aborted':
      // A guardrail saw harm. Who stops by hand has not judged the release.
      return answerOf(verdict.by === 'operator' ? 'inconclusive' : 'fail', summary, more)
    case 'inconclusive':
      return answerOf('inconclusive', summary, more)
  }
}

const outcomes = { regressed: 'fail', 'not-worse': 'pass', undecided: 'inconclusive' } as const

export function ofComparison({ outcome, summary, run, rehearsal, exitCode }: Comparison): VerdictAnswer {
  const verdict = outcomes[outcome]
  const trusted = verdict === 'pass' && exitCode !== 0 ? 'inconclusive' : verdict
  return answerOf(trusted, summary, { rehearsal, ...(run === undefined ? {} : { run }) })
}
