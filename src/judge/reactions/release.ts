/**
 * A release by rolling update, proven by the pods: every pod of the workload ran the new template within its time, and after the rollback every pod
 * ran what it ran before. Pods are told apart by the hash of their template, and images by their digests.
 */
import type { Act } from '../../domain/action.ts'
import type { ImageSeen } from '../../domain/cluster.ts'
import { changesTemplate } from '../../domain/configuration.ts'
import { contentOf, isSameImage, shortDigest } from '../../domain/image.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { duration, listed } from '../findings/words.ts'
import { actBy, type Harm } from '../harm/harm.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import { type PodLife, servesAt, templateOf } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { stepAt } from '../seen/steps.ts'
import { isPodOf } from '../seen/workload-pods.ts'
import { createReactionAnswer, type ReactionAnswer } from './answer.ts'

type Release = Extract<Act, { kind: 'release'; shape: 'rolling' }>
type Ran = ImageSeen & { readonly life: PodLife; readonly line: number }
type Facts = {
  readonly seen: Seen
  readonly harm: Harm
  readonly act: Release
  readonly life: ActionLife
  readonly pods: readonly PodLife[]
  /** Hashes of the templates that its pods had when it began. */
  readonly templates: ReadonlySet<string>
  /** Pods that served when it began. */
  readonly served: number
}

export function judgeRelease(seen: Seen, harm: Harm): readonly Ruled<ReactionResult>[] {
  const act = actBy(harm)
  const life = seen.actions.of(harm.name)
  if (act?.kind !== 'release' || act.shape !== 'rolling' || life === undefined) return []
  // Values that pods read while they run replace no pod.
  if (!changesTemplate(act)) return []
  const facts = factsOf(seen, harm, act, life)
  return [rolledOut(facts), rolledBack(facts)]
}

function factsOf(seen: Seen, harm: Harm, act: Release, life: ActionLife): Facts {
  const workload = { namespace: seen.run.head.target.namespace, ...act.workload }
  // A pod that failed and was left, such as an evicted one, runs nothing any more.
  const pods = seen.objects.lives.all.filter(
    (each) => isPodOf(workload, each) && !(each.failed && each.goneAt === undefined),
  )
  const before = pods.filter((each) => standsAt(each, harm.createdAt))
  const served = before.filter((each) => servesAt(each, harm.createdAt)).length
  return { seen, harm, act, life, pods, templates: new Set(before.map(templateOf)), served }
}

const standsAt = ({ bornAt, goneAt }: PodLife, at: number): boolean =>
  bornAt <= at && (goneAt === undefined || goneAt > at)

function rolledOut(facts: Facts): Ruled<ReactionResult> {
  const { seen, harm, act, life, templates } = facts
  const answer = createReactionAnswer(harm, 'rolls-out', 'release', act.withinMs)
  const healsAt = life.healRequested?.at ?? Number.POSITIVE_INFINITY
  const fresh = facts.pods.filter((each) => !templates.has(templateOf(each)) && each.bornAt < healsAt)
  const lines = linesOf(fresh)
  // Its time begins when its migration is complete. A migration that was not seen to complete has its own findings.
  const isMigrating = act.migration !== undefined && life.migration.done === undefined
  const fromAt = life.migration.done?.at ?? harm.createdAt
  const since = life.migration.done === undefined ? `${harm.name} began` : 'its migration was complete'
  const all = whenAll(facts, fromAt, healsAt, (each) => !templates.has(templateOf(each)))
  if (templates.size > 0 && all !== undefined) {
    const tookMs = all - fromAt
    const sentence = `Every pod of ${nameOf(act)} ran the release${whatRan(facts, fresh)} ${duration(tookMs)} after ${since}; ${duration(act.withinMs)} were allowed.`
    if (tookMs > act.withinMs && isMigrating)
      return answer.unknown(`The end of the migration of ${harm.name} was not seen. ${sentence}`, lines)
    if (tookMs > act.withinMs) return answer.broken('rollout-stuck', { sentence, tookMs, lines })
    return whyNoProof(facts, fresh, answer) ?? answer.held({ sentence, tookMs, lines })
  }
  if (isMigrating)
    return answer.unknown(`${harm.name} replaced no pods, because its migration was not seen to be complete.`, lines)
  const triedMs = Math.min(seen.run.seenUntil, healsAt) - fromAt
  if (life.done || (triedMs < act.withinMs && life.problem === undefined))
    return answer.unknown(`The pods of ${nameOf(act)} were not seen to run the release as a whole.`, lines)
  const why = life.problem === undefined ? '' : `: ${life.problem.text}`
  return answer.broken('rollout-stuck', {
    sentence: `${harm.name} did not reach every pod of ${nameOf(act)} within ${duration(act.withinMs)}${why}.`,
    lines: [...lines, life.problem?.line],
  })
}

