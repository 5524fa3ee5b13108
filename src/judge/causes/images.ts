/**
 * Which images ran. `mixed-images`: pods of one workload run different images at the same time, and no rollout is under way. `image-changed`: a workload
 * got another image during the run, and the rehearsal planned no rollout of it, so that the run shows two releases and proves nothing about either.
 * Pods that a fault was aimed at are left out: Chaos Mesh's pod-failure replaces the image.
 */
import { rolledOut } from '../../domain/action.ts'
import type { ImageSeen, PodOwner } from '../../domain/cluster.ts'
import { contentOf, isSameImage, shortDigest } from '../../domain/image.ts'
import type { Finding } from '../../domain/verdict.ts'
import { compare, finding } from '../findings/findings.ts'
import { duration } from '../findings/words.ts'
import { harmsOf } from '../harm/harm.ts'
import { type PodLife, servesAt, templateOf } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { isPodOf } from '../seen/workload-pods.ts'

/** One container of one pod. Images are compared only on one architecture: a name may stand for one image on each. */
type Running = ImageSeen & { readonly life: PodLife; readonly arch: string | undefined; readonly line: number }
type Owned = { readonly owner: PodOwner; readonly lives: readonly PodLife[] }

/** A rollout that replaces no pod for a shorter time may only be slow. */
const STILL_LEAST_MS = 60_000

export function judgeImages(seen: Seen): readonly Finding[] {
  const { zeroAt } = seen.run
  if (zeroAt === undefined) return []
  return owned(seen).flatMap((workload) => {
    const mixed = mixedImages(seen, workload, zeroAt)
    return mixed.length > 0 ? mixed : imageChanged(seen, workload, zeroAt)
  })
}

function owned(seen: Seen): readonly Owned[] {
  const faulted = new Set(harmsOf(seen).flatMap(({ by, pods }) => (by.kind === 'fault' ? [...pods] : [])))
  const { namespace } = seen.run.head.target
  const lives = seen.objects.lives.all.filter(
    (life) => life.images.length > 0 && life.namespace === namespace && !faulted.has(life.name),
  )
  const byOwner = Map.groupBy(lives, ({ owner }) => `${owner?.kind ?? ''} ${owner?.name ?? ''}`)
  return [...byOwner]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([, of]) => (of[0]?.owner === undefined ? [] : [{ owner: of[0].owner, lives: of }]))
}

function mixedImages(seen: Seen, workload: Owned, zeroAt: number): readonly Finding[] {
  const atEnd = underOneName(seen, workload, seen.run.seenUntil)
  const moved = atEnd.length > 0 ? atEnd : underOneName(seen, workload, zeroAt)
  return moved.length > 0 ? moved : standingStill(seen, workload, zeroAt)
}

/** One template names one image, and its pods run two: somebody moved the tag, and what a pod runs depends on when its node pulled it. */
function underOneName(seen: Seen, { owner, lives }: Owned, at: number): readonly Finding[] {
  const running = lives.filter((life) => servesAt(life, at)).flatMap((life) => runningAt(seen, life, at))
  const known = running.filter((each) => each.arch !== undefined)
  const alike = Map.groupBy(known, ({ life, arch, container, image }) =>
    JSON.stringify([templateOf(life), arch, container, image]),
  )
  return [...alike.values()].flatMap((all) => {
    const [first, ...others] = all
    const other = others.find((each) => first !== undefined && isSameImage(first, each) === false)
    if (first === undefined || other === undefined) return []
    const sentence = `Pods of ${owner.kind} ${owner.name} ran different images under one name at the same time, and no rollout was under way: ${first.container} is ${first.image}, which is ${idText(first)} and ${idText(other)}.`
    return [
      finding(
        'breach',
        'mixed-images',
        owner.name,
        sentence,
        [first, other].map(({ line }) => line),
      ),
    ]
  })
}

