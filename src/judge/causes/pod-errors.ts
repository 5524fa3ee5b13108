/**
 * Errors at the edges of a pod's life. `early-errors-at-rollout`: bad attempts right after new pods became Ready, which then was not
 * true yet. `errors-at-shutdown`: bad attempts right after pods were asked to end, or when they were killed. In a rolling update
 * both happen in the same second, so that what is not clear by itself is decided by how the pods became Ready, and by what is clear.
 */

import type { Cause } from '../../domain/causes.ts'
import { isUnion } from '../../domain/indicators.ts'
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, duration, listed } from '../findings/words.ts'
import { type Harm, harmsOf, isVoluntary } from '../harm/harm.ts'
import { requestSlis } from '../load/refused.ts'
import { firstServing, type PodLife } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { serversOf } from './platform-pods.ts'

type Span = { readonly fromAt: number; readonly toAt: number }
type Edge = Span & {
  readonly is: 'began' | 'ended'
  readonly at: number
  readonly life: PodLife
  readonly line: number
}
export type BadFrame = { readonly fromAt: number; readonly at: number; readonly bad: number; readonly line: number }

/** Watch and frames see a moment up to half a second apart. */
const SLACK_MS = 500
/** Processes of the platform open their port within some two seconds; a router forgets a pod within one. */
const EDGE_MS = 3000
/** Ready in the same breath as running: nothing was asked before traffic came. */
const UNGATED_MS = 500
/** In a disruption on purpose three are no accident; elsewhere a few may be. */
const LEAST = { voluntary: 3, other: 5 } as const
/** After a fault the platform may need a while, and its errors are the fault's. */
const RECOVERING_MS = 5000
const FRAME_MS = 1000

export function podErrors(seen: Seen): readonly Finding[] {
  const frames = badFrames(seen)
  const edges = edgesOf(seen)
  const near = frames.map((frame) => ({
    frame,
    edges: edges.filter((each) => each.fromAt < frame.at && each.toAt > frame.fromAt),
  }))
  if (isEverywhere(seen, near, edges)) return []
  const apart = edgesApart(edges, frames)
  const decided = near.flatMap(({ frame, edges: all }) =>
    all.length === 0 ? [] : [{ frame, edges: all, is: decide(seen, all, apart) }],
  )
  return (['began', 'ended'] as const).flatMap((is) => {
    const its = decided.filter((each) => each.is === is)
    return told(
      seen,
      is,
      its.map(({ frame }) => frame),
      its.flatMap((each) => each.edges.filter((edge) => edge.is === is)),
    )
  })
}

/** Frames with bad attempts, over all SLIs of requests, outside of faults. */
export function badFrames(seen: Seen): readonly BadFrame[] {
  const faults = faultSpans(seen)
  const frames = new Map<number, BadFrame>()
  for (const sli of requestSlis(seen)) {
    // A union counts what its parts have counted.
    if (isUnion(seen.run.head.rehearsal.slis, sli)) continue
    for (const { fromAt, at, bad, line } of seen.load.rows(sli)) {
      if (bad > 0) frames.set(line, { fromAt, at, line, bad: bad + (frames.get(line)?.bad ?? 0) })
    }
  }
  return [...frames.values()].filter(({ fromAt, at }) => !faults.some((each) => fromAt < each.toAt && at > each.fromAt))
}

const faultSpans = (seen: Seen): readonly Span[] =>
  harmsOf(seen)
    .filter((harm) => !isVoluntary(harm))
    .map(({ createdAt, healedAt, endAt }) => ({ fromAt: createdAt, toAt: (healedAt ?? endAt) + RECOVERING_MS }))

function edgesOf(seen: Seen): readonly Edge[] {
  const { zeroAt = Number.POSITIVE_INFINITY } = seen.run
  const edge = (is: Edge['is'], life: PodLife, at: number, line: number, forMs = EDGE_MS): readonly Edge[] =>
    at < zeroAt ? [] : [{ is, at, life, line, fromAt: at - SLACK_MS, toAt: at + forMs }]
  return serversOf(seen).flatMap((life) => {
    const first = firstServing(life)
    const { deletingAt, deletingLine = 0, goneAt, goneLine = 0 } = life
    return [
      ...(first && life.bornAt > zeroAt ? edge('began', life, first.at, first.line) : []),
      ...(deletingAt === undefined ? [] : edge('ended', life, deletingAt, deletingLine)),
      // Killed at the end of its grace, it takes with it what it was at.
      ...(goneAt === undefined ? [] : edge('ended', life, goneAt, goneLine, SLACK_MS)),
    ]
  })
}

type Near = readonly { readonly frame: BadFrame; readonly edges: readonly Edge[] }[]

/** Errors that are as frequent away from the edges have another reason. */
function isEverywhere(seen: Seen, near: Near, edges: readonly Edge[]): boolean {
  const bad = (all: Near) => all.reduce((sum, { frame }) => sum + frame.bad, 0)
  const { zeroAt = 0, seenUntil } = seen.run
  // A frame is near an edge even if only its beginning or its end is.
  const edgeMs = Math.max(
    1,
    covered(edges.map(({ fromAt, toAt }) => ({ fromAt: fromAt - FRAME_MS / 2, toAt: toAt + FRAME_MS / 2 }))),
  )
  const restMs = Math.max(1, seenUntil - zeroAt - edgeMs - covered(faultSpans(seen)))
  const away = bad(near.filter((each) => each.edges.length === 0)) / restMs
  return away > bad(near.filter((each) => each.edges.length > 0)) / edgeMs / 2
}

