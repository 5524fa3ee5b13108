/** Requests in flight at each frame of a measured block: what was due by its plan, less what ended or never began. */
import { arrivalsBy } from '../domain/arrivals.ts'
import type { BlockStarted } from '../domain/blocks.ts'
import type { LoadFrame } from '../domain/evidence.ts'
import type { FlightRow } from './backlog.ts'

export type Flights = {
  add(frame: LoadFrame): void
  rows(): readonly FlightRow[]
}

/** Above this share of bad answers, whose latency is unknown, Little's law cannot be applied. */
const BAD_MAX = 0.01

export function createFlights({ zeroAt, settleMs, measuredMs, load }: BlockStarted): Flights {
  const [fromAt, toAt] = [zeroAt + settleMs, zeroAt + settleMs + measuredMs]
  const rows: FlightRow[] = []
  let latencySumMs = 0
  return {
    add(frame) {
      // The histogram is new in each frame, also in those before the measured time.
      latencySumMs += latenciesOf(frame, load.profiles)
      if (frame.at <= fromAt || frame.at > toAt) return
      const { answers, bad } = answersOf(frame, load.profiles)
      const unanswered = load.profiles.map(({ name, stages }) => {
        const { iterations, dropped } = frame.profiles[name] ?? { iterations: 0, dropped: 0 }
        return arrivalsBy(stages, frame.at - zeroAt) - iterations - dropped
      })
      const inFlight = Math.max(
        0,
        unanswered.reduce((sum, each) => sum + each, 0),
      )
      const known = bad <= BAD_MAX * answers
      rows.push({ atMs: frame.at - zeroAt, inFlight, answers, ...(known && { latencySumMs }) })
    },
    rows: () => rows,
  }
}

type Profiles = BlockStarted['load']['profiles']

function answersOf({ slis }: LoadFrame, profiles: Profiles): { readonly answers: number; readonly bad: number } {
  let [answers, bad] = [0, 0]
  for (const { name } of profiles) {
    const counts = slis[name]
    answers += (counts?.good ?? 0) + (counts?.bad ?? 0)
    bad += counts?.bad ?? 0
  }
  return { answers, bad }
}

const latenciesOf = ({ slis }: LoadFrame, profiles: Profiles): number =>
  profiles.reduce(
    (sum, { name }) => sum + (slis[name]?.histogram ?? []).reduce((part, [bound, count]) => part + bound * count, 0),
    0,
  )
