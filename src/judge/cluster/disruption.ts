/** Disruption budgets: were enough pods healthy all the time? */
import type { BudgetResult } from '../../domain/verdict.ts'
import type { Ruled, Seen } from '../seen.ts'
import { finding } from '../verdict/findings.ts'

export function judgeBudgets(seen: Seen): Ruled<readonly BudgetResult[]> {
  const ruled = seen.run.head.rehearsal.expectations.flatMap((each) =>
    each.kind === 'disruption' ? [judgeBudget(seen, each.budget)] : [],
  )
  return { result: ruled.map((each) => each.result), findings: ruled.flatMap((each) => each.findings) }
}

function judgeBudget(seen: Seen, budget: string): Ruled<BudgetResult> {
  const life = seen.objects.budget(budget)
  if (!life?.tightest) {
    const why = life ? 'was never met, not even before the load' : 'was never seen'
    const lines = life?.lines ?? [seen.run.headLine]
    const gap = finding('gap', 'no-evidence', budget, `Disruption budget ${budget} ${why}.`, lines)
    return { result: { budget, held: false, refusedEvictions: 0 }, findings: [gap] }
  }
  const { violation, tightest } = life
  const result = {
    budget,
    held: violation === undefined,
    lowestHealthy: tightest.healthy,
    wantedHealthy: tightest.wanted,
    refusedEvictions: 0,
  }
  if (!violation) return { result, findings: [] }
  const sentence = `Disruption budget ${budget}: ${violation.healthy} pods were healthy where ${violation.wanted} are wanted (at worst ${tightest.healthy}).`
  return { result, findings: [finding('breach', 'budget-violated', budget, sentence, [violation.line, ...life.lines])] }
}