/** A release whose pods run the previous images releases nothing. Without evidence of the images, this is unknown. */
function whyNoProof(
  facts: Facts,
  fresh: readonly PodLife[],
  answer: ReactionAnswer,
): Ruled<ReactionResult> | undefined {
  for (const [container, wanted] of Object.entries(facts.act.images)) {
    const [old, now] = [ranBefore(facts, container), fresh.flatMap((life) => ranLast(life, container))]
    // Not every container that a release names gets another image.
    const isKept = old.some(({ image }) => image === wanted)
    const same = isKept ? undefined : now.find((each) => old.some((one) => isSame(facts, one, each) === true))
    if (same !== undefined) {
      const sentence = `The release of ${nameOf(facts.act)} changed the name of the image of ${container} and not its content: ${digestText(same)} ran before as well.`
      return answer.unknown(sentence, [same.line, ...old.map(({ line }) => line)])
    }
    const [first] = now
    const mixed = now.find((each) => first !== undefined && isSame(facts, first, each) === false)
    if (first !== undefined && mixed !== undefined) {
      const sentence = `The pods of the release of ${nameOf(facts.act)} ran different images called ${first.image}: ${digestText(first)} and ${digestText(mixed)}.`
      return answer.broken('mixed-images', { sentence, lines: [first.line, mixed.line] })
    }
    if (now.length === 0 || now.some(({ id }) => id === undefined))
      return answer.unknown(`It is not known which image ${container} of ${nameOf(facts.act)} ran.`, linesOf(fresh))
  }
  return undefined
}

function rolledBack(facts: Facts): Ruled<ReactionResult> {
  const { seen, harm, act, life, pods, templates } = facts
  const answer = createReactionAnswer(harm, 'rolls-back', 'rollback', act.backWithinMs)
  const { healRequested, healed } = life
  if (healRequested === undefined) return answer.unknown(`${harm.name} was not seen to be rolled back.`, life.lines)
  const back = pods.filter((each) => each.bornAt > healRequested.at && templates.has(templateOf(each)))
  const lines = [healRequested.line, ...linesOf(back)]
  const other = otherImage(facts, back)
  if (other !== undefined) return answer.broken('rollback-missing', other)
  const all = whenAll(facts, healRequested.at, Number.POSITIVE_INFINITY, (each) => templates.has(templateOf(each)))
  if (templates.size > 0 && all !== undefined) {
    const tookMs = all - healRequested.at
    const sentence = `Every pod of ${nameOf(act)} ran what it ran before${whatRan(facts, back)} ${duration(tookMs)} after the rollback of ${harm.name} began; ${duration(act.backWithinMs)} were allowed.`
    return tookMs <= act.backWithinMs
      ? answer.held({ sentence, tookMs, lines })
      : answer.broken('rollback-late', { sentence, tookMs, lines })
  }
  if (healed !== undefined || seen.run.seenUntil - healRequested.at < act.backWithinMs)
    return answer.unknown(`The pods of ${nameOf(act)} were not seen to be rolled back as a whole.`, lines)
  const sentence = `${harm.name} was not rolled back on every pod of ${nameOf(act)} within ${duration(act.backWithinMs)}.`
  return answer.broken('rollback-late', { sentence, lines })
}

