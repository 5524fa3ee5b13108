/** Why an autoscaler came late although it decided in time: the scheduler had no node for its pods. */
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, duration } from '../findings/words.ts'
import type { NodeLife } from '../seen/node-lives.ts'
import { firstServing, type PodLife } from '../seen/pod-lives.ts'
import type { Seen } from '../seen/seen.ts'
import { isPodOf } from '../seen/workload-pods.ts'
import type { Autoscaler, TargetCrossing } from './hpa-metric.ts'

/** A pod that waited for a node. */
type Waiting = PodLife & { readonly waits: NonNullable<PodLife['waits']> }

/** What is known about one wait: the pods, the first of them, when more pods were called for, and until when they had to be Ready. */
type Wait = {
  readonly workload: string
  readonly pods: readonly Waiting[]
  readonly first: Waiting
  readonly fromAt: number
  readonly toAt: number
}

/**
 * One finding at most, the one that explains most: the warm pool was used up; a new node came, but late; or none came. Only pods that waited for a
 * node and did not serve in the time allowed count, so a preemption that freed a place in time is none.
 */
export function waitedForNodes(seen: Seen, expected: Autoscaler, over: TargetCrossing): readonly Finding[] {
  const wait = waitOf(seen, expected, over)
  if (wait === undefined) return []
  return [warmPoolEmpty(seen, expected, wait) ?? nodeLate(seen, expected, wait) ?? podsPending(expected, wait)]
}

function waitOf(seen: Seen, { name, readyWithinMs }: Autoscaler, over: TargetCrossing): Wait | undefined {
  const scaled = seen.objects.hpa(name)[0]?.of
  if (scaled === undefined) return undefined
  const toAt = over.at + readyWithinMs
  const pods = seen.objects.lives.all
    .filter(
      (life): life is Waiting => isPodOf(scaled, life) && life.waits !== undefined && waitedIn(life, over.at, toAt),
    )
    .sort((a, b) => a.waits.at - b.waits.at)
  const [first] = pods
  return first && { workload: scaled.name, pods, first, fromAt: over.at, toAt }
}

/** The pod had no node in this time, and was Ready only afterwards. */
function waitedIn(life: PodLife, fromAt: number, toAt: number): boolean {
  const { waits, placedAt = Number.POSITIVE_INFINITY, deletingAt = Number.POSITIVE_INFINITY } = life
  if (waits === undefined || waits.at > toAt || placedAt <= fromAt || deletingAt <= toAt) return false
  return (firstServing(life)?.at ?? Number.POSITIVE_INFINITY) > toAt
}

/** The pool is what there was of it when more pods were called for; a pod that replaces a preempted one does not count. */
function warmPoolEmpty(seen: Seen, { name }: Autoscaler, wait: Wait): Finding | undefined {
  const { pods, first, fromAt, toAt } = wait
  const untilAt = Math.min(toAt, first.placedAt ?? toAt)
  const warm = seen.objects.lives.all.filter(({ priority, bornAt }) => priority < 0 && bornAt <= untilAt)
  const pool = warm.filter(({ bornAt, deletingAt = untilAt }) => bornAt <= fromAt && deletingAt > fromAt)
  const moments = [first.waits.at, ...warm.flatMap(({ deletingAt }) => deletingAt ?? [])]
  const emptyAt = moments
    .filter((at) => at >= first.waits.at && at <= untilAt)
    .sort((a, b) => a - b)
    .find((at) => !warm.some((life) => keepsPlace(life, at)))
  if (pool.length === 0 || emptyAt === undefined) return undefined
  const used =
    emptyAt === first.waits.at ? 'had no place left' : `was used up ${duration(emptyAt - first.waits.at)} later`
  const sentence = `${waitText(wait)}: the warm pool of ${count(pool.length, 'pod')} with a priority below 0 ${used}, so a new node was needed.`
  const lines = [...pods.map((each) => each.waits.line), ...pool.map((each) => each.deletingLine)]
  return finding('breach', 'warm-pool-empty', name, sentence, lines)
}

const keepsPlace = ({ placedAt, deletingAt }: PodLife, at: number): boolean =>
  placedAt !== undefined && placedAt <= at && (deletingAt === undefined || deletingAt > at)

/** A node that was not there when the pods began to wait, whether it was Ready in the time that was seen or not. */
function nodeLate(seen: Seen, { name }: Autoscaler, wait: Wait): Finding | undefined {
  const { pods, first } = wait
  const came = seen.objects.nodes.all
    .filter((node) => isNew(node, first.waits.at))
    .sort((a, b) => (readyOf(a)?.at ?? a.bornAt) - (readyOf(b)?.at ?? b.bornAt))
  const node = came.find((each) => pods.some((pod) => pod.node === each.name)) ?? came[0]
  if (node === undefined) return undefined
  const ready = readyOf(node)
  const when = ready === undefined ? 'was not seen Ready' : `was Ready ${duration(ready.at - first.waits.at)} later`
  const sentence = `${waitText(wait)}: node ${node.name} ${when}.`
  const lines = [...pods.map((each) => each.waits.line), node.bornLine, ready?.line]
  return finding('breach', 'node-late', name, sentence, lines)
}

const readyOf = ({ ready }: NodeLife) => ready.find(({ is }) => is)

const isNew = (node: NodeLife, at: number): boolean =>
  node.bornAt > at || (readyOf(node)?.at ?? Number.NEGATIVE_INFINITY) > at

function podsPending({ name }: Autoscaler, wait: Wait): Finding {
  const { pods, first } = wait
  const sentence = `${waitText(wait)}, and no new node came: ${reasonOf(first.waits.why)}.`
  return finding(
    'breach',
    'pods-pending',
    name,
    sentence,
    pods.map((each) => each.waits.line),
  )
}

const waitText = ({ workload, pods }: Wait): string => `${count(pods.length, 'pod')} of ${workload} waited for a node`

/** The scheduler's first sentence: `0/6 nodes are available: 6 Insufficient cpu`. What it says about preemption follows. */
const reasonOf = (message: string): string => message.split('. ')[0]?.replace(/\.$/, '') ?? message
