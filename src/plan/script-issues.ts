/** Whether the script can give the load and the indicators that the rehearsal asks for. */

import { isUnion, measuredIn, prometheusIn } from '../domain/indicators.ts'
import type { Issue, SourcePoint } from '../domain/issue.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import type { PlanCode } from './codes.ts'

export function scriptIssues(rehearsal: Rehearsal, facts: ScriptFacts | undefined): readonly Issue[] {
  if (facts === undefined) return []
  return facts.usesLibrary ? libraryIssues(rehearsal, facts) : plainIssues(rehearsal)
}

const issue = (at: SourcePoint, code: PlanCode, problem: string, next: string): Issue => ({ at, code, problem, next })

function libraryIssues({ load, slis }: Rehearsal, { functions }: ScriptFacts): readonly Issue[] {
  const isEmpty = load.own === true && load.sockets === undefined
  const empty = isEmpty
    ? [
        issue(
          load.at,
          'load-empty',
          `${load.script} takes its load from the rehearsal (loadOptions), which has no arrivals.`,
          `add arrivals to load, one for each of its functions${functions.length === 0 ? '' : ` (${functions.join(', ')})`}.`,
        ),
      ]
    : []
  const twice = Object.entries(measuredIn(slis))
    .filter(([name]) => Object.hasOwn(load.arrivals, name))
    .map(([name, { at }]) =>
      issue(
        at,
        'indicator-twice',
        `"${name}" is also measured by the script (measure).`,
        'give one of them another name.',
      ),
    )
  return [...empty, ...twice]
}

/** A plain script measures nothing by itself: every indicator must be declared. */
function plainIssues({ load, slis, slos, guardrails }: Rehearsal): readonly Issue[] {
  const sockets =
    load.sockets === undefined
      ? []
      : [
          issue(
            load.at,
            'load-unknown',
            `${load.script} does not hold the sockets of load.sockets.`,
            'remove sockets, or hold them with keepSockets of scenarios/lib/sockets.ts.',
          ),
        ]
  const measured = { ...measuredIn(slis), ...prometheusIn(slis) }
  const undeclared = [...slos, ...guardrails].filter(({ sli }) => !Object.hasOwn(measured, sli) && !isUnion(slis, sli))
  return [
    ...sockets,
    ...undeclared.map(({ at, sli }) =>
      issue(
        at,
        'indicator-missing',
        `Nothing measures "${sli}": ${load.script} does not use lib/measure, and slis has no "${sli}".`,
        `declare it: slis: {${sli}: {http: {}}} counts every request of the script.`,
      ),
    ),
  ]
}
