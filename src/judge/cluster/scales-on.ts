/** When the metric that an autoscaler scales on called for more pods, as a source of the target showed it. */
import { rateWindowMs } from '../../domain/required-state.ts'
import { betweenScrapes, cumulative, cut, rateOf } from '../seen/counters.ts'
import type { Seen } from '../seen/seen.ts'
import { scalesOnId } from '../seen/wanted-counters.ts'
import type { Autoscaler, TargetCrossing } from './hpa-metric.ts'

export type ScalingSeen =
  | { readonly is: 'not-declared' }
  /** Too many scrapes failed, or there was none: the crossing may have come unseen, and the reaction would look faster than it was. */
  | { readonly is: 'unread' }
  | { readonly is: 'read'; readonly crossing: TargetCrossing | undefined }

/** More failed scrapes than one for ten good ones. */
const UNREAD_MOST = 0.1

type Span = { readonly fromAt: number; readonly toAt: number }
type Shown = { readonly at: number; readonly line: number; readonly value: number }

export function scalingSeen(seen: Seen, expected: Autoscaler, { fromAt, toAt }: Span): ScalingSeen {
  const { scalesOn } = expected
  if (scalesOn === undefined) return { is: 'not-declared' }
  const { readings, read, unread } =
    scalesOn.kind === 'gauge' ? gaugeIn(seen, expected, { fromAt, toAt }) : rateIn(seen, expected, { fromAt, toAt })
  if (readings.length === 0 || unread > read * UNREAD_MOST) return { is: 'unread' }
  const first = readings.find(({ value }) => value > scalesOn.above)
  return { is: 'read', crossing: first && { at: Math.max(fromAt, first.at), line: first.line } }
}

type Readings = { readonly readings: readonly Shown[]; readonly read: number; readonly unread: number }

function gaugeIn(seen: Seen, { name, phase }: Autoscaler, { fromAt, toAt }: Span): Readings {
  const id = scalesOnId(name, phase)
  const readings = seen.gauges.levels(id).filter(({ at, until }) => until >= fromAt && at <= toAt)
  return { readings, ...seen.gauges.scrapes(id) }
}

function rateIn(seen: Seen, { name, phase, scalesOn }: Autoscaler, { fromAt, toAt }: Span): Readings {
  const overMs = rateWindowMs(seen.run.head.target, scalesOn?.of ?? '')
  const { increments, failures } = cut(
    betweenScrapes(seen.counters.track(scalesOnId(name, phase))),
    fromAt - overMs,
    toAt,
  )
  const counted = cumulative({ increments, failures })
  const readings = increments
    .filter(({ toAt: at }) => at > fromAt && at <= toAt)
    .map(({ toAt: at, line }) => ({ at, line, value: rateOf(counted, at - overMs, at) }))
    .sort((a, b) => a.at - b.at)
  return { readings, read: increments.length, unread: failures.length }
}