/** Two templates from begin to end, and no pod was replaced. Some pause a rollout on purpose, so that it is only a warning. */
function standingStill(seen: Seen, { owner, lives }: Owned, zeroAt: number): readonly Finding[] {
  const { seenUntil } = seen.run
  const isMoving = ({ bornAt, deletingAt, goneAt }: PodLife) =>
    [bornAt, deletingAt, goneAt].some((at) => at !== undefined && at > zeroAt && at <= seenUntil)
  if (owner.kind !== 'Deployment' || seenUntil - zeroAt < STILL_LEAST_MS || lives.some(isMoving)) return []
  const running = lives
    .filter((life) => servesAt(life, zeroAt) && servesAt(life, seenUntil))
    .flatMap((life) => runningAt(seen, life, seenUntil))
  const [first] = running
  const other = running.find(
    (each) => first !== undefined && templateOf(each.life) !== templateOf(first.life) && isOther(first, each),
  )
  if (first === undefined || other === undefined) return []
  const sentence = `Pods of Deployment ${owner.name} ran different images for all of the ${duration(seenUntil - zeroAt)} of load, and none of them was replaced: ${imageText(first)} and ${imageText(other)}. Its rollout is paused or stuck.`
  return [
    finding(
      'warning',
      'mixed-images',
      owner.name,
      sentence,
      [first, other].map(({ line }) => line),
    ),
  ]
}

function imageChanged(seen: Seen, workload: Owned, zeroAt: number): readonly Finding[] {
  const { owner, lives } = workload
  if (isPlanned(seen, workload)) return []
  const before = lives
    .filter(({ goneAt }) => goneAt === undefined || goneAt > zeroAt)
    .flatMap((life) => runningAt(seen, life, zeroAt))
  const after = lives
    .flatMap((life) =>
      life.images
        .filter(({ at }) => at > zeroAt && at <= seen.run.seenUntil)
        .flatMap((entry) => runningIn(seen, life, entry)),
    )
    .sort((a, b) => a.line - b.line)
  return [...new Set(after.map(({ container }) => container))].flatMap((container) => {
    const known = before.filter((each) => each.container === container)
    const other = after.find(
      (each) => each.container === container && each.id !== undefined && known.every((old) => isOther(old, each)),
    )
    const [old] = known
    if (old === undefined || other === undefined) return []
    const sentence = `${owner.kind} ${owner.name} got another image during the run, and the rehearsal planned no rollout of it: ${imageText(old)} before the load, then ${imageText(other)}.`
    return [finding(weightOf(known, other), 'image-changed', owner.name, sentence, [old.line, other.line])]
  })
}

/** Another image under the same template comes from an injected sidecar, or was written into the pod: it is no release of the workload. */
const weightOf = (before: readonly Running[], { life, image }: Running): Finding['weight'] =>
  before.some((each) => templateOf(each.life) === templateOf(life) && each.image !== image) ? 'warning' : 'gap'

/** What cannot be compared counts as the same under one name. */
function isOther(old: Running, now: Running): boolean {
  if (old.container !== now.container) return false
  const same = old.arch === now.arch && old.arch !== undefined ? isSameImage(old, now) : undefined
  return same === undefined ? old.image !== now.image : !same
}

function isPlanned({ run }: Seen, { lives }: Owned): boolean {
  const { actions } = run.head.rehearsal
  const { namespace } = run.head.target
  return actions.some(({ act }) => {
    const workload = rolledOut(act)
    return workload !== undefined && lives.some((life) => isPodOf({ namespace, ...workload }, life))
  })
}

const runningAt = (seen: Seen, life: PodLife, at: number): readonly Running[] => {
  const entry = life.images.findLast((each) => each.at <= at)
  return entry === undefined ? [] : runningIn(seen, life, entry)
}

function runningIn({ objects }: Seen, life: PodLife, { of, line }: PodLife['images'][number]): readonly Running[] {
  const arch = objects.nodes.all.find(({ name }) => name === life.node)?.arch
  return of.map((image) => ({ ...image, life, arch, line }))
}

/** `sha256:0123… in gateway-1`. */
const idText = ({ id, life }: Running): string => {
  const content = contentOf(id)
  return `${content === undefined ? 'unknown' : shortDigest(content)} in ${life.name}`
}

const imageText = (running: Running): string => `${running.container} ${running.image} (${idText(running)})`
