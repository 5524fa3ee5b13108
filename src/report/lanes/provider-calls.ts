/** Calls a second by provider and outcome, from the platform's own counters: a chart for each counter of the target file. */
import type { Sample } from '../../domain/evidence.ts'
import type { ProviderCalls } from '../../domain/rehearsal.ts'
import { type Chart, type ChartLine, line, type Point, peak } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { pushRound, rateOfLatest } from './gauges.ts'

type Calls = {
  readonly provider: string
  readonly outcome: string
  readonly points: Point[]
  readonly rate: ReturnType<typeof rateOfLatest>
}

export const providerCallsLane: LaneOf = ({ target }) => {
  const counters = target.providerCalls.map((spec) => ({ spec, calls: new Map<string, Calls>() }))
  const sample = (record: Sample, at: number): void => {
    if (!record.ok) return
    for (const { name, labels, value } of record.series) {
      const counter = counters.find(({ spec }) => spec.counter === name)
      if (counter === undefined) continue
      const { spec, calls } = counter
      const [provider, outcome] = [labels[spec.labels.provider] ?? '?', labels[spec.labels.outcome] ?? '?']
      const key = `${provider} ${outcome}`
      const known = calls.get(key) ?? { provider, outcome, points: [], rate: rateOfLatest() }
      calls.set(key, known)
      const rate = known.rate.add(record.pod, at, value)
      if (rate !== undefined) pushRound(known.points, at, rate)
    }
  }
  return { take: { sample }, charts: () => counters.flatMap(({ spec, calls }) => chartOf(spec, calls)) }
}

const IN_VAIN: readonly ChartLine['colour'][] = [4, 6]
const OTHER = 3

function colourOf({ outcomes }: ProviderCalls, outcome: string, isFirst: boolean): ChartLine['colour'] {
  if (outcome === outcomes.done) return isFirst ? 1 : 2
  if (outcome === outcomes.keptAway) return 5
  const position = outcomes.inVain.indexOf(outcome)
  return position < 0 ? OTHER : (IN_VAIN[position] ?? 6)
}

function chartOf(spec: ProviderCalls, calls: ReadonlyMap<string, Calls>): readonly Chart[] {
  if (calls.size === 0) return []
  const [first] = [...calls.values()].map(({ provider }) => provider).sort()
  const lines = [...calls]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([, { points }]) => peak(points) > 0)
    .map(([key, { provider, outcome, points }]) => {
      const isThin = outcome !== spec.outcomes.done
      return line(key, points, colourOf(spec, outcome, provider === first), 'line', isThin)
    })
  const peaks = lines.map((each) => `${each.name} up to ${peak(each.points).toFixed(0)}/s`)
  return [
    {
      id: `calls-${spec.counter}`,
      title: 'Calls to providers by outcome',
      unit: 'calls/s',
      caption: `By ${spec.counter}: ${peaks.join(', ')}.`,
      lines,
      limits: [],
    },
  ]
}