/** Time that these cover, each moment once. */
function covered(edges: readonly Span[]): number {
  let [sum, until] = [0, Number.NEGATIVE_INFINITY]
  for (const { fromAt, toAt } of [...edges].sort((a, b) => a.fromAt - b.fromAt)) {
    sum += Math.max(0, toAt - Math.max(fromAt, until))
    until = Math.max(until, toAt)
  }
  return sum
}

/** Edges with none of the other kind near them, and whether something went wrong at them: what is unambiguous. */
type Apart = readonly { readonly edge: Edge; readonly isBad: boolean }[]

function edgesApart(edges: readonly Edge[], frames: readonly BadFrame[]): Apart {
  const meets = (edge: Edge, other: Span) => other.fromAt < edge.toAt && other.toAt > edge.fromAt
  return edges
    .filter((edge) => !edges.some((other) => other.is !== edge.is && meets(edge, other)))
    .map((edge) => ({ edge, isBad: frames.some(({ fromAt, at }) => meets(edge, { fromAt, toAt: at })) }))
}

/** Began or ended? By the new pods themselves, then by how the same app's pods did where only the one or the other happened. */
function decide(seen: Seen, edges: readonly Edge[], apart: Apart): Edge['is'] {
  const began = edges.filter((each) => each.is === 'began')
  if (began.length === 0) return 'ended'
  if (began.length === edges.length) return 'began'
  if (began.some(({ life }) => isUngated(life) || failedAtFirst(seen, life))) return 'began'
  const apps = new Set(edges.map(({ life }) => life.app))
  const count = (is: Edge['is'], isBad: boolean) =>
    apart.filter((each) => each.edge.is === is && each.isBad === isBad && apps.has(each.edge.life.app)).length
  if (count('began', true) > 0) return count('ended', true) > 0 ? 'ended' : 'began'
  // Pods that were asked to end at another time and hurt nobody speak for it that those which ended here did not either.
  const askedWell = apart.some(
    ({ edge, isBad }) => edge.at === edge.life.deletingAt && !isBad && apps.has(edge.life.app),
  )
  const endsWell = count('ended', true) === 0 && askedWell
  return endsWell && count('began', false) === 0 ? 'began' : 'ended'
}

const isUngated = (life: PodLife): boolean =>
  (firstServing(life)?.at ?? Number.POSITIVE_INFINITY) - (life.runsAt ?? 0) < UNGATED_MS

/** Its own counter shows errors in the first seconds of its service. */
function failedAtFirst(seen: Seen, life: PodLife): boolean {
  const at = firstServing(life)?.at ?? Number.POSITIVE_INFINITY
  return seen.answered.of(life.name).some((each) => each.toAt > at && each.fromAt < at + EDGE_MS && each.failed > 0)
}

const CAUSES = { began: 'early-errors-at-rollout', ended: 'errors-at-shutdown' } as const satisfies Record<
  Edge['is'],
  Cause
>

/** The disruption on purpose during which most of it went wrong; undefined when none of it did. */
function mostFelt(seen: Seen, frames: readonly BadFrame[]): Harm | undefined {
  const badDuring = (harm: Harm): number =>
    frames
      .filter((each) => each.at > harm.createdAt && each.fromAt < harm.endAt + EDGE_MS)
      .reduce((sum, each) => sum + each.bad, 0)
  const felt = harmsOf(seen).filter((harm) => isVoluntary(harm) && badDuring(harm) > 0)
  return felt.sort((a, b) => badDuring(b) - badDuring(a))[0]
}

/** Went on for longer than a router needs to forget a pod, and ended by itself within its grace: the errors are its callers'. */
function hasDrained({ at, life: { deletingAt, endedAt, graceMs } }: Edge): boolean {
  // Errors when the pod is gone are its own: it left something unfinished.
  if (at !== deletingAt || endedAt === undefined) return false
  const tookMs = endedAt - deletingAt
  return tookMs >= EDGE_MS && (graceMs === undefined || tookMs < graceMs - SLACK_MS)
}

const DRAINED = `each went on for ${duration(EDGE_MS)} or more after it was asked to end, and its callers did not stop calling it`
const NEXT_OF_CALLERS =
  'The pods gave their callers time to stop calling them. Look at the callers: routers that learn late of removed pods, connections that are kept open, and calls that are not tried again elsewhere.'

function told(seen: Seen, is: Edge['is'], frames: readonly BadFrame[], edges: readonly Edge[]): readonly Finding[] {
  const bad = frames.reduce((sum, each) => sum + each.bad, 0)
  const voluntary = mostFelt(seen, frames)
  if (bad < (voluntary ? LEAST.voluntary : LEAST.other)) return []
  const apps = [...new Set(edges.map((each) => each.life.app))].sort()
  const pods = new Set(edges.map((each) => each.life.name)).size
  const drained = is === 'ended' && edges.every(hasDrained)
  const when = voluntary ? ` during ${voluntary.name}` : ''
  const sentence =
    is === 'began'
      ? `${count(bad, 'attempt')} went wrong within ${duration(EDGE_MS)} of ${count(pods, 'new pod')} of ${listed(apps)} becoming Ready${when}: they were called before they could serve.`
      : `${count(bad, 'attempt')} went wrong as ${count(pods, 'pod')} of ${listed(apps)} ended${when}: ${drained ? DRAINED : 'they stopped before their callers had stopped calling them'}.`
  const lines = [...frames.map((each) => each.line).slice(0, 8), ...edges.map((each) => each.line)]
  // Outside of a disruption on purpose pods come and go by themselves, and something else may be behind it.
  const found = finding(voluntary ? 'breach' : 'warning', CAUSES[is], listed(apps), sentence, lines)
  return [drained ? { ...found, next: NEXT_OF_CALLERS } : found]
}
