/**
 * Judges a release of configuration by its pods. Within its time every pod must serve with one new configuration, and after the rollback with the
 * previous one. Pods expose a digest of their configuration as a metric. Pods without the metric that use the ConfigMap as environment variables only
 * are judged by the start of their containers, because containers read variables when they start.
 */
import { asConfigured, type ConfiguredRelease } from '../../domain/action.ts'
import type { ReactionResult } from '../../domain/verdict.ts'
import type { Ruled } from '../findings/ruled.ts'
import { duration, listed } from '../findings/words.ts'
import { actBy, type Harm } from '../harm/harm.ts'
import type { ActionLife } from '../seen/action-lives.ts'
import type { ConfigUnread } from '../seen/configurations.ts'
import { type PodLife, servesAt } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { isPodOf } from '../seen/workload-pods.ts'
import { createReactionAnswer } from './answer.ts'

type Known = { readonly at: number; readonly line: number; readonly digest: string }
type Written = NonNullable<ActionLife['config']>
type Facts = {
  readonly seen: Seen
  readonly harm: Harm
  readonly act: ConfiguredRelease
  readonly life: ActionLife
  readonly written: Written
  /** `unread`: times in which its configuration is not known. */
  readonly pods: readonly {
    readonly life: PodLife
    readonly known: readonly Known[]
    readonly unread: readonly ConfigUnread[]
  }[]
  /** Digests with which pods served when it began. */
  readonly before: ReadonlySet<string>
}

/** A pod that has just started was not scraped yet. */
const UNTOLD_MS = 15_000

export function judgeConfiguration(seen: Seen, harm: Harm): readonly Ruled<ReactionResult>[] {
  const act = asConfigured(actBy(harm))
  const life = seen.actions.of(harm.name)
  const written = life?.config
  // Without it the release failed before it changed anything, which is a finding of its own.
  if (act === undefined || life === undefined || written === undefined) return []
  const facts = factsOf(seen, harm, act, life, written)
  // A release that was not rolled out in time has a finding of its own.
  return life.problem?.is === 'failed' ? [configuredBack(facts)] : [configured(facts), configuredBack(facts)]
}

function factsOf(seen: Seen, harm: Harm, act: ConfiguredRelease, life: ActionLife, written: Written): Facts {
  const workload = { namespace: seen.run.head.target.namespace, ...act.workload }
  const lives = seen.objects.lives.all.filter((each) => isPodOf(workload, each))
  const tells = lives.some(({ name }) => seen.configurations.of(name).length > 0)
  const byStart = !tells && written.taken.every((as) => as === 'environment')
  const knownOf = (each: PodLife): readonly Known[] => {
    if (tells) return seen.configurations.of(each.name)
    return byStart ? knownByStart(each, written, life.healRequested?.at) : []
  }
  const unreadOf = ({ name }: PodLife) => (tells ? seen.configurations.unread(name) : [])
  const pods = lives.map((each) => ({ life: each, known: knownOf(each), unread: unreadOf(each) }))
  const facts = { seen, harm, act, life, written, pods, before: new Set<string>() }
  return { ...facts, before: new Set(servingAt(facts, harm.createdAt).flatMap(({ now }) => now?.digest ?? [])) }
}

/** What a container read when it started: the previous content, or that of the release while it lasts. */
function knownByStart({ bornAt, bornLine, restarts }: PodLife, written: Written, healAt = Infinity): readonly Known[] {
  return [{ at: bornAt, line: bornLine }, ...restarts].map(({ at, line }) => {
    const isOfRelease = at > written.at && at < healAt
    return { at, line, digest: isOfRelease ? written.now : written.was }
  })
}

type Serving = { readonly life: PodLife; readonly now: Known | undefined }

const servingAt = ({ pods }: Pick<Facts, 'pods'>, at: number): readonly Serving[] =>
  pods
    .filter(({ life }) => servesAt(life, at))
    .map(({ life, known, unread }) => ({
      life,
      now: unread.some(({ fromAt, toAt }) => fromAt < at && at < toAt)
        ? undefined
        : known.findLast((each) => each.at <= at),
    }))
    .filter(({ life, now }) => now !== undefined || at - life.bornAt > UNTOLD_MS)

const isAll = (serving: readonly Serving[], isOne: (digest: string) => boolean): boolean =>
  serving.length > 0 && serving.every(({ now }) => now !== undefined && isOne(now.digest))

/** The scrapes of a pod failed then, so it may have changed before its next reading. */
const isUnknownAt = ({ pods }: Facts, at: number): boolean =>
  pods.some(({ life, unread }) => servesAt(life, at) && unread.some(({ fromAt, toAt }) => fromAt < at && at < toAt))

/** The moment from which on it was so until `toAt`; undefined if it was not so at the end. */
function sinceWhen({ pods }: Facts, fromAt: number, toAt: number, isSo: (at: number) => boolean): number | undefined {
  // From then on a pod without a reading counts as not configured.
  const untoldAt = ({ bornAt }: PodLife): number => bornAt + UNTOLD_MS + 1
  const changes = pods.flatMap(({ life, known, unread }) => [
    ...[...life.serving, ...known].map(({ at }) => at),
    ...unread.map((each) => each.toAt),
    untoldAt(life),
  ])
  const moments = [fromAt, ...changes.filter((at) => at > fromAt && at < toAt).sort((a, b) => a - b)]
  const last = moments.findLastIndex((at) => !isSo(at))
  return moments[last + 1]
}

