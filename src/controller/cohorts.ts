/** Visitors of two cohorts, each with its own headers. Each sends a request once a second, and the response says which release answered. */
import { SETTLE, type StepDecision } from '../domain/canary.ts'
import type { ActionStepData, Evidence } from '../domain/evidence.ts'
import type { Target } from '../domain/rehearsal.ts'
import { after, type Instant, seconds } from '../domain/units.ts'
import {
  type Cohort,
  type CohortRound,
  type Cohorts,
  cohortNames,
  type Headers,
  type VisitRequest,
} from '../domain/visit.ts'
import type { Clock, Visits } from './ports.ts'

export type Visitors = {
  /** One request of each visitor. */
  round(): Promise<Readonly<Record<Cohort, CohortRound>>>
}

const VISIT_EVERY = seconds(1)

type Visitor = { readonly cohort: Cohort; readonly request: VisitRequest; last?: Cohort }
type Got = Cohort | 'unnamed' | 'failed'

export function createVisitors(visits: Visits, target: Target, cohorts: Cohorts): Visitors {
  const visitors = cohortNames.flatMap((cohort) =>
    Array.from({ length: cohorts.visitors }, (_, index): Visitor => ({ cohort, request: requestOf(cohorts, index) })),
  )
  const visit = async (visitor: Visitor): Promise<{ readonly got: Got; readonly isMoved: boolean }> => {
    const headers: Headers = visitor.cohort === 'canary' ? cohorts.headers : {}
    const got = answeredBy(await visits.visit(target, visitor.request, headers), visitor.request, cohorts)
    if (got === 'unnamed' || got === 'failed') return { got, isMoved: false }
    const isMoved = visitor.last !== undefined && visitor.last !== got
    visitor.last = got
    return { got, isMoved }
  }
  return {
    async round() {
      const all = await Promise.all(visitors.map(async (visitor) => ({ visitor, ...(await visit(visitor)) })))
      const of = (cohort: Cohort): CohortRound => {
        const own = all.filter(({ visitor }) => visitor.cohort === cohort)
        const count = (wanted: Got) => own.filter(({ got }) => got === wanted).length
        return {
          canary: count('canary'),
          stable: count('stable'),
          unnamed: count('unnamed'),
          failed: count('failed'),
          moved: own.filter(({ isMoved }) => isMoved).length,
        }
      }
      return { canary: of('canary'), stable: of('stable') }
    },
  }
}

const requestOf = ({ requests }: Cohorts, index: number): VisitRequest =>
  requests[index % requests.length] ?? requests[0]

function answeredBy(
  answer: Awaited<ReturnType<Visits['visit']>>,
  { status }: VisitRequest,
  { answeredBy: { header, stable, canary } }: Cohorts,
): Got {
  if (answer.is === 'none') return 'failed'
  const named = answer.headers[header.toLowerCase()]
  if (named === canary) return 'canary'
  if (named === stable) return 'stable'
  return answer.status === status ? 'unnamed' : 'failed'
}

/** Visits from `fromAt` until `untilAt`. Decides to roll back as soon as the release of the other cohort answers a visit. */
export async function visitUntil(
  clock: Clock,
  untilAt: Instant,
  fromAt: Instant,
  visitors: Visitors,
  record: (data: ActionStepData) => void,
  signal: AbortSignal,
): Promise<StepDecision | undefined> {
  await clock.until(fromAt, signal)
  while (clock.now() < untilAt) {
    const seen = await visitors.round()
    record({ is: 'cohorts-visited', ...seen })
    const wrong = seen.canary.stable + seen.stable.canary
    if (wrong > 0)
      return {
        outcome: 'roll-back',
        reason: 'cohorts-mixed',
        note: `${wrong} visits were answered by the release of the other cohort`,
      }
    await clock.until(after(clock.now(), VISIT_EVERY), signal)
  }
  return undefined
}

/** Visits until `isOver`, without deciding anything. */
export async function visitOn(
  clock: Clock,
  visitors: Visitors,
  record: (data: ActionStepData) => void,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const seen = await visitors.round()
    if (!isOver()) record({ is: 'cohorts-visited', ...seen })
    await clock.until(after(clock.now(), VISIT_EVERY))
  }
}

/** When the visits of a release end: a few seconds after it is rolled back, or when the load or the run ends. */
export function createVisitEnds() {
  const healed = new Map<string, Instant>()
  let isEnded = false
  return {
    add(record: Evidence): void {
      if (record.kind === 'load-ended' || record.kind === 'stop-requested') isEnded = true
      if (record.kind === 'action-step' && (record.step.is === 'healed' || record.step.is === 'heal-failed'))
        healed.set(record.action, record.at)
    },
    isOver: (action: string, now: Instant): boolean => isEnded || now >= (healed.get(action) ?? Infinity) + SETTLE,
  }
}
