/** Visitors of two cohorts, each with the headers of its own: once a second all of them are sent out, and the responses say which release answered. */
import type { Target } from '../domain/rehearsal.ts'
import {
  type Cohort,
  type CohortRound,
  type Cohorts,
  cohortNames,
  type Headers,
  type VisitRequest,
} from '../domain/visit.ts'
import type { Visits } from './ports.ts'

export type Visitors = {
  /** Sends all visitors out once. */
  round(): Promise<Readonly<Record<Cohort, CohortRound>>>
}

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
