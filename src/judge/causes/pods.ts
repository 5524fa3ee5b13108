/** How pods end, and what they say of themselves. */
import type { Finding } from '../../domain/verdict.ts'
import { readyAt } from '../cluster/node-lives.ts'
import { type PodLife, servesAt } from '../cluster/pod-lives.ts'
import type { Stretch } from '../counters/answered.ts'
import { harmsOf, isVoluntary } from '../harm/harm.ts'
import type { Seen } from '../seen.ts'
import { compare, finding } from '../verdict/findings.ts'
import { count, duration, listed } from '../verdict/words.ts'

const platformPods = (seen: Seen): readonly PodLife[] =>
  seen.objects.lives.all.filter((life) => life.app !== '' && life.namespace === seen.run.head.target.namespace)

const byApp = (lives: readonly PodLife[]) =>
  [...Map.groupBy(lives, (life) => life.app)].sort(([a], [b]) => compare(a, b))

/** Deletions with less grace than this are meant to kill. */
const GRACE_LEAST_MS = 2000
/** The watch and the kubelet do not see the same moment. */
const ROUNDING_MS = 500

/** Pods that took all of their grace and were killed: they did not hear, or did not heed, the signal to end. */
export function slowTermination(seen: Seen): readonly Finding[] {
  const killed = platformPods(seen).filter(({ deletingAt, goneAt, graceMs = 0, node }) => {
    if (deletingAt === undefined || goneAt === undefined || graceMs < GRACE_LEAST_MS) return false
    const home = seen.objects.nodes.all.find((each) => each.name === node)
    // Nobody ends pods on a node that is down.
    return (
      goneAt - deletingAt >= graceMs - ROUNDING_MS &&
      (home === undefined || (readyAt(home, deletingAt) && readyAt(home, goneAt)))
    )
  })
  return byApp(killed).map(([app, lives]) => {
    const longest = Math.max(...lives.map((life) => (life.goneAt ?? 0) - (life.deletingAt ?? 0)))
    const grace = Math.max(...lives.map((life) => life.graceMs ?? 0))
    const sentence = `${count(lives.length, 'pod')} of ${app} took all of the grace of ${duration(grace)} to end (up to ${duration(longest)}) and had to be killed.`
    return finding(
      'breach',
      'slow-termination',
      app,
      sentence,
      lives.flatMap((life) => [life.deletingLine, life.goneLine]),
    )
  })
}

/** Between the order to end and the last router that has heard of it there are a watch, a table and a look-up: not less than this. */
const HEARD_MS = 500
/** Whoever answered so shortly before is called by somebody. */
const CALLED_MS = 10_000
/** A drain is done when the last pod is evicted, which then still has to end. */
const ENDING_MS = 5000

/**
 * Pods that answered requests until a disruption on purpose ended them, and were gone before their routers could know: whether somebody
 * was refused is luck, and callers that try again elsewhere hide it.
 */
export function drainMissing(seen: Seen): readonly Finding[] {
  const voluntary = harmsOf(seen).filter(isVoluntary)
  const hasty = platformPods(seen).filter((life) => {
    const { deletingAt, endedAt, graceMs = 0, name } = life
    if (deletingAt === undefined || endedAt === undefined || graceMs < GRACE_LEAST_MS) return false
    const wasCalled = seen.answered
      .of(name)
      .some((each) => each.all > 0 && each.fromAt < deletingAt && each.toAt > deletingAt - CALLED_MS)
    const onPurpose = voluntary.some((harm) => deletingAt > harm.createdAt && deletingAt < harm.endAt + ENDING_MS)
    return onPurpose && wasCalled && endedAt - deletingAt < HEARD_MS
  })
  return byApp(hasty).map(([app, lives]) => {
    const longest = Math.max(...lives.map((life) => (life.endedAt ?? 0) - (life.deletingAt ?? 0)))
    const sentence = `${count(lives.length, 'pod')} of ${app} ended within ${duration(longest)} of being asked to, although requests still came: routers need longer to forget a pod.`
    return finding(
      'breach',
      'drain-missing',
      app,
      sentence,
      lives.flatMap((life) => [life.deletingLine, life.goneLine]),
    )
  })
}

/**
 * Three failed probes, 5 s apart and 2 s patient, as the reference manifests have them: up to 17 s, and a scrape before and after. A pod
 * that is still Ready after that has a probe that does not mean it.
 */
const NOTICED_MS = 20_000
const REQUESTS_LEAST = 10
const MOSTLY = 0.5
/** After a fault the platform may need a while; then Ready has to mean it again. */
const RECOVERING_MS = 10_000

/** Pods that call themselves Ready while most requests to them fail or are given up, and that cannot be the fault's doing alone. */
export function readyButFailing(seen: Seen): readonly Finding[] {
  const failing = platformPods(seen).flatMap((life) => {
    const span = worstSpan(life, seen.answered.of(life.name))
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

/** The longest run of stretches in which a serving pod mostly failed. */
function worstSpan(life: PodLife, stretches: readonly Stretch[]): Stretch | undefined {
  let worst: Stretch | undefined
  let current: Stretch | undefined
  for (const each of stretches) {
    const bad = each.failed > each.all * MOSTLY && servesAt(life, each.fromAt) && servesAt(life, each.toAt)
    current = bad ? joined(current, each) : undefined
    if (current && lengthOf(current) > lengthOf(worst)) worst = current
  }
  return worst && lengthOf(worst) >= NOTICED_MS && worst.all >= REQUESTS_LEAST ? worst : undefined
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
