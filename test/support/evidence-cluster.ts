/**
 * What a cluster shows beside the stock story: nodes in zones, pods with a life of their own, endpoints and scrapes. Each
 * helper gives records; `together` puts them among those of a run, in order of time.
 */
import type { BudgetSeen, ClusterObject, PodSeen } from '../../src/domain/cluster.ts'
import type { Evidence, EvidenceOf, Series } from '../../src/domain/evidence.ts'
import { millis, seconds } from '../../src/domain/units.ts'
import { secondAt } from './evidence-rehearsal.ts'

export const named = (name: string, namespace = 'casino') => ({ namespace, name, uid: `uid-${name}` })

/** In order of time; records of the same moment stay in the order in which they are given. */
export const together = (...parts: readonly (readonly Evidence[])[]): Evidence[] =>
  parts.flat().sort((a, b) => a.at - b.at)

export const seen = (
  second: number,
  object: ClusterObject,
  change: EvidenceOf<'object-seen'>['change'] = 'modified',
): Evidence => ({ kind: 'object-seen', at: secondAt(second), change, object })

/** A pod that is Ready on the first node, and its container was never restarted. */
export const readyPod = (name: string, app: string, changes: Partial<PodSeen> = {}): PodSeen => ({
  resource: 'Pod',
  ...named(name),
  app,
  labels: {},
  node: 'zone-a-api',
  podPhase: 'Running',
  ready: true,
  deleting: false,
  restarts: 0,
  ...changes,
})

/** Six nodes: zones a, b and c, in the pools api and realtime. */
export const nodes = (second = -2): Evidence[] =>
  ['a', 'b', 'c'].flatMap((zone) => ['api', 'realtime'].map((pool) => node(second, zone, pool)))

export const node = (second: number, zone: string, pool = 'api', ready = true): Evidence =>
  seen(second, {
    resource: 'Node',
    ...named(`zone-${zone}-${pool}`, ''),
    zone,
    pool,
    ready,
    unschedulable: false,
    taints: [],
    arch: 'amd64',
  })

export type PodStory = {
  readonly name: string
  readonly app: string
  readonly namespace?: string
  readonly node?: string
  readonly labels?: Readonly<Record<string, string>>
  /** Seconds at which it is seen first, runs, is Ready, is Ready no more, is asked to end and is gone. */
  readonly born: number
  readonly runs?: number
  readonly ready?: number
  readonly unready?: number
  readonly again?: number
  readonly ends?: number
  readonly gone?: number
  readonly grace?: number
  readonly killed?: boolean
}

/** The versions of one pod, from birth to death. */
export function podLife(story: PodStory): Evidence[] {
  const { born, runs = story.ready, ready, unready, again, ends, gone, grace, killed } = story
  const at = (
    second: number | undefined,
    changes: Partial<PodSeen>,
    change: 'added' | 'modified' | 'deleted' = 'modified',
  ) => (second === undefined ? [] : [seen(second, { ...podSeen(story), ...changes }, change)])
  const graceMs = grace === undefined ? {} : { graceMs: seconds(grace) }
  const last = killed ? 'Failed' : 'Succeeded'
  return [
    ...at(born, { podPhase: 'Pending', ready: false }, 'added'),
    ...(runs === ready ? [] : at(runs, { ready: false })),
    ...at(ready, {}),
    ...at(unready, { ready: false }),
    ...at(again, {}),
    ...at(ends, { deleting: true, ...graceMs }),
    ...at(gone, { deleting: true, ready: false, podPhase: last, graceMs: millis(0) }, 'deleted'),
  ]
}

const podSeen = ({ name, app, namespace, node, labels = {} }: PodStory): PodSeen => ({
  resource: 'Pod',
  ...named(name, namespace),
  app,
  labels,
  ...(node === undefined ? {} : { node }),
  podPhase: 'Running',
  ready: true,
  deleting: false,
  restarts: 0,
})

/** Pods of an app that stand Ready on these nodes from before the load on. */
export const standing = (app: string, ...on: readonly string[]): Evidence[] =>
  on.flatMap((node, n) => podLife({ name: `${app}-${n + 1}`, app, node, born: -2, ready: -1 }))

export const endpoints = (second: number, service: string, ready: number): Evidence =>
  seen(second, { resource: 'EndpointSlice', ...named(`${service}-slice`), service, ready, notReady: 0 })

export const budget = (second: number, name: string, counts: Partial<BudgetSeen>): Evidence =>
  seen(second, {
    resource: 'PodDisruptionBudget',
    ...named(name),
    healthy: 2,
    wantedHealthy: 1,
    expected: 2,
    allowed: 1,
    ...counts,
  })

export const scrape = (second: number, source: string, pod: string, ...series: readonly Series[]): Evidence => ({
  kind: 'sample',
  at: secondAt(second),
  source,
  pod,
  ok: true,
  series,
})

/** Scrapes of a source that has no pod, one a second. */
export const nobody = (source: string, from: number, to = 160): Evidence[] =>
  Array.from({ length: Math.max(0, Math.ceil(to - from)) }, (_, n) => ({
    kind: 'sample',
    at: secondAt(from + n),
    source,
    pod: '',
    ok: false,
    problem: 'no running pod matches its selector',
  }))

/** One scrape a second of one number. */
export const scrapes = (
  source: string,
  pod: string,
  name: string,
  value: (second: number) => number,
  labels: Readonly<Record<string, string>> = {},
): Evidence[] =>
  Array.from({ length: 161 }, (_, second) => scrape(second + 0.2, source, pod, { name, labels, value: value(second) }))

/** The ScaledObject of the worker, whose trigger is active or not. */
export const triggered = (second: number, is: boolean): Evidence =>
  seen(second, {
    resource: 'ScaledObject',
    ...named('worker'),
    of: 'worker',
    ofKind: 'Deployment',
    min: 0,
    max: 4,
    pollingMs: seconds(2),
    cooldownMs: seconds(10),
    conditions: [{ type: 'Active', status: is ? 'True' : 'False', reason: '', message: '' }],
    metrics: ['s0'],
  })
