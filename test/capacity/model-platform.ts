/**
 * A platform as a queue with slots, simulated request by request with a seed: arrivals of an open model, a fixed number of slots, a service time. Its
 * limit differs from run to run by a lognormal factor. `metastable`: clients that waited too long send the request again, so that after an overload the
 * repeats alone keep the queue full.
 */
import { backlogOf, type FlightRow } from '../../src/capacity/backlog.ts'
import { proofOf } from '../../src/capacity/proof.ts'
import type { LoadOutcome, NextLoad } from '../../src/domain/capacity.ts'
import { createRandom } from '../../src/domain/random.ts'
import { ratio } from '../../src/domain/units.ts'

export type Model = {
  readonly slots: number
  readonly serviceMs: number
  /** Requests per second at load 1. */
  readonly perSecond: number
  /** Relative standard deviation of the limit between runs. */
  readonly spread: number
  readonly metastable?: boolean
  /** Requests per second beyond which the generator cannot go. */
  readonly generatorMax?: number
}

const TARGET_MS = 250
const TIMEOUT_MS = 2000
const OBJECTIVE = ratio(0.95)

/** Load at which all slots are busy all the time. */
export const limitOf = ({ slots, serviceMs, perSecond }: Model): number => (slots * 1000) / serviceMs / perSecond

export function modelPlatform(model: Model, seed: number) {
  const { fraction } = createRandom(seed, 'model platform')
  const normal = () => Math.sqrt(-2 * Math.log(1 - fraction())) * Math.cos(2 * Math.PI * fraction())
  const once = (stages: readonly { readonly load: number; readonly ms: number }[], measuredMs: number): LoadOutcome => {
    const factor = Math.exp(model.spread * normal())
    const rates = stages.map(({ load, ms }) => ({ rate: load * model.perSecond, ms }))
    if (rates.some(({ rate }) => rate > (model.generatorMax ?? Number.POSITIVE_INFINITY)))
      return proofOf({ objectives: [], backlog: {}, neverRan: 0, due: 0, starved: 'the machine was full' }).outcome
    return judged(answersOf(model, factor, rates, fraction), measuredMs, rates)
  }
  return {
    once,
    /** A recovery has the overload before it, and time to recover that is not measured. */
    measure: ({ load, overload, measureMs }: NextLoad, recoverMs: number): LoadOutcome =>
      overload === undefined
        ? once([{ load, ms: measureMs }], measureMs)
        : once(
            [
              { load: overload, ms: measureMs },
              { load, ms: recoverMs + measureMs },
            ],
            measureMs,
          ),
  }
}

type Rate = { readonly rate: number; readonly ms: number }
type Answer = { readonly dueMs: number; readonly doneMs: number }

function answersOf(model: Model, factor: number, rates: readonly Rate[], fraction: () => number): readonly Answer[] {
  const free = Array.from({ length: model.slots }, () => 0)
  const answers: Answer[] = []
  let from = 0
  for (const { rate, ms } of rates) {
    for (let n = 0; n < (rate * ms) / 1000; n += 1) {
      const dueMs = from + (n * 1000) / rate
      answers.push({ dueMs, doneMs: served(model, factor, free, dueMs, fraction) })
    }
    from += ms
  }
  return answers
}

/**
 * The earliest free slot takes it. A request whose client has given up is dropped without work, unless the platform is metastable: then it is worked
 * on all the same, and again for the client's next try, so that the queue feeds itself.
 */
function served(model: Model, factor: number, free: number[], dueMs: number, fraction: () => number): number {
  const slot = free.indexOf(Math.min(...free))
  const startMs = Math.max(dueMs, free[slot] ?? 0)
  const service = (model.serviceMs * (0.9 + 0.2 * fraction())) / factor
  const tooLate = startMs + service - dueMs > TIMEOUT_MS
  if (tooLate && !model.metastable) return dueMs + TIMEOUT_MS
  free[slot] = startMs + service * (tooLate ? 2 : 1)
  return Math.min(startMs + service, dueMs + TIMEOUT_MS)
}

function judged(answers: readonly Answer[], measuredMs: number, rates: readonly Rate[]): LoadOutcome {
  const toMs = rates.reduce((sum, { ms }) => sum + ms, 0)
  const fromMs = toMs - measuredMs
  const done = answers.filter(({ doneMs }) => doneMs >= fromMs && doneMs < toMs)
  const within = done.filter(({ dueMs, doneMs }) => doneMs - dueMs <= TARGET_MS).length
  const objectives = [{ name: 'p95', objective: OBJECTIVE, answers: done.length, within }]
  const backlog = backlogOf(flightRows(answers, fromMs, toMs))
  return proofOf({ objectives, backlog, neverRan: 0, due: answers.length }).outcome
}

/** One row a second, as frames come. */
function flightRows(answers: readonly Answer[], fromMs: number, toMs: number): readonly FlightRow[] {
  const seconds = Math.round((toMs - fromMs) / 1000)
  const rows = Array.from({ length: seconds + 1 }, () => ({ due: 0, done: 0, latencySumMs: 0 }))
  const row = (atMs: number) => rows[Math.max(0, Math.ceil((atMs - fromMs) / 1000))]
  for (const { dueMs, doneMs } of answers) {
    const [began, ended] = [row(dueMs), row(doneMs)]
    if (began) began.due += 1
    if (ended) {
      ended.done += 1
      ended.latencySumMs += doneMs - dueMs
    }
  }
  const sum = { due: 0, done: 0, latencySumMs: 0 }
  return rows.map((each, index) => {
    sum.due += each.due
    sum.done += each.done
    sum.latencySumMs += each.latencySumMs
    return { atMs: index * 1000, inFlight: sum.due - sum.done, answers: sum.done, latencySumMs: sum.latencySumMs }
  })
}
