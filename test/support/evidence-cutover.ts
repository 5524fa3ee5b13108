/** A cutover to a standby region in the stock run, from second 100 on: its plan in the target file, its steps, both regions' objects, requests and books. */
import type { CutoverPlace, CutoverReading, CutoverStep, CutoverStepPlan } from '../../src/domain/cutover.ts'
import { cutoverSteps, regionKinds } from '../../src/domain/cutover.ts'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import type { ContainerSeen, PostureKind, PostureObject, WorkloadSeen } from '../../src/domain/posture.ts'
import type { CutCell, CutCells } from '../../src/domain/restore.ts'
import { instant, millis, ratio, seconds } from '../../src/domain/units.ts'
import {
  actionOf,
  actionSteps,
  evidence,
  mapped,
  place,
  rehearsal,
  START,
  type Story,
  scrapes,
  secondAt,
  toBad,
  together,
} from './evidence.ts'

const service = (namespace: string, path: string) => ({ namespace, service: 'orders', port: 8080, path })
const status = (namespace: string): CutoverReading => ({
  kind: 'status',
  method: 'POST',
  ...service(namespace, '/trial-write'),
})
const accepts = (namespace: string) => ({ reading: status(namespace), wants: { kind: 'is', value: 200 } }) as const
const answer = (namespace: string, field: string): CutoverReading => ({
  kind: 'answer',
  field: [field],
  ...service(namespace, '/database'),
})
const mode = (namespace: string, value: string) =>
  ({
    kind: 'field',
    apiVersion: 'v1',
    plural: 'configmaps',
    namespace,
    name: 'orders',
    field: ['data', 'writes'],
    value,
  }) as const

const watched = (...proofs: CutoverStepPlan['proofs']): CutoverStepPlan => ({
  switches: [],
  proofs,
  undo: { kind: 'switches', switches: [] },
})

/** From the region `west` to `east`. There is no way back from the promotion. */
export const eastward: CutoverPlace = {
  from: { name: 'west', namespace: 'shop-west', writable: accepts('shop-west') },
  to: { name: 'east', namespace: 'shop-east', writable: accepts('shop-east') },
  steps: {
    ready: watched({
      reading: answer('shop-east', 'replicas'),
      wants: { kind: 'same-as', reading: answer('shop-west', 'replicas') },
    }),
    freeze: {
      switches: [mode('shop-west', 'off')],
      proofs: [{ reading: status('shop-west'), wants: { kind: 'is', value: 503 } }],
      undo: { kind: 'restore' },
    },
    drain: watched({ reading: answer('shop-west', 'underWay'), wants: { kind: 'at-most', value: 0 } }),
    'catch-up': watched({
      reading: answer('shop-east', 'lsn'),
      wants: { kind: 'same-as', reading: answer('shop-west', 'lsn') },
    }),
    promote: {
      switches: [
        { kind: 'call', ...service('shop-west', '/fence') },
        { kind: 'call', ...service('shop-east', '/promote') },
      ],
      proofs: [{ reading: answer('shop-east', 'role'), wants: { kind: 'is', value: 'primary' } }],
      undo: { kind: 'forward' },
    },
    warm: watched(),
    traffic: {
      switches: [{ kind: 'weights', namespace: 'shop-west', route: 'entry', from: 'west', to: 'east' }],
      proofs: [],
      undo: { kind: 'restore' },
    },
    thaw: {
      switches: [mode('shop-east', 'on')],
      proofs: [accepts('shop-east')],
      undo: { kind: 'restore' },
    },
  },
  book: { book: 'wallet', namespace: 'shop-east', service: 'orders', port: 8080 },
  served: { metric: 'http_requests_total', where: {}, from: 'west', to: 'east' },
}

const each = <T>(value: T) => Object.fromEntries(cutoverSteps.map((step) => [step, value])) as Record<CutoverStep, T>
export const cutoverAct = {
  kind: 'cutover',
  plan: 'eastward',
  writes: 'deposit',
  rtoMs: seconds(20),
  budgets: each(seconds(5)),
  shares: [ratio(0.5), ratio(1)],
  holdMs: millis(500),
  reads: { sli: 'login', withinMs: millis(250) },
} as const

const cell = (keys: number): CutCell => ({
  count: keys,
  amountCents: keys * 100,
  digestLow: keys * 7,
  digestHigh: keys * 11,
})
export const cells = (...counts: number[]): readonly CutCells[] => [{ operation: 'deposit', cells: counts.map(cell) }]
export const BOOKED = cells(9_000, 5, 0)

