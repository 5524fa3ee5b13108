/**
 * States that the run had to reach. A state that was not reached accuses nobody: the rehearsal was too easy. Where readings are missing it may have been
 * reached unseen, which is another gap. Neither can pass.
 */
import { type RequiredState, rateWindowMs, stateGoal, stateName } from '../../domain/required-state.ts'
import { instant, millis } from '../../domain/units.ts'
import type { ReachedResult } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, type Ruled } from '../findings/ruled.ts'
import { duration } from '../findings/words.ts'
import { betweenScrapes, cumulative, cut, rateOf } from '../seen/counters.ts'
import type { Seen } from '../seen/seen.ts'
import { requiredId } from '../seen/wanted-counters.ts'

/** One moment at which the state could be seen. It is reached where nothing is missing. */
type Reading = { readonly at: number; readonly line: number; readonly missing: number; readonly shown: string }
type Shown = { readonly readings: readonly Reading[]; readonly read: number; readonly unread: number }
type Window = { readonly fromAt: number; readonly toAt: number; readonly isWhole: boolean }

/** A state may have been reached while nobody could read it: with more failed scrapes than one for ten good ones, that is not known. */
const UNREAD_MOST = 0.1
/** The load ends a little before its plan. */
const EARLY_MS = 2000

export const judgeRequired = (seen: Seen): Ruled<readonly ReachedResult[]> =>
  allRuled((seen.run.head.rehearsal.reaches ?? []).map((state) => judgeState(seen, state)))

function judgeState(seen: Seen, state: RequiredState): Ruled<ReachedResult> {
  const window = windowOf(seen, state)
  if (window === undefined) return unknown(seen, state, 'the run ended before its time came')
  const { readings, read, unread } = shownIn(seen, state, window)
  const reached = readings.find(({ missing }) => missing <= 0)
  if (reached !== undefined) return held(seen, state, { ...reached, at: Math.max(reached.at, window.fromAt) })
  const [nearest] = [...readings].sort((a, b) => a.missing - b.missing || a.at - b.at)
  if (nearest === undefined) return unknown(seen, state, 'there is no reading of it')
  if (unread > read * UNREAD_MOST) return unknown(seen, state, `${unread} of ${read + unread} readings failed`, nearest)
  if (!window.isWhole) return unknown(seen, state, 'the run ended before its time was over', nearest)
  return tooEasy(seen, state, nearest)
}

/** The phase, or the whole load, as far as it was seen. */
function windowOf({ run }: Seen, { phase }: RequiredState): Window | undefined {
  const { timeline } = run.head
  const span = phase === undefined ? undefined : timeline.phases.find(({ name }) => name === phase)
  if (run.zeroAt === undefined || (phase !== undefined && span === undefined)) return undefined
  const fromAt = run.zeroAt + (span?.fromMs ?? 0)
  const endAt = run.zeroAt + (span?.toMs ?? timeline.totalMs)
  const toAt = Math.min(endAt, run.seenUntil)
  return toAt <= fromAt ? undefined : { fromAt, toAt, isWhole: run.seenUntil >= endAt - EARLY_MS }
}

function shownIn(seen: Seen, state: RequiredState, window: Window): Shown {
  switch (state.kind) {
    case 'at-maximum':
      return autoscalerIn(seen, state.autoscaler, window)
    case 'gauge': {
      const readings = seen.gauges
        .levels(requiredId(state))
        .filter(({ at, until }) => until >= window.fromAt && at <= window.toAt)
        .map(({ at, value, line }) => ({ at, line, missing: state.atLeast - value, shown: numberText(value) }))
      return { readings, ...seen.gauges.scrapes(requiredId(state)) }
    }
    case 'rate':
      return rateIn(seen, state, window)
  }
}

/** What the autoscaler wants, and not what is Ready: slow pods do not make a load easier. */
function autoscalerIn(seen: Seen, name: string, { fromAt, toAt }: Window): Shown {
  const history = seen.objects.hpa(name).filter(({ at }) => at <= toAt)
  const before = history.findLast(({ at }) => at <= fromAt)
  const readings = [...(before ? [before] : []), ...history.filter(({ at }) => at > fromAt)].map(
    ({ at, desired, max, line }) => ({ at, line, missing: max - desired, shown: `${desired} of ${max} pods` }),
  )
  return { readings, read: readings.length, unread: 0 }
}

function rateIn(seen: Seen, state: Extract<RequiredState, { kind: 'rate' }>, { fromAt, toAt }: Window): Shown {
  const overMs = rateWindowMs(seen.run.head.target, state.of)
  const { increments, failures } = cut(betweenScrapes(seen.counters.track(requiredId(state))), fromAt, toAt)
  const counted = cumulative({ increments, failures })
  const readings = increments
    .filter(({ toAt: at }) => at - overMs >= fromAt && at <= toAt)
    .map(({ toAt: at, line }) => ({ at, line, value: rateOf(counted, at - overMs, at) }))
    .map(({ value, ...at }) => ({ ...at, missing: state.atLeast - value, shown: `${numberText(value)}/s` }))
  return { readings, read: increments.length, unread: failures.length }
}

const numberText = (value: number): string => String(Number(value.toFixed(2)))
const resultOf = (state: RequiredState, held: boolean) => ({ state: stateName(state), goal: stateGoal(state), held })
const afterZero = ({ run }: Seen, at: number): number => Math.max(0, at - (run.zeroAt ?? at))

function held(seen: Seen, state: RequiredState, { at, shown }: Reading): Ruled<ReachedResult> {
  const when = { at: instant(at), afterMs: millis(afterZero(seen, at)) }
  return { result: { ...resultOf(state, true), ...when, shown }, findings: [] }
}

function tooEasy(seen: Seen, state: RequiredState, { at, line, shown }: Reading): Ruled<ReachedResult> {
  const name = stateName(state)
  const when = `${duration(afterZero(seen, at))} after the load started`
  const sentence = `The rehearsal was too easy: ${name} never reached ${stateGoal(state)}. The nearest was ${shown}, ${when}.`
  const lines = [line, ...seen.run.loadLines]
  return {
    result: { ...resultOf(state, false), shown },
    findings: [finding('gap', 'state-not-reached', name, sentence, lines)],
  }
}

function unknown(seen: Seen, state: RequiredState, why: string, nearest?: Reading): Ruled<ReachedResult> {
  const name = stateName(state)
  const sentence = `It is not known whether ${name} reached ${stateGoal(state)}: ${why}.`
  const lines = [nearest?.line, seen.run.headLine, ...seen.run.loadLines]
  const shown = nearest === undefined ? {} : { shown: nearest.shown }
  return {
    result: { ...resultOf(state, false), ...shown },
    findings: [finding('gap', 'no-evidence', name, sentence, lines)],
  }
}
