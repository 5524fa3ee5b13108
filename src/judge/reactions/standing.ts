/** `survives`: enough pods stay Ready through a harm. `spreads`: they are in enough zones again after it. */

import type { Reaction } from '../../domain/rehearsal.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { count, duration } from '../findings/words.ts'
import type { Harm } from '../harm/harm.ts'
import { type PodLife, servesAt, servingOver } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { type Step, stepsWithin, trueSince } from '../seen/steps.ts'
import { podsOfApp } from '../seen/workload-pods.ts'
import { createReactionAnswer } from './answer.ts'

type Survives = Extract<Reaction, { kind: 'survives' }>
type Spreads = Extract<Reaction, { kind: 'spreads' }>

export function judgeSurvives(seen: Seen, harm: Harm, { app, ready, withinMs }: Survives): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'survives', app, withinMs)
  const fromAt = harm.injectedAt + withinMs
  const steps = servingOver(podsOf(seen, app))
  const inside = stepsWithin(steps, fromAt, harm.endAt)
  const lines = stepsWithin(steps, harm.createdAt, harm.endAt).map((each) => each.line)
  if (steps.length === 0) return answer.unknown(`No pod of ${app} was ever seen.`, [])
  if (harm.endAt <= fromAt) {
    return answer.unknown(`${harm.name} ended before ${app} had to stand again (${duration(withinMs)}).`, lines)
  }
  const least = Math.min(...inside.map((each) => each.value))
  const sentence = `${app} kept at least ${count(least, 'pod')} Ready from ${duration(withinMs)} after ${harm.name} on; ${ready} are wanted.`
  const since = trueSince(steps, harm.createdAt, harm.endAt, (value) => value >= ready)
  const tookMs = since && since.at - harm.injectedAt
  return least >= ready
    ? answer.held({ sentence, tookMs, lines })
    : answer.broken('too-few-survivors', { sentence, tookMs, lines })
}

export function judgeSpreads(seen: Seen, harm: Harm, { app, zones, withinMs }: Spreads): Ruled<ReactionResult> {
  const answer = createReactionAnswer(harm, 'spreads', app, withinMs)
  const { healedAt } = harm
  const { seenUntil } = seen.run
  if (healedAt === undefined)
    return answer.unknown(`${app}: the spread is not known, because ${harm.name} was not healed.`, [])
  const steps = zonesOver(seen, podsOf(seen, app))
  const lines = stepsWithin(steps, healedAt, seenUntil).map((each) => each.line)
  if (steps.length === 0) return answer.unknown(`No pod of ${app} was seen on a node whose zone is known.`, [])
  const since = stepsWithin(steps, healedAt, seenUntil).find((each) => each.value >= zones)
  if (since && since.at - healedAt <= withinMs) {
    const tookMs = Math.max(0, since.at - healedAt)
    const sentence = `The Ready pods of ${app} stood in ${count(since.value, 'zone')} again ${duration(tookMs)} after healing.`
    return answer.held({ sentence, tookMs, lines })
  }
  if (seenUntil - healedAt < withinMs) {
    return answer.unknown(`The run ended before ${app} had to stand in ${count(zones, 'zone')} again.`, lines)
  }
  const most = Math.max(...stepsWithin(steps, healedAt, healedAt + withinMs).map((each) => each.value), 0)
  // Pods that were not spread before the harm cannot be spread again: the harm is not the reason.
  const before = steps.findLast(({ at }) => at <= harm.createdAt)?.value
  const already = before !== undefined && before < zones ? `, as in ${count(before, 'zone')} before ${harm.name}` : ''
  const sentence = `The Ready pods of ${app} stood in ${count(most, 'zone')} within ${duration(withinMs)} after healing${already}; ${zones} are wanted.`
  return answer.broken('spread-not-restored', { sentence, tookMs: since && since.at - healedAt, lines })
}

const podsOf = (seen: Seen, app: string): readonly PodLife[] =>
  podsOfApp(seen.objects.lives.all, seen.run.head.target, app)

/** In how many zones pods of these serve, at each moment when one of them began or ceased to. */
function zonesOver(seen: Seen, lives: readonly PodLife[]): readonly Step[] {
  return servingOver(lives).map(({ at, line }) => {
    const serving = lives.filter((life) => servesAt(life, at))
    const zones = new Set(serving.map((life) => seen.objects.nodes.zoneOf(life.node)).filter(Boolean))
    return { at, line, value: zones.size }
  })
}
