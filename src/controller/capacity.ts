/** The search for capacity as a strategy on a warm target: one load after the other, each from rest, measured until it is proven or long enough. */
import { createCapacitySeen, type MeasuredLoad } from '../capacity/seen.ts'
import type { AskedLoad, CapacitySession, NextLoad, SearchEnd } from '../domain/capacity.ts'
import type { Evidence } from '../domain/evidence.ts'
import { planCapacityBlock } from '../plan/capacity.ts'
import type { Performance } from './perform.ts'
import type { Warm } from './session.ts'

export type Searching = {
  /** For `performSession`: every record of the journal. */
  add(record: Evidence): void
  strategy(warm: Warm): Promise<void>
}

export type SearchEvents = {
  asked?(asked: AskedLoad): void
  measured?(point: MeasuredLoad): void
  ended?(end: SearchEnd): void
}

/** `prepare`: what is done to the platform before the first load. */
export function createSearching(
  performance: Performance,
  session: CapacitySession,
  events: SearchEvents,
  prepare: (warm: Warm) => Promise<void> = async () => undefined,
): Searching {
  const seen = createCapacitySeen()
  return {
    add: seen.add,
    strategy: async (warm) => {
      await prepare(warm)
      for (let step = 1; ; step += 1) {
        const next = seen.next()
        if (next === undefined) throw new Error('the search began before its journal')
        if (next.kind !== 'measure') return events.ended?.(next)
        const asked = askedOf(next, step)
        events.asked?.(asked)
        await warm.untilAtRest(session.restMs)
        await measure(warm, performance, session, next, asked, () => seen.point(step))
        const point = seen.point(step)
        if (point) events.measured?.(point)
      }
    },
  }
}

const askedOf = ({ load, purpose, overload }: NextLoad, step: number): AskedLoad => ({
  step,
  load,
  purpose,
  ...(overload === undefined ? {} : { overload }),
})

/** Measures longer while nothing is proven and the time that is left could prove it. */
async function measure(
  warm: Warm,
  performance: Performance,
  session: CapacitySession,
  { measureMs }: NextLoad,
  asked: AskedLoad,
  point: () => MeasuredLoad | undefined,
): Promise<void> {
  const { extensions } = session.search
  for (let part = 1; part <= extensions; part += 1) {
    await warm.measure([planCapacityBlock(performance, session, performance.timeline, asked, measureMs, part)])
    const now = point()
    if (now === undefined || now.outcome !== 'unproven' || !couldProve(now, part, extensions - part)) return
  }
}

/** Whether `left` more measurements like those `done` have as many answers as are missing. */
function couldProve({ proof, objectives }: MeasuredLoad, done: number, left: number): boolean {
  const answers = Math.min(...objectives.map((each) => each.answers))
  return proof.missing !== undefined && proof.missing <= (answers / done) * left
}
