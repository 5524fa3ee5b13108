/** Load that several runners share: VUs in whole shares, and what a script must do without. */
import type { Issue } from '../domain/issue.ts'
import type { Target } from '../domain/rehearsal.ts'
import { type LoadRunners, wholeShares } from '../domain/runners.ts'
import type { K6Scenario, ScriptFacts } from '../domain/script.ts'
import type { LoadPlan } from '../domain/timeline.ts'
import type { PlanCode } from './codes.ts'

/** The target as the load sees it: runners in the cluster may enter elsewhere. */
export const enteredBy = (target: Target): Target => ({ ...target, entry: target.load?.entry ?? target.entry })

export function shared(plan: LoadPlan, load: LoadRunners | undefined): LoadPlan {
  if (load === undefined) return plan
  const { runners } = load
  const { outside } = plan
  if (outside === undefined) return { ...plan, runners }
  const scenarios = Object.entries(outside.scenarios).map(([name, each]) => [name, inShares(each, runners)] as const)
  return { ...plan, runners, outside: { ...outside, scenarios: Object.fromEntries(scenarios) } }
}

/** k6 splits an arrival rate in proportion to the VUs of each runner. With 3 VUs, two runners would get a third and two thirds of it. */
function inShares(scenario: K6Scenario, runners: number): K6Scenario {
  if (!scenario.executor.endsWith('arrival-rate')) return scenario
  const counts = ['preAllocatedVUs', 'maxVUs'].flatMap((field) => {
    const count = scenario[field]
    return typeof count === 'number' ? [[field, wholeShares(count, runners)] as const] : []
  })
  return { ...scenario, ...Object.fromEntries(counts) }
}

export function runnersIssues({ load }: Target, facts: ScriptFacts | undefined): readonly Issue[] {
  if (load === undefined || facts === undefined || facts.thresholds.length === 0) return []
  const code: PlanCode = 'runners-thresholds'
  const problem = `The script has thresholds (${facts.thresholds.map(({ metric }) => metric).join(', ')}): each runner would evaluate them over its own share.`
  return [
    {
      at: load.at,
      code,
      problem,
      next: 'write them as slos of the rehearsal, which count all runners, or remove load.',
    },
  ]
}
