/** Calls a second by PSP and outcome, from the platform's own counters. */
import type { Sample } from '../../domain/evidence.ts'
import { type Chart, type ChartLine, line, type Point, peak } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { pushRound, rateOfLatest } from './gauges.ts'

/** `wire/metrics.ts` defines it for the platform; the report imports only domain, journal and judge. */
const CHARGES = 'payments_charges_total'

type Calls = {
  readonly psp: string
  readonly outcome: string
  readonly points: Point[]
  readonly rate: ReturnType<typeof rateOfLatest>
}

export const pspCallsLane: LaneOf = () => {
  const calls = new Map<string, Calls>()
  const sample = (record: Sample, at: number): void => {
    if (!record.ok) return
    for (const { name, labels, value } of record.series) {
      if (name !== CHARGES) continue
      const [psp, outcome] = [labels.psp ?? '?', labels.outcome ?? '?']
      const key = `${psp} ${outcome}`
      const known = calls.get(key) ?? { psp, outcome, points: [], rate: rateOfLatest() }
      calls.set(key, known)
      const rate = known.rate.add(record.pod, at, value)
      if (rate !== undefined) pushRound(known.points, at, rate)
    }
  }
  return { take: { sample }, charts: () => chartOf(calls) }
}

const outcomeColours: Readonly<Record<string, ChartLine['colour']>> = {
  approved: 1,
  unknown: 4,
  error: 6,
  open: 5,
  refused: 3,
}

function chartOf(calls: ReadonlyMap<string, Calls>): readonly Chart[] {
  if (calls.size === 0) return []
  const psps = [...new Set([...calls.values()].map((each) => each.psp))].sort()
  const lines = [...calls]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .filter(([, { points }]) => peak(points) > 0)
    .map(([key, { psp, outcome, points }]) => {
      const approved = outcome === 'approved'
      const colour = approved ? (psps.indexOf(psp) === 0 ? 1 : 2) : (outcomeColours[outcome] ?? 6)
      return line(key, points, colour, 'line', !approved)
    })
  return [
    {
      id: 'psp-calls',
      title: 'PSP calls by outcome',
      unit: 'calls/s',
      caption: `As payments-api counted them: ${lines.map((each) => `${each.name} up to ${peak(each.points).toFixed(0)}/s`).join(', ')}.`,
      lines,
      limits: [],
    },
  ]
}