function configured(facts: Facts): Ruled<ReactionResult> {
  const { seen, harm, act, life, written, before } = facts
  const answer = createReactionAnswer(harm, 'configured', 'configuration', act.withinMs)
  const toAt = life.healRequested?.at ?? seen.run.seenUntil
  const isFresh = (at: number): boolean => {
    const serving = servingAt(facts, at)
    return isAll(serving, (digest) => !before.has(digest)) && digestsOf(serving).length === 1
  }
  const since = before.size === 0 ? undefined : sinceWhen(facts, harm.createdAt, toAt, isFresh)
  const atEnd = servingAt(facts, toAt - 1)
  const lines = linesOf(written, atEnd)
  if (since !== undefined) {
    const tookMs = since - harm.createdAt
    const sentence = `Every pod of ${nameOf(act)} served with the configuration of the release (${short(digestsOf(atEnd))}, ${short([...before])} before) ${duration(tookMs)} after ${harm.name} began; ${duration(act.withinMs)} were allowed.`
    if (tookMs <= act.withinMs) return answer.held({ sentence, tookMs, lines })
    return isUnknownAt(facts, harm.createdAt + act.withinMs)
      ? answer.unknown(`${sentence} Some pods could not be read before.`, lines)
      : answer.broken('rollout-stuck', { sentence, tookMs, lines })
  }
  const unknown = whyUnknown(facts, atEnd, toAt - harm.createdAt, act.withinMs)
  if (unknown !== undefined) return answer.unknown(unknown, lines)
  return answer.broken('config-unpinned', { sentence: unpinned(facts, atEnd, toAt), lines })
}

function unpinned({ harm, act, written, before }: Facts, atEnd: readonly Serving[], toAt: number): string {
  const old = atEnd.filter(({ now }) => now !== undefined && before.has(now.digest))
  const after = `${duration(toAt - harm.createdAt)} after ${harm.name} wrote ConfigMap ${written.configMap}`
  if (old.length === 0)
    return `Pods of ${nameOf(act)} served with different configurations ${after}: ${short(digestsOf(atEnd))}.`
  return `${old.length} of ${atEnd.length} pods of ${nameOf(act)} still served with the previous configuration (${short(digestsOf(old))}) ${after}.`
}

function configuredBack(facts: Facts): Ruled<ReactionResult> {
  const { seen, harm, act, life, written, before } = facts
  const answer = createReactionAnswer(harm, 'configured-back', 'previous configuration', act.backWithinMs)
  const { healRequested } = life
  if (healRequested === undefined) return answer.unknown(`${harm.name} was not seen to be rolled back.`, life.lines)
  const { seenUntil } = seen.run
  const isBack = (at: number): boolean => isAll(servingAt(facts, at), (digest) => before.has(digest))
  const since = before.size === 0 ? undefined : sinceWhen(facts, healRequested.at, seenUntil, isBack)
  const atEnd = servingAt(facts, seenUntil)
  const lines = [healRequested.line, ...linesOf(written, atEnd)]
  if (since !== undefined) {
    const tookMs = since - healRequested.at
    const sentence = `Every pod of ${nameOf(act)} served with the previous configuration (${short([...before])}) ${duration(tookMs)} after the rollback of ${harm.name} began; ${duration(act.backWithinMs)} were allowed.`
    if (tookMs <= act.backWithinMs) return answer.held({ sentence, tookMs, lines })
    return isUnknownAt(facts, healRequested.at + act.backWithinMs)
      ? answer.unknown(`${sentence} Some pods could not be read before.`, lines)
      : answer.broken('rollback-late', { sentence, tookMs, lines })
  }
  const unknown = whyUnknown(facts, atEnd, seenUntil - healRequested.at, act.backWithinMs)
  if (unknown !== undefined) return answer.unknown(unknown, lines)
  const sentence = `Some pods of ${nameOf(act)} did not serve with the previous configuration (${short(digestsOf(atEnd))}, ${short([...before])} before) ${duration(seenUntil - healRequested.at)} after the rollback of ${harm.name} began.`
  return answer.broken('rollback-late', { sentence, lines })
}

function whyUnknown({ act, written, pods, before }: Facts, atEnd: readonly Serving[], seenMs: number, within: number) {
  if (pods.every(({ known }) => known.length === 0))
    return `The configuration of the pods of ${nameOf(act)} is unknown: they expose no configuration metric that a source of the target file names, and they use ConfigMap ${written.configMap} as ${written.taken.length === 0 ? 'nothing' : written.taken.join(' and ')}.`
  if (before.size === 0 || atEnd.length === 0 || atEnd.some(({ now }) => now === undefined))
    return `The configuration of some pods of ${nameOf(act)} was not seen.`
  return seenMs < within
    ? `The pods of ${nameOf(act)} were watched for ${duration(seenMs)}, and ${duration(within)} were allowed.`
    : undefined
}

const digestsOf = (serving: readonly Serving[]): readonly string[] =>
  [...new Set(serving.flatMap(({ now }) => now?.digest ?? []))].sort()

const SHOWN = 12
const short = (digests: readonly string[]): string =>
  listed(digests.map((digest) => (digest.length > SHOWN ? `${digest.slice(0, SHOWN)}…` : digest)))

const linesOf = ({ line }: Written, serving: readonly Serving[]): readonly number[] => [
  line,
  ...serving.flatMap(({ now }) => now?.line ?? []),
]

const nameOf = ({ workload }: ConfiguredRelease): string => `${workload.kind} ${workload.name}`
