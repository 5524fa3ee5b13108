/**
 * New nodes and the warm pool × time: how many nodes came and were not Ready yet, and how many places pods below priority 0 kept. A place that goes was
 * taken by a pod that serves (a preemption), or went with its node.
 */
import type { NodeSeen, PodSeen } from '../../domain/cluster.ts'
import type { ObjectSeen } from '../../domain/evidence.ts'
import { type Chart, type ChartRow, lowest, type Point, peak, step } from '../chart.ts'
import type { LaneOf } from '../lane.ts'
import { counted } from '../words.ts'

export const nodesLane: LaneOf = () => {
  const came = createCame()
  const warm = createWarm()
  return {
    take: {
      'object-seen': ({ object, change }: ObjectSeen, at) => {
        if (object.resource === 'Node') came.node(object, change, at)
        if (object.resource === 'Pod' && (object.priority ?? 0) < 0) warm.pod(object, change === 'deleted', at)
      },
    },
    charts: () => chartsOf(came, warm),
  }
}

type Came = { readonly tookSeconds: readonly number[]; readonly nodes: number; readonly waiting: readonly Point[] }

function createCame() {
  /** When each of them came, while it is not Ready. */
  const open = new Map<string, number>()
  const tookSeconds: number[] = []
  const waiting: Point[] = []
  let nodes = 0
  return {
    tookSeconds,
    waiting,
    get nodes() {
      return nodes
    },
    node({ uid, ready }: NodeSeen, change: ObjectSeen['change'], at: number): void {
      if (change === 'added') {
        nodes += 1
        open.set(uid, at)
      }
      const cameAt = open.get(uid)
      if (cameAt === undefined) return
      if (ready) tookSeconds.push(at - cameAt)
      if (ready || change === 'deleted') open.delete(uid)
      step(waiting, at, open.size)
    },
  }
}

function createWarm() {
  const places = new Set<string>()
  const kept: Point[] = []
  return {
    kept,
    pod({ uid, node, deleting }: PodSeen, deleted: boolean, at: number): void {
      if (node !== undefined && !deleting && !deleted) places.add(uid)
      else places.delete(uid)
      step(kept, at, places.size)
    },
  }
}

function chartsOf(came: Came, { kept }: { readonly kept: readonly Point[] }): readonly Chart[] {
  const rows: readonly ChartRow[] = [
    ...(came.nodes > 0 ? [{ name: 'came, not Ready', steps: came.waiting } satisfies ChartRow] : []),
    ...(peak(kept) > 0 ? [{ name: 'warm places', steps: kept, noneIsBad: true } satisfies ChartRow] : []),
  ]
  if (rows.length === 0) return []
  return [
    {
      id: 'nodes',
      title: 'New nodes and warm pool',
      unit: 'nodes, pods',
      caption: [nodesSentence(came), warmSentence(kept)].filter((each) => each !== '').join(' '),
      lines: [],
      limits: [],
      rows,
    },
  ]
}

function nodesSentence({ nodes, tookSeconds }: Came): string {
  if (nodes === 0) return ''
  const took = tookSeconds.map((each) => `${each.toFixed(0)} s`).join(', ')
  const never = nodes - tookSeconds.length
  const ready = tookSeconds.length === 0 ? '' : ` Ready after ${took}.`
  return `${counted(nodes, 'new node')}.${ready}${never > 0 ? ` ${counted(never, 'node')} not seen Ready.` : ''}`
}

function warmSentence(kept: readonly Point[]): string {
  if (peak(kept) === 0) return ''
  const [least, most] = [lowest(kept), peak(kept)]
  return least === most ? `Warm pool: ${counted(most, 'place')}.` : `Warm pool: ${least} to ${most} places.`
}
