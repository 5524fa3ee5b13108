/** What pods say of themselves, held against what they do. */
import type { Finding } from '../../domain/verdict.ts'
import { compare, finding } from '../findings/findings.ts'
import { duration, listed } from '../findings/words.ts'
import { harmsOf } from '../harm/harm.ts'
import type { Stretch } from '../seen/answered.ts'
import { type PodLife, servesAt } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { platformPods } from './platform-pods.ts'

/** A scrape before the pod fails and one after. A pod that is still Ready then has a probe that does not mean it. */
const SCRAPES_MS = 3000
const REQUESTS_LEAST = 10
const MOSTLY = 0.5
/** After a fault the platform may need a while; then Ready has to mean it again. */
const RECOVERING_MS = 10_000

/** Pods that call themselves Ready while most requests to them fail or are given up, and that cannot be the fault's doing alone. */
export function readyButFailing(seen: Seen): readonly Finding[] {
  const failing = platformPods(seen).flatMap((life) => {
    const span = worstSpan(life, seen.answered.of(life.name), seen.run.head.target.unreadyWithinMs + SCRAPES_MS)
    return span && !isExcused(seen, life, span) ? [{ life, span }] : []
  })
  return [...Map.groupBy(failing, ({ life }) => life.app)]
    .sort(([a], [b]) => compare(a, b))
    .map(([app, all]) => {
      const told = all.map(
        ({ life, span }) => `${life.name} (${span.failed} of ${span.all} in ${duration(span.toAt - span.fromAt)})`,
      )
      const sentence = `Pods of ${app} stayed Ready while most of their requests failed or were given up: ${listed(told, 3)}.`
      return finding(
        'breach',
        'ready-but-failing',
        app,
        sentence,
        all.flatMap(({ life }) => [life.serving[0]?.line, life.bornLine]),
      )
    })
}

/** The longest run of stretches in which a serving pod mostly failed, for as long as its probes may take to notice. */
function worstSpan(life: PodLife, stretches: readonly Stretch[], noticedMs: number): Stretch | undefined {
  let worst: Stretch | undefined
  let current: Stretch | undefined
  for (const each of stretches) {
    const bad = each.failed > each.all * MOSTLY && servesAt(life, each.fromAt) && servesAt(life, each.toAt)
    current = bad ? joined(current, each) : undefined
    if (current && lengthOf(current) > lengthOf(worst)) worst = current
  }
  return worst && lengthOf(worst) >= noticedMs && worst.all >= REQUESTS_LEAST ? worst : undefined
}

const lengthOf = (span: Stretch | undefined): number => (span ? span.toAt - span.fromAt : 0)

const joined = (before: Stretch | undefined, { fromAt, toAt, all, failed }: Stretch): Stretch =>
  before
    ? { fromAt: before.fromAt, toAt, all: before.all + all, failed: before.failed + failed }
    : { fromAt, toAt, all, failed }

/** During a fault all pods of an app may fail for what they call; one that fails among others that do not should say so. */
function isExcused(seen: Seen, life: PodLife, span: Stretch): boolean {
  const inFault = harmsOf(seen).some(
    ({ createdAt, endAt, healedAt }) => span.fromAt < (healedAt ?? endAt) + RECOVERING_MS && span.toAt > createdAt,
  )
  if (!inFault) return false
  const others = platformPods(seen).filter((other) => other.app === life.app && other.name !== life.name)
  return !others.some((other) => {
    const inside = seen.answered.of(other.name).filter((each) => each.fromAt < span.toAt && each.toAt > span.fromAt)
    const [all, failed] = [
      inside.reduce((sum, each) => sum + each.all, 0),
      inside.reduce((sum, each) => sum + each.failed, 0),
    ]
    return all >= REQUESTS_LEAST && failed < all * 0.1
  })
}
