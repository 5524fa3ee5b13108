/**
 * What a starved machine excuses. This is the only place that decides it; the table of causes says which ones it concerns. On a machine
 * with nothing left to give, late and failed calls may be the machine's doing, so such breaches become gaps. Lost money never does.
 */
import { causes } from '../../domain/causes.ts'
import type { Finding } from '../../domain/verdict.ts'
import { harmsOf } from '../harm/harm.ts'
import { covers } from '../seen/budget-lives.ts'
import type { Seen } from '../seen/seen.ts'

export function excuseStarved(seen: Seen, findings: readonly Finding[], contended: boolean): readonly Finding[] {
  if (!contended) return findings
  return findings.map((each) => (each.weight === 'breach' && isExcused(seen, each) ? excused(each) : each))
}

const excused = (each: Finding): Finding => ({
  ...each,
  weight: 'gap',
  sentence: `${each.sentence} (The machine was starved, which may be the reason.)`,
})

function isExcused(seen: Seen, { cause, subject }: Finding): boolean {
  switch (causes[cause].starved) {
    case 'excused':
      return true
    case 'stands':
      return false
    case 'unless-pods-taken':
      return !podsTaken(seen, subject)
  }
}

/** Whether pods of a budget were evicted, deleted or harmed before it was violated. Pods that only missed a probe were not. */
function podsTaken(seen: Seen, name: string): boolean {
  const budget = seen.objects.budget(name)
  if (!budget?.violation) return false
  const { at } = budget.violation
  const harmed = new Set(harmsOf(seen).flatMap((harm) => (harm.createdAt <= at ? [...harm.pods] : [])))
  return seen.objects.lives.all
    .filter((life) => covers(name, budget, life))
    .some((life) => harmed.has(life.name) || Math.min(life.deletingAt ?? at + 1, life.goneAt ?? at + 1) <= at)
}