/** Pods that came back under the old template and run another image: the name stayed, and what it stands for was moved. */
function otherImage(facts: Facts, back: readonly PodLife[]) {
  for (const container of Object.keys(facts.act.images)) {
    const old = ranBefore(facts, container)
    const other = back
      .flatMap((life) => ranLast(life, container))
      .find((each) => old.length > 0 && old.every((one) => isSame(facts, one, each) === false))
    const [one] = old
    if (one === undefined || other === undefined) continue
    const sentence = `The rollback of ${nameOf(facts.act)} brought another image back: ${container} ran ${digestText(one)} before the release and ${digestText(other)} after it, both called ${other.image}.`
    return { sentence, lines: [one.line, other.line] }
  }
  return undefined
}

/** The first moment from which every pod that stands is one of these and as many of them serve as before (fewer if fewer are wanted then). */
function whenAll(
  { seen, act, pods, served }: Facts,
  fromAt: number,
  toAt: number,
  isOne: (life: PodLife) => boolean,
): number | undefined {
  const moments = pods
    .flatMap(({ bornAt, goneAt, serving }) => [bornAt, goneAt ?? fromAt, ...serving.map(({ at }) => at)])
    .filter((at) => at >= fromAt && at < toAt)
  return [fromAt, ...moments.sort((a, b) => a - b)].find((at) => {
    const standing = pods.filter((life) => standsAt(life, at))
    const wanted = stepAt(seen.objects.wanted(act.workload.name), at)?.value ?? served
    const least = Math.max(1, Math.min(served, wanted))
    return standing.every(isOne) && standing.filter((life) => servesAt(life, at)).length >= least
  })
}

const ranBefore = ({ pods, harm }: Facts, container: string): readonly Ran[] =>
  pods.flatMap((life) => {
    const entry = life.images.findLast(({ at }) => at <= harm.createdAt)
    return entry === undefined ? [] : ranIn(life, entry, container)
  })

function ranLast(life: PodLife, container: string): readonly Ran[] {
  const entry = life.images.at(-1)
  return entry === undefined ? [] : ranIn(life, entry, container)
}

const ranIn = (life: PodLife, { of, line }: PodLife['images'][number], container: string): readonly Ran[] =>
  of.filter((each) => each.container === container).map((each) => ({ ...each, life, line }))

/** Only on one architecture: a name may stand for one image on each. */
function isSame({ seen }: Facts, a: Ran, b: Ran): boolean | undefined {
  const archOf = ({ life }: Ran) => seen.objects.nodes.all.find(({ name }) => name === life.node)?.arch
  return archOf(a) !== undefined && archOf(a) === archOf(b) ? isSameImage(a, b) : undefined
}

const nameOf = ({ workload }: Release): string => `${workload.kind} ${workload.name}`
const linesOf = (lives: readonly PodLife[]): readonly number[] =>
  lives.flatMap(({ bornLine, images }) => [bornLine, ...images.slice(-1).map(({ line }) => line)])

const digestText = ({ id, image }: Ran): string => {
  const content = contentOf(id)
  return content === undefined ? image : shortDigest(content)
}

/** ` (app sha256:0123…)`; nothing where no image was changed. */
function whatRan({ act }: Facts, pods: readonly PodLife[]): string {
  const images = Object.keys(act.images).flatMap((container) => {
    const digests = new Set(pods.flatMap((life) => ranLast(life, container).map(digestText)))
    return [...digests].map((digest) => `${container} ${digest}`)
  })
  return images.length === 0 ? '' : ` (${listed(images)})`
}
