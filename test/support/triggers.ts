/** Records that triggers read. Times are in ms. */
import type { Evidence, EvidenceOf } from '../../src/domain/evidence.ts'
import type { Target } from '../../src/domain/rehearsal.ts'
import type { Trigger } from '../../src/domain/trigger.ts'
import { instant, perSecond, ratio } from '../../src/domain/units.ts'
import { target as stock } from './evidence.ts'

export const target: Target = { ...stock, namespace: 'shop' }
export const at = { file: 'a.yaml', line: 1, column: 1 }

export const triggers = {
  autoscaler: { kind: 'autoscaler', autoscaler: 'orders', at },
  rollout: { kind: 'rollout', deployment: 'orders', share: ratio(0.5), at },
  pod: { kind: 'pod', app: 'orders', turns: 'ended', at },
  gauge: { kind: 'gauge', of: 'broker', metric: 'waiting', where: {}, pods: 'sum', crosses: 'rises', value: 100, at },
  rate: { kind: 'rate', of: 'broker', metric: 'waiting', where: {}, crosses: 'rises', value: perSecond(100), at },
} as const satisfies Record<string, Trigger>

type Object = EvidenceOf<'object-seen'>['object']
type Change = EvidenceOf<'object-seen'>['change']
const seen = (ms: number, object: Object, change: Change = 'modified'): Evidence => ({
  kind: 'object-seen',
  at: instant(ms),
  change,
  object,
})
const named = (name: string) => ({ namespace: 'shop', name, uid: name })

export const wants = (ms: number, desired: number, change: Change = 'modified'): Evidence =>
  seen(
    ms,
    {
      resource: 'HorizontalPodAutoscaler',
      ...named('orders'),
      of: 'orders',
      min: 1,
      max: 9,
      current: 2,
      desired,
      metrics: [],
      conditions: [],
    },
    change,
  )

export const rollout = (ms: number, updated: number, current: number, wanted = 4): Evidence =>
  seen(ms, { resource: 'Deployment', ...named('orders'), wanted, current, ready: current, updated })

export const pod = (
  ms: number,
  state: { ready?: boolean; podPhase?: string; change?: Change; name?: string },
): Evidence =>
  seen(
    ms,
    {
      resource: 'Pod',
      ...named(state.name ?? 'orders-1'),
      app: 'orders',
      labels: {},
      podPhase: state.podPhase ?? 'Running',
      ready: state.ready ?? true,
      deleting: false,
      restarts: 0,
    },
    state.change,
  )

export const lost = (ms: number): Evidence => ({
  kind: 'evidence-lost',
  at: instant(ms),
  about: 'a watch',
  problem: 'it broke',
  of: 'object-seen',
})

/** One scrape of a pod. A text is a scrape that failed. */
export const scraped = (ms: number, value: number | string, name = 'broker-0'): Evidence =>
  typeof value === 'string'
    ? { kind: 'sample', at: instant(ms), source: 'broker', pod: name, ok: false, problem: value }
    : {
        kind: 'sample',
        at: instant(ms),
        source: 'broker',
        pod: name,
        ok: true,
        series: [{ name: 'waiting', labels: {}, value }],
      }

/** Scrapes once a second, from `fromMs`. */
export const scrapes = (fromMs: number, ...values: readonly (number | string)[]): readonly Evidence[] =>
  values.map((value, index) => scraped(fromMs + index * 1000, value))