/** Seconds of a step's begin and proof; null: it never was. */
export type CutoverTimes = { readonly [K in CutoverStep]?: readonly [begun: number, proven: number | null] }
export const onTime: CutoverTimes = {
  ready: [100, 100.3],
  freeze: [100.3, 101],
  drain: [101, 102],
  'catch-up': [102, 102.4],
  promote: [102.6, 105],
  traffic: [105.4, 107],
  thaw: [107, 107.5],
}
const cuts = [secondAt(101), secondAt(102.5)]
export const bookAt = (
  second: number,
  region: 'old-drained' | 'old-before' | 'old-after' | 'new',
  shown: readonly CutCells[] = BOOKED,
): readonly [number, ActionStepData] => [second, { is: 'region-book', book: 'wallet', region, cuts, cells: shown }]
export const DRAINED = bookAt(102.05, 'old-drained')
export const notes: readonly (readonly [number, ActionStepData])[] = [
  DRAINED,
  [106, { is: 'cutover-share', share: ratio(0.5) }],
  [106.5, { is: 'cutover-share', share: ratio(1) }],
  [105.1, { is: 'regions-read', step: 'promote', from: 'no', to: 'no' }],
  [107.6, { is: 'regions-read', step: 'thaw', from: 'no', to: 'yes' }],
]
export const BOOKS = [bookAt(102.5, 'old-before'), bookAt(105.2, 'old-after'), bookAt(105.3, 'new')]

export function stepsOf(times: CutoverTimes): (readonly [number, ActionStepData])[] {
  return Object.entries(times).flatMap(([name, [begun, proven]]): (readonly [number, ActionStepData])[] => {
    const step = name as CutoverStep
    const ends: (readonly [number, ActionStepData])[] =
      proven === null ? [] : [[proven, { is: 'cutover-proven', step, note: 'as wanted' }]]
    return [[begun, { is: 'cutover-begun', step }], ...ends]
  })
}

const container = (image: string): ContainerSeen => ({
  name: 'app',
  image,
  init: false,
  requests: [],
  limits: [],
  readiness: true,
  liveness: true,
  startup: true,
  hostPorts: [],
  security: { privileged: false, mayEscalate: false, nonRoot: true, readOnlyRoot: true, added: [], dropped: [] },
})
export const deployed = (namespace: string, image = 'orders@sha256:a', replicas = 3): WorkloadSeen => ({
  resource: 'Workload',
  workloadKind: 'Deployment',
  namespace,
  name: 'orders',
  uid: `${namespace}-orders`,
  replicas,
  labels: {},
  graceMs: seconds(30),
  spreadOver: [],
  hostNamespaces: [],
  volumes: [],
  containers: [container(image)],
})
const listedIn = (namespace: string, objects: readonly PostureObject[]): Evidence[] =>
  regionKinds.map((resource: PostureKind) => ({
    kind: 'objects-listed',
    at: instant(START + 200),
    namespace,
    resource,
    objects: objects.filter((object) => object.resource === resource),
  }))

export type CutoverStory = {
  readonly times?: CutoverTimes
  readonly more?: readonly (readonly [number, ActionStepData])[]
  readonly east?: readonly PostureObject[]
  readonly west?: readonly PostureObject[]
  readonly unlike?: readonly string[]
  /** Requests a second of the old region, after its traffic has moved. */
  readonly strays?: number
  readonly load?: Story['load']
}

/** Writes fail from 101 to 108, and all else is well. */
export function cutoverRun(story: CutoverStory = {}): Evidence[] {
  const {
    times = onTime,
    west = [deployed('shop-west')],
    east = [deployed('shop-east')],
    strays = 0,
    load,
    unlike,
  } = story
  const more = story.more ?? [...notes, ...BOOKS, [107.7, { is: 'done', note: '' }], [107.8, { is: 'kept' }]]
  const told = evidence({
    rehearsal: {
      ...rehearsal,
      actions: [actionOf('go east', cutoverAct)],
      slos: [
        { kind: 'availability', sli: 'login', objective: ratio(0.999), at: place },
        ...rehearsal.slos.filter(({ sli }) => sli !== 'deposit' && sli !== 'login'),
      ],
    },
    load: (second, all) => {
      if (second >= 101 && second < 108) toBad(all.deposit, 99, 'http-503')
      load?.(second, all)
    },
  })
  const started = mapped(told, 'run-started', (record) => ({
    ...record,
    target: { ...record.target, cutovers: { eastward: { ...eastward, ...(unlike ? { unlike } : {}) } } },
  }))
  const steps = [...stepsOf(times), ...more].sort(([a], [b]) => a - b)
  const moved = (s: number) => Math.max(0, s - 107)
  return together(
    started,
    [...listedIn('shop-west', west), ...listedIn('shop-east', east)],
    actionSteps('go east', [99.9, { is: 'begun', targets: ['Region/shop-west/west'] }], ...steps),
    scrapes('west', 'west-1', 'http_requests_total', (s) => Math.min(s, 107) * 60 + moved(s) * strays, {}),
    scrapes('east', 'east-1', 'http_requests_total', (s) => moved(s) * 60, {}),
  )
}
