/** Where the limit lies by what was measured: loads with their outcomes counted, contradictions, and the two loads that enclose the limit. */
import type { LoadPoint, Purpose } from '../domain/capacity.ts'

export type Tally = {
  readonly load: number
  readonly held: number
  readonly broke: number
  readonly unproven: number
  readonly state: 'held' | 'broke'
}

/** A contradiction is measured again, each of its two loads up to this many times in all. */
const MEASURED_MAX = 3

/** Loads that enclose the limit. Repeats and holds lie so near to it that they contradict each other by chance; only the estimate counts them. */
const ENCLOSING: readonly Purpose[] = ['bracket', 'bisect', 'again']

/** Loads in ascending order. A load counts as held when it held more often than not; one that stays unproven does not count as held. */
export function talliesOf(points: readonly LoadPoint[]): readonly Tally[] {
  const asked = points.filter(({ purpose, outcome }) => ENCLOSING.includes(purpose) && outcome !== 'generator-limit')
  const byLoad = Map.groupBy(asked, ({ load }) => load)
  return [...byLoad].map(([load, at]) => tallyOf(load, at)).sort((a, b) => a.load - b.load)
}

function tallyOf(load: number, at: readonly LoadPoint[]): Tally {
  const of = (outcome: LoadPoint['outcome']) => at.filter((point) => point.outcome === outcome).length
  const [held, broke, unproven] = [of('held'), of('broke'), of('unproven')]
  return { load, held, broke, unproven, state: held > broke + unproven ? 'held' : 'broke' }
}

/** The load that must be measured again because a higher one held or a lower one broke; undefined when nothing contradicts. */
export function doubtful(tallies: readonly Tally[]): number | undefined {
  const times = ({ held, broke, unproven }: Tally) => held + broke + unproven
  for (const low of tallies) {
    if (low.state === 'held') continue
    const above = tallies.filter(({ load, state }) => load > low.load && state === 'held')
    const again = [low, ...above].filter((each) => times(each) < MEASURED_MAX).sort((a, b) => times(a) - times(b))
    if (above.length > 0 && again[0] !== undefined) return again[0].load
  }
  return undefined
}

export type Edge = { readonly held?: number; readonly broke?: number }

/** `broke` is the lowest load that did not hold, `held` the highest one below it. */
export function edgeOf(tallies: readonly Tally[]): Edge {
  const broke = tallies.find(({ state }) => state === 'broke')?.load
  const held = tallies.findLast(({ load, state }) => state === 'held' && (broke === undefined || load < broke))?.load
  return { ...(held === undefined ? {} : { held }), ...(broke === undefined ? {} : { broke }) }
}
