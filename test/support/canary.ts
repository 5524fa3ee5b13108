/** A canary of the gateway, and the requests that both of its releases count. */
import type { Clock } from '../../src/controller/ports.ts'
import type { Recorder } from '../../src/controller/recorder.ts'
import type { CanarySide } from '../../src/domain/canary.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { type Shadow, windowShares } from '../../src/domain/shadow.ts'
import { instant, ratio, seconds } from '../../src/domain/units.ts'

export type CanaryAct = Extract<ActionSpec['act'], { kind: 'release'; shape: 'canary' }>

export const canaryAct = (changes: Partial<CanaryAct['canary']> = {}): CanaryAct => ({
  kind: 'release',
  shape: 'canary',
  workload: { kind: 'Deployment', name: 'gateway-canary' },
  images: { gateway: 'registry.example/gateway:2' },
  annotations: {},
  withinMs: seconds(20),
  backWithinMs: seconds(15),
  canary: {
    replicas: 2,
    route: 'gateway',
    stable: 'gateway',
    canary: 'gateway-canary',
    steps: [ratio(0.1), ratio(0.5), ratio(1)],
    holdMs: seconds(15),
    extraMs: seconds(10),
    gate: {
      stable: 'gateway',
      canary: 'gateway-canary',
      where: [],
      errors: { atMost: ratio(0.01), from: 20 },
      latency: { histogram: 'http_request_duration_seconds', atMost: 0.5, from: 200 },
      slis: [],
    },
    ...changes,
  },
})

export type BlueGreenAct = Extract<ActionSpec['act'], { kind: 'release'; shape: 'blue-green' }>

/** The same release, which is visited ten times and gets all requests at once. */
export function blueGreenAct(): BlueGreenAct {
  const { canary, ...rest } = canaryAct({ steps: [ratio(1)] })
  const { latency: _, ...gate } = canary.gate
  return {
    ...rest,
    shape: 'blue-green',
    canary: { ...canary, gate },
    preview: { headers: { 'x-preview': 'next' }, requests: [{ path: '/login', status: 200 }], times: 10 },
  }
}

export type ABAct = Extract<ActionSpec['act'], { kind: 'release'; shape: 'a-b' }>

/** The same release for the cohort b, with three visitors of each cohort. */
export function aBAct(): ABAct {
  const { preview: _, canary, ...rest } = blueGreenAct()
  return {
    ...rest,
    shape: 'a-b',
    // Few visits fit into a hold on a busy machine whose clock runs faster.
    canary: { ...canary, gate: { ...canary.gate, errors: { atMost: ratio(0.01), from: 3 } } },
    cohorts: {
      headers: { 'x-cohort': 'b' },
      answeredBy: { header: 'X-Release', stable: 'old', canary: 'next' },
      visitors: 3,
      requests: [{ path: '/lobby', status: 200 }],
    },
  }
}

export type ShadowAct = Extract<ActionSpec['act'], { kind: 'release'; shape: 'shadow' }>

/** A fifth of the requests are copied in four of eight windows of 10 s, after both releases were asked the same. */
export function shadowAct(changes: Partial<Shadow> = {}): ShadowAct {
  const { preview: _, canary, ...rest } = blueGreenAct()
  const shadow: Shadow = {
    share: ratio(0.2),
    pairs: 4,
    latency: { sli: 'api', atMost: 0.2 },
    answers: {
      headers: { 'x-preview': 'next' },
      requests: [{ path: '/features', status: 200 }],
      ignore: ['token'],
      times: 5,
    },
    ...changes,
  }
  const steps = windowShares(shadow)
  return { ...rest, shape: 'shadow', canary: { ...canary, steps, holdMs: seconds(10), extraMs: seconds(0) }, shadow }
}

/** The time of this machine, but faster. */
export function fastClock(times: number): Clock {
  const [zero, began] = [1_790_000_000_000, performance.now()]
  const now = () => instant(zero + (performance.now() - began) * times)
  return {
    now,
    until: (at, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted()
        const timer = setTimeout(
          () => {
            signal?.removeEventListener('abort', ended)
            resolve()
          },
          Math.max(0, (at - now()) / times),
        )
        const ended = () => {
          clearTimeout(timer)
          reject(signal?.reason)
        }
        signal?.addEventListener('abort', ended, { once: true })
      }),
  }
}

export type Traffic = {
  readonly perSecond: number
  /** The share that really goes to the new release; that of the weights if left out. */
  readonly shareOf: (asked: number) => number
  readonly badOf: (side: CanarySide) => number
  readonly meanMsOf: (side: CanarySide) => number
  /** Copies that the new release gets of each request to the old one. */
  readonly copied: () => number
  /** Visits that the new release has answered well so far. */
  readonly visits: () => number
}

const healthy: Traffic = {
  perSecond: 60,
  shareOf: (asked) => asked,
  badOf: () => 0,
  meanMsOf: () => 40,
  copied: () => 0,
  visits: () => 0,
}

/** Both releases are scraped once a second of the clock's time. Returns what stops it. */
export function createTraffic(
  clock: Clock,
  recorder: Recorder,
  weights: () => readonly [number, number],
  changes: Partial<Traffic> = {},
): () => void {
  const traffic = { ...healthy, ...changes }
  const counts = { stable: [0, 0], canary: [0, 0] }
  let before: number = clock.now()
  const tick = () => {
    const now = clock.now()
    const all = (traffic.perSecond * (now - before)) / 1000
    before = now
    const [stable, canary] = weights()
    const share = traffic.shareOf(canary / (stable + canary))
    for (const [side, part] of [
      ['stable', all * (1 - share)],
      ['canary', all * (share + traffic.copied())],
    ] as const) {
      const [good = 0, bad = 0] = counts[side]
      const badPart = part * traffic.badOf(side)
      counts[side] = [good + part - badPart, bad + badPart]
      const visits = side === 'canary' ? traffic.visits() : 0
      recorder.record(sampleOf(side, [(counts[side][0] ?? 0) + visits, counts[side][1] ?? 0], traffic.meanMsOf(side)))
    }
  }
  tick()
  const timer = setInterval(tick, 30)
  return () => clearInterval(timer)
}

export function sampleOf(side: CanarySide, [good = 0, bad = 0]: readonly number[], meanMs: number) {
  const source = side === 'stable' ? 'gateway' : 'gateway-canary'
  const timed = 'http_request_duration_seconds'
  return {
    kind: 'sample',
    source,
    pod: `${source}-1`,
    ok: true,
    series: [
      { name: 'http_requests_total', labels: { code: '200' }, value: good },
      { name: 'http_requests_total', labels: { code: '500' }, value: bad },
      { name: `${timed}_count`, labels: {}, value: good + bad },
      { name: `${timed}_sum`, labels: {}, value: ((good + bad) * meanMs) / 1000 },
    ],
  } as const
}
