/** Disruption budgets: were enough pods healthy all the time? */
import type { BudgetResult } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, expectationsOf, type Ruled } from '../findings/ruled.ts'
import { isPod } from '../harm/harm.ts'
import { type BudgetLife, covers } from '../seen/budget-lives.ts'
import type { Seen } from '../seen/seen.ts'

export function judgeBudgets(seen: Seen): Ruled<readonly BudgetResult[]> {
  return allRuled(expectationsOf(seen, 'disruption').map((each) => judgeBudget(seen, each.budget)))
}

function judgeBudget(seen: Seen, budget: string): Ruled<BudgetResult> {
  const life = seen.objects.budget(budget)
  const refusedEvictions = refusedBy(seen, budget, life)
  if (!life?.tightest) {
    const why = life ? 'was never met, not even before the load' : 'was never seen'
    const lines = life?.lines ?? [seen.run.headLine]
    const gap = finding('gap', 'no-evidence', budget, `Disruption budget ${budget} ${why}.`, lines)
    return { result: { budget, held: false, refusedEvictions }, findings: [gap] }
  }
  const { violation, tightest } = life
  const result = {
    budget,
    held: violation === undefined,
    lowestHealthy: tightest.healthy,
    wantedHealthy: tightest.wanted,
    refusedEvictions,
  }
  if (!violation) return { result, findings: [] }
  const sentence = `Disruption budget ${budget}: ${violation.healthy} pods were healthy where ${violation.wanted} are wanted (at worst ${tightest.healthy}).`
  return { result, findings: [finding('breach', 'budget-violated', budget, sentence, [violation.line, ...life.lines])] }
}

/** Evictions that were refused for pods which this budget covers: by its selector or, where that is not known, by its name. */
function refusedBy(seen: Seen, budget: string, life: BudgetLife | undefined): number {
  const refused = seen.run.head.rehearsal.actions.flatMap(({ name }) => [
    ...(seen.actions.of(name)?.refused.values() ?? []),
  ])
  return refused
    .filter((each) => {
      const pod = seen.objects.lives.all.find((other) => isPod(each.pod, other))
      return pod === undefined ? each.problem.includes(budget) : life !== undefined && covers(budget, life, pod)
    })
    .reduce((sum, each) => sum + each.times, 0)
}
