/**
 * The facts of a run of a few records, and a harm in it, for rules that are asked directly: a limit is then tested to the millisecond within a
 * millisecond. Times are in ms since the load's zero.
 */
import type { ActiveAlert } from '../../src/domain/alert.ts'
import type { ActionStepData, Evidence, LoadFrame, SliCounts } from '../../src/domain/evidence.ts'
import type { ActionSpec, Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { type Instant, instant } from '../../src/domain/units.ts'
import type { Finding } from '../../src/domain/verdict.ts'
import { actionHarm, type Harm } from '../../src/judge/harm/harm.ts'
import { createGathering, type Seen } from '../../src/judge/seen/seen.ts'
import { FAULT, rehearsal, runStarted, timeline, ZERO } from './evidence-rehearsal.ts'
import { noted } from './reviewed.ts'

export const atMs = (ms: number): Instant => instant(ZERO + ms)

export type SmallRun = {
  readonly rehearsal?: Partial<Rehearsal>
  readonly target?: Partial<Target>
  readonly load?: Partial<Timeline['load']>
  /** When the load ended; undefined where that was not seen. */
  readonly until?: number | undefined
}

/** Lines: 1 is the head, 2 the start of the load, and so on in order of time. */
export function seenIn(records: readonly Evidence[], run: SmallRun = {}): Seen {
  const { seen, add } = createGathering()
  const head = runStarted()
  const until = 'until' in run ? run.until : 160_000
  const all: readonly Evidence[] = [
    {
      ...head,
      rehearsal: { ...head.rehearsal, ...run.rehearsal },
      target: { ...head.target, ...run.target },
      timeline: { ...timeline, load: { ...timeline.load, ...run.load } },
    },
    { kind: 'load-started', at: atMs(-50), zeroAt: atMs(0), instance: 'k6', pid: 1 },
    ...[...records, ...(until === undefined ? [] : [endedAt(until)])].sort((a, b) => a.at - b.at),
  ]
  for (const [index, record] of all.entries()) add(record, index + 1)
  return seen
}

const endedAt = (ms: number): Evidence => ({
  kind: 'load-ended',
  at: atMs(ms),
  instance: 'k6',
  outcome: 'completed',
  exitCode: 0,
  problems: [],
})

/** What was found, as `breach double-charge`. */
export const causesIn = (findings: readonly Finding[]): string[] =>
  noted(findings).map(({ weight, cause }) => `${weight} ${cause}`)

/** The steps of the stock fault: created at 65 s, injected at 65.5 s, asked back at 90 s, and healed a second later. */
export function faulted({ pods = ['casino/payments-api-1'], endMs = 90_000 } = {}): readonly Evidence[] {
  const step = (ms: number, data: Extract<Evidence, { kind: 'fault-step' }>['step']): Evidence => ({
    kind: 'fault-step',
    at: atMs(ms),
    fault: FAULT,
    step: data,
  })
  return [
    step(65_000, { is: 'created', namespace: 'casino', name: 'psp-down', uid: 'u' }),
    step(65_500, { is: 'injected', pods }),
    step(endMs, { is: 'heal-requested' }),
    step(endMs + 1000, { is: 'healed' }),
  ]
}

const [fault] = rehearsal.faults
if (fault === undefined) throw new Error('the stock rehearsal has a fault')

/** The fault of the stock rehearsal: created at 65 s, injected at 65.5 s, until 90 s, healed at 91 s. */
export const harmOf = (changes: Partial<Harm> = {}): Harm => ({
  name: FAULT,
  by: { kind: 'fault', spec: fault },
  createdAt: atMs(65_000),
  injectedAt: atMs(65_500),
  endAt: atMs(90_000),
  healedAt: atMs(91_000),
  lines: [],
  pods: new Set(),
  ...changes,
})

/** An action that was taken in a run, as its steps show it. */
export function actionIn(
  spec: ActionSpec,
  steps: readonly (readonly [ms: number, ActionStepData])[],
  run: SmallRun = {},
  more: readonly Evidence[] = [],
) {
  const records = steps.map(([ms, step]): Evidence => ({ kind: 'action-step', at: atMs(ms), action: spec.name, step }))
  const seen = seenIn([...more, ...records], { ...run, rehearsal: { ...run.rehearsal, faults: [], actions: [spec] } })
  const harm = actionHarm(seen, spec)
  if (harm === undefined) throw new Error('the action was not begun')
  return { seen, harm }
}

type Answer = {
  readonly result: { readonly held: boolean; readonly sentence?: string }
  readonly findings: readonly Finding[]
}

/** `held`, or what was found: `breach alert-late`. */
export const verdictOn = ({ result, findings }: Answer): string =>
  findings.map(({ weight, cause }) => `${weight} ${cause}`).join(', ') || (result.held ? 'held' : 'not held')

/** Of each part its kind and its verdict: `archives held`, `archives breach archive-late`. */
export const partsOn = (
  parts: readonly (Answer & { readonly result: { readonly kind: string } })[],
): readonly string[] => noted(parts).map((part) => `${part.result.kind} ${verdictOn(part)}`)

/** The verdict and the sentence. */
export const wordsOn = (answer: Answer): string =>
  `${verdictOn(answer)}: ${answer.result.sentence ?? answer.findings[0]?.sentence ?? ''}`

/** A counter of one pod; a value of undefined is a scrape that failed. */
export const counted = (
  source: string,
  name: string,
  labels: Readonly<Record<string, string>>,
  values: readonly (readonly [ms: number, value: number | undefined])[],
  pod = `${source}-1`,
): Evidence[] =>
  values.map(([ms, value]): Evidence => {
    const head = { kind: 'sample', at: atMs(ms), source, pod } as const
    return value === undefined
      ? { ...head, ok: false, problem: 'answered 503' }
      : { ...head, ok: true, series: [{ name, labels, value }] }
  })

/** Once a second from `from` to `to`, at what `rate` says was counted per second before each. */
export function atRate(from: number, to: number, rate: (ms: number) => number): (readonly [number, number])[] {
  let value = 1000
  return Array.from({ length: (to - from) / 1000 + 1 }, (_, index) => {
    const ms = from + index * 1000
    if (index > 0) value += rate(ms)
    return [ms, value] as const
  })
}

export const none: SliCounts = { good: 0, bad: 0, badBy: {}, slow: 0, overCeiling: 0, histogram: [] }

/** A frame of the load generator; counts are those since its start. */
export const frame = (ms: number, changes: Partial<LoadFrame>): LoadFrame => ({
  kind: 'load-frame',
  at: atMs(ms),
  instance: 'k6',
  slis: {},
  profiles: {},
  operations: {},
  unknownKeys: [],
  vus: 1,
  ...changes,
})

/** Frames of one indicator, by what each added. */
export function framesOf(
  sli: string,
  rows: readonly (readonly [ms: number, added: Partial<SliCounts>])[],
): LoadFrame[] {
  let total = none
  return rows.map(([ms, { good = 0, bad = 0, badBy = {}, slow = 0, overCeiling = 0, histogram = [] }]) => {
    const reasons = { ...total.badBy }
    for (const [reason, count] of Object.entries(badBy)) reasons[reason] = (reasons[reason] ?? 0) + count
    total = {
      good: total.good + good,
      bad: total.bad + bad,
      badBy: reasons,
      slow: total.slow + slow,
      overCeiling: total.overCeiling + overCeiling,
      histogram,
    }
    return frame(ms, { slis: { [sli]: total } })
  })
}

/** One look at the alerts; a text says why it failed. */
export const alertsAt = (ms: number, shown: readonly ActiveAlert[] | string, rule = 'Down'): Evidence => {
  const head = { kind: 'alerts-read', at: atMs(ms) } as const
  if (typeof shown === 'string') return { ...head, ok: false, problem: shown }
  return { ...head, ok: true, active: shown, rules: [{ alert: rule, health: 'ok', evaluatedAt: atMs(ms - 500) }] }
}

/** A list by its rows. The formatter puts each row of a literal list of lists on lines of its own, so that a table would not fit on a page. */
export const listOf = <const T extends readonly unknown[]>(...rows: T): T => rows
