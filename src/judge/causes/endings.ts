/** How pods end when they are asked to: too slowly for their grace, or too soon for their routers. */

import type { Cause } from '../../domain/causes.ts'
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, duration } from '../findings/words.ts'
import { harmsOf, isVoluntary } from '../harm/harm.ts'
import { readyAt } from '../seen/node-lives.ts'
import type { PodLife } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { byApp, platformPods } from './platform-pods.ts'

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
  return ended('slow-termination', killed, (pods, lives) => {
    const grace = duration(Math.max(...lives.map((life) => life.graceMs ?? 0)))
    const longest = longestOf(lives, ({ goneAt }) => goneAt)
    return `${pods} took all of the grace of ${grace} to end (up to ${longest}) and had to be killed.`
  })
}

/**
 * From the request to terminate until the last router knows about it, there is a watch event, a table update and a lookup. It takes at least this
 * long.
 */
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
  return ended('drain-missing', hasty, (pods, lives) => {
    const longest = longestOf(lives, ({ endedAt }) => endedAt)
    return `${pods} ended within ${longest} of being asked to, although requests still came: routers need longer to forget a pod.`
  })
}

/** One finding for each app whose pods ended so. */
const ended = (
  cause: Cause,
  all: readonly PodLife[],
  sentence: (pods: string, lives: readonly PodLife[]) => string,
): readonly Finding[] =>
  byApp(all).map(([app, lives]) => {
    const lines = lives.flatMap((life) => [life.deletingLine, life.goneLine])
    return finding('breach', cause, app, sentence(`${count(lives.length, 'pod')} of ${app}`, lives), lines)
  })

const longestOf = (lives: readonly PodLife[], end: (life: PodLife) => number | undefined): string =>
  duration(Math.max(...lives.map((life) => (end(life) ?? 0) - (life.deletingAt ?? 0))))
