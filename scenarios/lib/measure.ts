/**
 * Measuring one service level indicator. A script's profile is `export const login = measure('login', (arrival) => …)`: the given
 * function makes one attempt and says how it ended; latency counts from the moment the arrival was due, an exception counts as
 * bad, and everything goes into the series of `src/wire/metrics.ts`.
 */
import exec from 'k6/execution'
import type { RefinedResponse, ResponseType } from 'k6/http'
import { runnableStages } from '../../src/domain/arrival-profile.ts'
import { activationMsMax, intendedStart } from './intended-start.ts'
import { isPlanned, plan, profileOf } from './plan.ts'
import { bad as badCounter, expectSeries, latency, slow } from './series.ts'
import { vusFor } from './sizing.ts'

/** The n-th arrival of a profile, 0 for the first; the same number never comes twice in a run, in any k6 instance. */
export type Arrival = { readonly n: number }

export type Outcome = { readonly good: true } | { readonly good: false; readonly reason: Reason }

/** `accepted`: the platform took what it should have refused. */
const REASONS = [
  'timeout',
  'network',
  'refused',
  'exception',
  'disconnected',
  'dropped',
  'accepted',
  'http-other',
] as const
const STATUSES = [400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 501, 502, 503, 504] as const
/** A closed list, so that every series is known beforehand. */
export type Reason = (typeof REASONS)[number] | `http-${(typeof STATUSES)[number]}`

export const good: Outcome = { good: true }
export const bad = (reason: Reason): Outcome => ({ good: false, reason })

type Answer = RefinedResponse<ResponseType>

/** k6's error code for a request that ran into its timeout. */
const REQUEST_TIMEOUT = 1050

export const isTimeout = (answer: Answer): boolean => answer.error_code === REQUEST_TIMEOUT

/** Good when the answer has one of the expected statuses. */
export const expectStatus = (answer: Answer, ...statuses: readonly number[]): Outcome =>
  statuses.includes(answer.status) ? good : bad(reasonOf(answer))

/** Good when the platform refuses; an answer that takes it is worse than none. */
export function expectRefusal(answer: Answer, ...statuses: readonly number[]): Outcome {
  if (answer.status >= 200 && answer.status < 300) return bad('accepted')
  return expectStatus(answer, ...statuses)
}

export function reasonOf(answer: Answer): Reason {
  if (answer.status === 0) return isTimeout(answer) ? 'timeout' : 'network'
  const status = STATUSES.find((known) => known === answer.status)
  return status === undefined ? 'http-other' : `http-${status}`
}

/**
 * Makes the function that k6 calls for each arrival of the profile `sli`. `shared` is what the script's `setup` returned. An attempt may be
 * asynchronous: k6 waits for its promise, and the outcome counts when it comes.
 */
export function measure<Shared>(
  sli: string,
  attempt: (arrival: Arrival, shared: Shared) => Outcome | Promise<Outcome>,
): (shared: Shared) => void | Promise<void> {
  const record = recorder(sli)
  const stages = plan.profiles.find(({ name }) => name === sli)?.stages
  const intended = stages && intendedStart(runnableStages(stages), activationMsMax(allVus()))
  // `exec.scenario` makes a new object at each access, which takes k6 ten times as long as asking the one at hand.
  let scenario: typeof exec.scenario | undefined
  let profileStart = 0
  return (shared) => {
    if (scenario === undefined) {
      scenario = exec.scenario
      profileStart = scenario.startTime
    }
    const n = scenario.iterationInTest
    const startedAt = Date.now()
    const intendedAt = intended?.(n, profileStart, startedAt) ?? startedAt
    let outcome: Outcome | Promise<Outcome>
    try {
      outcome = attempt({ n }, shared)
    } catch (error) {
      outcome = exception(sli, error)
    }
    if (outcome instanceof Promise)
      return outcome.catch((error) => exception(sli, error)).then((late) => record(late, intendedAt))
    record(outcome, intendedAt)
  }
}

const allVus = (): number => plan.profiles.reduce((sum, { stages }) => sum + vusFor(stages), 0)

/** Writes outcomes of one SLI: a latency in ms when good, a count by reason when not. */
export function recorder(sli: string): (outcome: Outcome, intendedAt: number, endedAt?: number) => void {
  const limits = plan.limits[sli]
  const tags = { sli }
  if (isPlanned(profileOf(sli))) expectSeries(() => rareSeries(sli))
  return (outcome, intendedAt, endedAt = Date.now()) => {
    if (!outcome.good) {
      badCounter.add(1, { sli, reason: outcome.reason })
      return
    }
    const tookMs = Math.max(0, endedAt - intendedAt)
    latency.add(tookMs, tags)
    if (limits === undefined || tookMs <= limits.targetMs) return
    slow.add(1, { sli, limit: 'target' })
    if (tookMs > limits.ceilingMs) slow.add(1, { sli, limit: 'ceiling' })
  }
}

/** Every reason and limit of an SLI, as the profile that feeds it will tag them. */
function rareSeries(sli: string) {
  const scenario = profileOf(sli)
  const reasons: readonly string[] = [...REASONS, ...STATUSES.map((status) => `http-${status}`)]
  return [
    ...reasons.map((reason) => [badCounter, { scenario, sli, reason }] as const),
    ...['target', 'ceiling'].map((limit) => [slow, { scenario, sli, limit }] as const),
  ]
}

const told = new Set<string>()

/** k6 ends with 0 when every iteration throws. Here an exception is a bad outcome, and each VU logs its text once. */
function exception(sli: string, error: unknown): Outcome {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  if (!told.has(text)) console.error(`${sli}: ${text}`)
  told.add(text)
  return bad('exception')
}
