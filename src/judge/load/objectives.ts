/**
 * Objectives: good/attempts over the whole run, proven at 95 % or not. Arrivals that were due and never ran count as bad, so that
 * the tolerance for a lagging generator is the objective's own; but a miss made of nothing else is the generator's, not the platform's.
 */
import { judgedAtMs } from '../../domain/indicator.ts'
import { measuredIn, partsOfIndicator } from '../../domain/indicators.ts'
import type { Rehearsal, Slo } from '../../domain/rehearsal.ts'
import { showMeasuredPercent } from '../../domain/show.ts'
import { attemptsNeeded, CONFIDENCE, lowerBound } from '../../domain/statistics.ts'
import { millis, type Ratio, ratio } from '../../domain/units.ts'
import type { Finding, SloResult, WindowCounts } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, type Ruled } from '../findings/ruled.ts'
import { count, listed } from '../findings/words.ts'
import type { Row } from '../seen/load-counts.ts'
import type { Seen } from '../seen/seen.ts'
import { type Due, elapsed } from './arrivals-due.ts'
import { countedBy, unreadFinding, unseenAttempts, unseenWords } from './prometheus.ts'
import { countRows, countWindow, windowsOf } from './windows.ts'

export function judgeObjectives(seen: Seen, due: ReadonlyMap<string, Due>): Ruled<readonly SloResult[]> {
  return allRuled(seen.run.head.rehearsal.slos.map((slo) => judgeObjective(seen, due, slo)))
}

/** What an objective comes down to: how many attempts count as within, strictly and at the ceiling. */
type Share = {
  readonly objective: Ratio
  readonly within: number
  readonly withinCeiling: number
  readonly attempts: number
  /** Attempts that really ran. */
  readonly answered: number
  /** Of a latency objective: the quantile of good responses, in words, because people think of latency in milliseconds. */
  readonly quantile?: string
}

function judgeObjective(seen: Seen, due: ReadonlyMap<string, Due>, slo: Slo): Ruled<SloResult> {
  const { run, load } = seen
  const members = partsOfIndicator(run.head.rehearsal.slis, slo.sli)
  const rows = load.rows(slo.sli)
  const neverRan = members.reduce((sum, member) => sum + (due.get(member)?.neverRan ?? 0), 0)
  const quantile = slo.kind === 'latency' ? slo.quantile : 0.95
  const whole = countRows(rows, neverRan, quantile)
  const share = shareOf(slo, whole)
  const counted = stateOf(share)
  const unseen = unseenAttempts(seen, slo.sli)
  const unread = unreadFinding(seen, slo.sli, `${slo.sli} ${wanted(slo)}`, achieved(share))
  const state = counted === 'no-evidence' ? counted : unread ? 'unproven' : lessSeen(counted, share, unseen)
  const result: SloResult = {
    sli: slo.sli,
    kind: slo.kind,
    objective: share.objective,
    ...(slo.kind === 'latency' ? { targetMs: slo.targetMs, ceilingMs: slo.ceilingMs } : {}),
    ...(slo.kind === 'latency' && inBuckets(run.head.rehearsal, members)
      ? { judgedAtMs: millis(judgedAtMs(slo.targetMs)) }
      : {}),
    ...countedBy(seen, slo.sli),
    state: state === 'missed' && !missedForReal(share) ? 'unproven' : state,
    whole,
    ...(share.attempts > 0
      ? {
          achieved: ratio(share.within / share.attempts),
          lowerBound: lowerBound(share.within, share.attempts),
        }
      : {}),
    budgetUsed: budgetUsed(share),
    windows: windowsOf(seen).map((window) => ({
      ...window,
      counts: countWindow(rows, run.zeroAt ?? 0, window, quantile),
    })),
  }
  if (unread) return { result, findings: [unread] }
  const remaining = remainingAttempts(seen, due, members, share) + unseen
  return { result, findings: findingsOf(seen, slo, share, state, remaining, rows, members) }
}

/** With the attempts that nobody saw as bad ones. */
function lessSeen(state: SloResult['state'], share: Share, unseen: number): SloResult['state'] {
  if (state !== 'proven' && state !== 'proven-with-warning') return state
  const atWorst = stateOf({ ...share, attempts: share.attempts + unseen })
  return atWorst === 'missed' ? 'unproven' : atWorst
}

/** Latencies of k6's own metrics, of one part at least. */
function inBuckets({ slis }: Rehearsal, members: readonly string[]): boolean {
  const measured = measuredIn(slis)
  return members.some((member) => Object.hasOwn(measured, member))
}

function shareOf(slo: Slo, { good, bad, slow, overCeiling, attempts, quantileMs }: WindowCounts): Share {
  const answered = good + bad
  if (slo.kind === 'availability') {
    // Below 0 only where more failed than was counted in all, which is a finding of its own.
    const within = Math.max(0, good)
    return { objective: slo.objective, within, withinCeiling: within, attempts, answered }
  }
  // What is over the ceiling is over the target too; where both limits are the same, only one is counted.
  const beyond = slo.ceilingMs > slo.targetMs ? overCeiling : Math.max(slow, overCeiling)
  const withinCeiling = Math.max(0, good - beyond)
  const within = Math.max(0, good - Math.max(slow, overCeiling))
  const measured =
    quantileMs === undefined ? {} : { quantile: `${quantileName(slo.quantile)} ${quantileMs.toFixed(0)} ms, ` }
  return { objective: slo.quantile, within, withinCeiling, attempts, answered, ...measured }
}

function stateOf(share: Share): SloResult['state'] {
  const { objective, within, withinCeiling, attempts, answered } = share
  if (answered === 0) return 'no-evidence'
  if (lowerBound(within, attempts) >= objective) return 'proven'
  if (lowerBound(withinCeiling, attempts) >= objective) return 'proven-with-warning'
  return withinCeiling / attempts < objective ? 'missed' : 'unproven'
}

