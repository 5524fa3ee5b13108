/** Findings → verdict, exit code, and one sentence that says why. fail > aborted > inconclusive > pass. */
import { showMeasuredPercent } from '../../domain/show.ts'
import { isSome } from '../../domain/units.ts'
import { exitCodes, type Finding, type Judgment, type SloResult, type Verdict } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, listed } from '../findings/words.ts'
import type { Seen } from '../seen/seen.ts'

export function verdictOf(seen: Seen, findings: readonly Finding[]): Verdict {
  const breaches = findings.filter((each) => each.weight === 'breach')
  const gaps = findings.filter((each) => each.weight === 'gap')
  const stop = seen.run.stop?.record
  if (isSome(breaches)) return { kind: 'fail', breaches }
  if (stop && stop.by !== 'failure') {
    const by = stop.by === 'guardrail' ? (seen.run.trip?.record.id ?? 'guardrail') : 'operator'
    return { kind: 'aborted', by, at: stop.at, gaps }
  }
  if (isSome(gaps)) return { kind: 'inconclusive', gaps }
  const accepted = findings.filter((each) => each.weight === 'accepted')
  const warnings = findings.filter((each) => each.weight === 'warning')
  return { kind: 'pass', warnings, ...(isSome(accepted) ? { accepted } : {}) }
}

export function exitCodeOf(verdict: Verdict, healed: boolean): number {
  return healed ? exitCodes[verdict.kind] : exitCodes.notHealed
}

export function summarise(
  seen: Seen,
  verdict: Verdict,
  slos: readonly SloResult[],
  faults: Judgment['faults'],
): string {
  switch (verdict.kind) {
    case 'pass':
      return `${acceptedWords(verdict.accepted)}${passed(slos, faults, verdict.warnings.length)}`
    case 'fail':
      return leading(verdict.breaches)
    case 'inconclusive':
      return leading(verdict.gaps)
    case 'aborted':
      return stoppedBy(verdict.by, seen.run.stop?.record.reason ?? '')
  }
}

/** The controller's reason names the guardrail and what it measured; the operator needs no more words. */
function stoppedBy(by: string, reason: string): string {
  if (by === 'operator') return 'Stopped by the operator.'
  return reason.startsWith('guardrail') ? `Stopped by ${reason}.` : `Stopped by guardrail ${by}: ${reason}.`
}

function leading(findings: readonly Finding[]): string {
  const [first, ...more] = findings.filter((each) => each.follows === undefined)
  const sentence = first?.sentence ?? ''
  return more.length === 0 ? sentence : `${sentence.replace(/\.$/, '')}; and ${count(more.length, 'more finding')}.`
}

function acceptedWords(accepted: readonly Finding[] = []): string {
  if (accepted.length === 0) return ''
  const told = accepted.map(({ cause, subject, acceptance }) => {
    const { owner, until } = acceptance ?? { owner: 'somebody', until: 'some day' }
    return `${cause} of ${subject} by ${owner} until ${until}`
  })
  return `Passes with ${count(accepted.length, 'accepted finding')} (${listed(told, 3)}). `
}

function passed(slos: readonly SloResult[], faults: Judgment['faults'], warnings: number): string {
  // An objective that was missed can be accepted too.
  const proven = slos.filter(({ state }) => state === 'proven' || state === 'proven-with-warning')
  const shares = proven.map(achievedWords)
  const names = listed(faults.map((each) => each.fault))
  const bit =
    faults.length === 0 ? '' : `, while ${names} ${faults.length === 1 ? 'was' : 'were'} proven to take effect`
  const but = warnings === 0 ? '' : `, with ${count(warnings, 'warning')}`
  const those =
    proven.length === slos.length ? 'Every objective is' : `${proven.length} of ${count(slos.length, 'objective')} are`
  return `${those} proven (${listed([...new Set(shares)], 6)})${bit}${but}.`
}

/** People think of latency in milliseconds, not in the share that was fast enough. */
function achievedWords({ sli, kind, objective, achieved, whole: { quantileMs } }: SloResult): string {
  if (kind === 'availability' || quantileMs === undefined) return `${sli} ${showMeasuredPercent(achieved ?? 0)}`
  return `${sli} p${Math.round(objective * 100)} ${quantileMs.toFixed(0)} ms`
}

/** A run whose every step is missing must not be silent about it. */
export const nothingJudged = (seen: Seen): readonly Finding[] =>
  seen.run.head.rehearsal.slos.length > 0
    ? []
    : [finding('gap', 'no-evidence', 'objectives', 'The rehearsal names no objective.', [seen.run.headLine])]
