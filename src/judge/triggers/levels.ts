/**
 * The combined value of all pods of a source after each scrape, while the run goes on. There is a value only if every pod was read recently and the
 * pods are the same as one round of scrapes before. Otherwise a pod that cannot be read, or is new, would look like a fall or a rise.
 */
import type { EvidenceOf } from '../../domain/evidence.ts'
import { scrapeMsOf, type Target } from '../../domain/rehearsal.ts'
import { rateWindowMs } from '../../domain/required-state.ts'
import type { SeriesTrigger } from '../../domain/trigger.ts'
import { type Instant, instant } from '../../domain/units.ts'
import { type CounterReading, matching, readingOf, type Wanted } from '../seen/counters.ts'

type Sample = EvidenceOf<'sample'>
export type SeriesLevel = { readonly at: Instant; readonly value: number }

export type Levels = {
  add(sample: Sample): SeriesLevel | undefined
  /** How long a reading counts as current. */
  readonly freshMs: number
}

/** Sources that a rehearsal asks for are scraped once a second. One scrape may be late. */
const FRESH_MS = 2500
const LATE = 2.5

type Increment = { readonly fromAt: number; readonly toAt: number; readonly count: number }
type Pod = { at: number; value: number | undefined; increments: readonly Increment[] }

export function createLevels(trigger: SeriesTrigger, target: Target): Levels {
  const wanted: Wanted = { id: '', metric: trigger.metric, labels: trigger.where }
  const overMs = rateWindowMs(target, trigger.of)
  const freshMs = Math.max(FRESH_MS, LATE * (scrapeMsOf(target, trigger.of) ?? 0))
  const pods = new Map<string, Pod>()
  /** Since when they are the same pods. */
  let sameSince: number | undefined
  const drop = (name: string, at: number) => {
    if (pods.delete(name)) sameSince = at
  }

  /** A missing gauge with labels has no value. A missing counter counts as 0. */
  const read = (sample: Sample): CounterReading | { readonly is: 'none' } =>
    trigger.kind === 'gauge' && sample.ok && matching(sample.series, wanted).length === 0
      ? { is: 'none' }
      : readingOf(sample, wanted)

  const note = (sample: Sample): void => {
    const { pod: name, at } = sample
    // The pods could not even be listed.
    if (name === '') {
      for (const each of pods.keys()) drop(each, at)
      return
    }
    const reading = read(sample)
    const known = pods.get(name)
    if (reading.is === 'none') return drop(name, at)
    if (reading.is === 'absent' && known === undefined) return
    const value = reading.is === 'read' ? reading.value : undefined
    if (known === undefined) {
      pods.set(name, { at, value, increments: [] })
      sameSince = at
      return
    }
    if (known.value !== undefined && value !== undefined) {
      // A counter that fell was reset.
      const count = value < known.value ? value : value - known.value
      known.increments = [...known.increments, { fromAt: known.at, toAt: at, count }].filter(
        (each) => each.toAt > at - overMs - freshMs,
      )
    }
    if (value === undefined) known.increments = []
    if (known.value === undefined && value !== undefined) sameSince = at
    known.at = at
    known.value = value
  }

  return {
    freshMs,
    add(sample) {
      note(sample)
      for (const [name, { at }] of pods) if (at < sample.at - freshMs) drop(name, sample.at)
      if (pods.size === 0 || sameSince === undefined || sample.at - sameSince < freshMs) return undefined
      const all = [...pods.values()]
      const values = all.flatMap(({ value }) => (value === undefined ? [] : [value]))
      if (values.length < all.length) return undefined
      if (trigger.kind === 'rate') return rateOf(all, overMs)
      const value = trigger.pods === 'max' ? Math.max(...values) : values.reduce((sum, each) => sum + each, 0)
      return { at: instant(sample.at), value }
    },
  }
}

/** Over the last stretch in which all pods were read. An increment that straddles its start counts in proportion. */
function rateOf(pods: readonly Pod[], overMs: number): SeriesLevel | undefined {
  const toAt = Math.min(...pods.map(({ at }) => at))
  const fromAt = toAt - overMs
  const isWhole = pods.every(({ increments: [first] }) => first !== undefined && first.fromAt <= fromAt)
  if (!isWhole) return undefined
  const counted = pods
    .flatMap(({ increments }) => increments)
    .reduce((sum, each) => sum + shareIn(each, fromAt, toAt), 0)
  return { at: instant(toAt), value: (counted / overMs) * 1000 }
}

function shareIn({ fromAt, toAt, count }: Increment, from: number, to: number): number {
  const within = Math.min(toAt, to) - Math.max(fromAt, from)
  return within <= 0 ? 0 : (count * within) / (toAt - fromAt)
}