/** Missed by what was answered alone, without arrivals that never ran. */
const missedForReal = ({ withinCeiling, answered, objective }: Share): boolean =>
  answered > 0 && withinCeiling / answered < objective

/** An objective of 100 % has no budget; each bad attempt then counts as one whole. */
function budgetUsed({ objective, within, attempts }: Share): number {
  const bad = attempts - within
  const budget = (1 - objective) * attempts
  return budget < 1e-9 ? bad : bad / budget
}

/** Attempts that the plan still had when the load was cut short: by the plan, or at the pace so far where it has no arrivals. */
function remainingAttempts(
  seen: Seen,
  due: ReadonlyMap<string, Due>,
  members: readonly string[],
  share: Share,
): number {
  if (seen.run.load === 'completed') return 0
  const planned = members.flatMap((member) => due.get(member) ?? [])
  if (planned.length > 0) return planned.reduce((sum, each) => sum + each.remaining, 0)
  const elapsedMs = elapsed(seen)
  const leftMs = Math.max(0, seen.run.head.timeline.totalMs - elapsedMs)
  return elapsedMs === 0 ? 0 : Math.round((share.answered / elapsedMs) * leftMs)
}

function findingsOf(
  seen: Seen,
  slo: Slo,
  share: Share,
  state: SloResult['state'],
  remaining: number,
  rows: readonly Row[],
  members: readonly string[],
): readonly Finding[] {
  const { sli } = slo
  const lines = [...worst(rows), seen.load.frames.lastLine]
  const named = `${sli} ${wanted(slo)}`
  switch (state) {
    case 'proven':
      return []
    case 'proven-with-warning': {
      const sentence = `${named}: ${achieved(share)} within the target, which is not proven; the ceiling is proven.`
      return [finding('warning', 'slo-warning', sli, sentence, lines)]
    }
    case 'no-evidence': {
      const who = seen.prometheus.of(sli) ? 'Prometheus' : 'the load generator'
      const sentence = `${named}: ${who} reported no attempt.`
      return [finding('gap', 'no-evidence', sli, sentence, [seen.run.headLine, ...seen.run.loadLines])]
    }
    case 'unproven':
      return [finding('gap', 'slo-unproven', sli, `${named}: ${achieved(share)}${lacking(seen, sli, share)}.`, lines)]
    case 'missed':
      return [missed(seen, slo, named, share, remaining, lines, members)]
  }
}

function missed(
  seen: Seen,
  { sli }: Slo,
  named: string,
  share: Share,
  remaining: number,
  lines: readonly (number | undefined)[],
  members: readonly string[],
): Finding {
  const { withinCeiling, answered, attempts, objective } = share
  if (!missedForReal(share)) {
    const sentence = `${named}: ${attempts - answered} of ${attempts} arrivals were due and never ran; without them it would be met.`
    return finding('gap', 'generator-starved', sli, sentence, lines)
  }
  const bestCase = (withinCeiling + remaining) / (answered + remaining)
  const text = `${named}: ${achieved(share)}${reasonsOf(seen, members)}`
  if (bestCase < objective) return finding('breach', 'slo-missed', sli, `${text}.`, lines)
  return finding(
    'gap',
    'slo-unproven',
    sli,
    `${text} when the load was cut short; the rest of the load could have met it.`,
    lines,
  )
}

const quantileName = (quantile: number): string => `p${Number((quantile * 100).toFixed(3))}`

const wanted = (slo: Slo): string =>
  slo.kind === 'availability'
    ? `≥ ${showMeasuredPercent(slo.objective)} good`
    : `${quantileName(slo.quantile)} ≤ ${slo.targetMs} ms (ceiling ${slo.ceilingMs} ms)`

/** Proven by what was seen alone, it lacks only what was not. */
const lacking = (seen: Seen, sli: string, share: Share): string =>
  lowerBound(share.withinCeiling, share.attempts) >= share.objective
    ? unseenWords(unseenAttempts(seen, sli))
    : `, ${proofLacks(share)}`

const achieved = ({ within, attempts, quantile = '' }: Share): string =>
  attempts === 0 ? 'no attempt' : `${quantile}${showMeasuredPercent(within / attempts)} (${within} of ${attempts})`

function proofLacks({ within, attempts, objective }: Share): string {
  const bad = attempts - within
  const needed = attemptsNeeded(objective, bad)
  const bound = `only ${showMeasuredPercent(lowerBound(within, attempts))} is proven at ${CONFIDENCE * 100} %`
  return needed === undefined ? bound : `${bound}: with ${bad} bad the proof takes ${needed} attempts`
}

/** The most frequent reasons of bad attempts, as the scenario named them. */
function reasonsOf(seen: Seen, members: readonly string[]): string {
  const sums = new Map<string, number>()
  for (const member of members) {
    for (const [reason, n] of seen.load.badBy.get(member) ?? []) sums.set(reason, (sums.get(reason) ?? 0) + n)
  }
  const top = [...sums].filter(([, n]) => n > 0).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1))
  return top.length === 0
    ? ''
    : `, bad by ${listed(
        top.map(([reason, n]) => `${reason} ${count(n, 'time')}`),
        3,
      )}`
}

/** Lines of the frames that spent most of the budget. */
const worst = (rows: readonly Row[]): readonly number[] =>
  rows
    .filter((row) => row.bad + row.slow + row.dropped > 0)
    .sort((a, b) => b.bad + b.slow + b.dropped - (a.bad + a.slow + a.dropped) || a.line - b.line)
    .slice(0, 8)
    .map((row) => row.line)
