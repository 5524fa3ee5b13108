/** Disruption budgets that were not there when they were needed, or that never let a pod go. */
import { evictsPods } from '../../domain/action.ts'
import type { Finding } from '../../domain/verdict.ts'
import { compare, finding } from '../findings/findings.ts'
import { count, listed } from '../findings/words.ts'
import { type Harm, harmsOf, isPod } from '../harm/harm.ts'
import { covers } from '../seen/budget-lives.ts'
import { type PodLife, servingOver } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { stepAt, stepsWithin } from '../seen/steps.ts'
import { byApp, platformPods } from './platform-pods.ts'

/** Endpoints and probes follow the last eviction by as long. */
const FELT_MS = 5000

const drains = (seen: Seen): readonly Harm[] =>
  harmsOf(seen).filter(({ by }) => by.kind === 'action' && evictsPods(by.spec.act))

const budgetsOver = (seen: Seen, life: PodLife): readonly string[] =>
  [...seen.objects.budgets.all].flatMap(([name, budget]) => (covers(name, budget, life) ? [name] : []))

/** A drain took so many pods of an app at once that fewer than half were left, and no budget was there to say no. */
export function budgetMissing(seen: Seen): readonly Finding[] {
  return drains(seen).flatMap((harm) => {
    const evicted = seen.actions.of(harm.name)?.evicted ?? []
    const lives = platformPods(seen).filter((life) => evicted.some((each) => isPod(each.pod, life)))
    return byApp(lives).flatMap(([app, taken]) => {
      if (taken.some((life) => budgetsOver(seen, life).length > 0)) return []
      const steps = servingOver(platformPods(seen).filter((life) => life.app === app))
      const before = stepAt(steps, harm.createdAt)?.value ?? 0
      const during = stepsWithin(steps, harm.createdAt, harm.endAt + FELT_MS)
      const least = Math.min(before, ...during.map((each) => each.value))
      if (before < 2 || least >= before / 2) return []
      const sentence = `${harm.name} evicted ${count(taken.length, 'pod')} of ${app}, which no disruption budget covers: ${least} of ${before} were Ready at worst.`
      const lines = [
        ...during.filter((each) => each.value === least).map((each) => each.line),
        ...harm.lines.slice(0, 8),
      ]
      return [finding('breach', 'budget-missing', app, sentence, lines)]
    })
  })
}

/** Evictions refused to the end, by a budget that allows none even while every pod is healthy. */
export function budgetBlocks(seen: Seen): readonly Finding[] {
  return drains(seen).flatMap((harm) => {
    const life = seen.actions.of(harm.name)
    // Where the rehearsal says how long the drain may take, that rule tells of it.
    if (
      !life ||
      life.done ||
      (harm.by.kind === 'action' && harm.by.spec.expect.some((each) => each.kind === 'completes'))
    )
      return []
    const left = [...life.refused.values()].filter((each) => !life.evicted.some((other) => other.pod === each.pod))
    const stuck = left.flatMap((each) => {
      const pod = seen.objects.lives.all.find((other) => isPod(each.pod, other))
      return pod ? budgetsOver(seen, pod).filter((name) => isStuck(seen, name, harm)) : []
    })
    if (stuck.length === 0) return []
    const times = left.reduce((sum, each) => sum + each.times, 0)
    const budgets = [...new Set(stuck)].sort(compare)
    const sentence = `${harm.name} could not evict ${listed(left.map((each) => each.pod))}: refused ${count(times, 'time')}, because ${listed(budgets)} allows no disruption even while every pod is healthy.`
    return [
      finding(
        'breach',
        'budget-blocks',
        listed(budgets),
        sentence,
        left.map((each) => each.line),
      ),
    ]
  })
}

const isStuck = (seen: Seen, budget: string, { createdAt, endAt }: Harm): boolean =>
  (seen.objects.budget(budget)?.stuck ?? []).some(({ at }) => at <= endAt && at >= createdAt - STUCK_BEFORE_MS)

/** A budget that does not change is not seen again: how it stood in the minute before the drain counts. */
const STUCK_BEFORE_MS = 60_000
