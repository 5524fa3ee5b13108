/** The controller dies at every step of every action (promotions: promotion.crash.test.ts), and what the action changed is as it was before: healed from the journal, and without it. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { buildImages } from '../../src/lab/images/build.ts'
import { labDown } from '../../src/lab/lab.ts'
import { type Json, type LabBench, labBench } from '../lab/support/lab-bench.ts'
import { matchday, recordsOf, startRunOn } from '../support/lab.ts'

const deployment = (name: string, pool: string, replicas: number) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        nodeSelector: { 'matchday.dev/pool': pool },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'kubernetes.io/hostname',
            whenUnsatisfiable: 'ScheduleAnyway',
            labelSelector: { matchLabels: { app: name } },
          },
        ],
        containers: [
          {
            name: 'web',
            image: 'test/web',
            ports: [{ containerPort: 8080 }],
            readinessProbe: { httpGet: { path: '/healthz', port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  },
})
const workload = [
  deployment('web', 'api', 2),
  deployment('seats', 'realtime', 2),
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'seats', namespace: 'default' },
    spec: { minAvailable: 1, selector: { matchLabels: { app: 'seats' } } },
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'seats', namespace: 'default' },
    // The pods that it starts with are its minimum and what the pin holds: an HPA takes five minutes to scale down again.
    spec: {
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'seats' },
      minReplicas: 2,
      maxReplicas: 4,
      metrics: [
        { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 99 } } },
      ],
    },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'features', namespace: 'default' },
    data: { FEATURES: 'promo=on' },
  },
]

/** What each action is, and after how many seconds it is to end by itself; a rollout has no such end. */
const acts: Readonly<Record<string, { readonly forS?: number; readonly act: string }>> = {
  taint: { forS: 2, act: 'taint: {pool: batch, key: matchday.dev/lost, effect: NoSchedule}' },
  drain: { forS: 12, act: 'drain: {zone: zone-a, pool: realtime}' },
  'power-off': { forS: 12, act: 'powerOff: {pool: batch}' },
  scale: { forS: 8, act: 'scale: {deployment: web, replicas: 3}' },
  pin: { forS: 8, act: 'pin: {deployment: seats, replicas: 2}' },
  rollout: { act: 'rollout: {deployment: web}' },
  release: {
    forS: 30,
    act: 'release: {deployment: web, image: {web: test/web-next}, annotations: {checksum/config: next}, within: 29s, rollBackWithin: 2s}',
  },
  flag: { forS: 4, act: "flag: {configMap: features, key: FEATURES, value: 'promo=off'}" },
}
/** Whoever dies before the end needs none, and on a busy machine an action may take its time to be done. */
const ENDLESS_S = 60
const endless = (kind: string): string => `${kind}-endless`

const rehearsalOf = (kind: string, forS = acts[kind]?.forS): string => `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: crash-action}
spec:
  hypothesis: Whoever dies, whatever was done is undone.
  target: {contexts: [lab]}
  load: {script: ${join(process.cwd(), 'test/rehearsals/idle.ts')}, arrivals: {login: 1/s}}
  blastRadius: {namespaces: [default], pods: 100%, zones: 3}
  timeline: [{phase: steady, for: ${(forS ?? ENDLESS_S) + 4}s, load: 1x}]
  actions:
    - {name: the action, during: steady, at: 0s, ${forS === undefined ? '' : `for: ${forS}s, `}${acts[kind]?.act}}
  slos: [{sli: login, objective: 50%}]
`
// Nobody is asked there: what players see is not what these tests are about.
const TARGET = `apiVersion: matchday.dev/v1
kind: Target
spec: {context: lab, namespace: default, entry: 'http://127.0.0.1:9', sources: {}}
`

let bench: LabBench
let before: Json
const scratch = (): string => join(bench.root, 'logs')
const file = (name: string): string => join(scratch(), name)

beforeAll(async () => {
  bench = await labBench()
  const entry = join(import.meta.dirname, '../lab/nodes/web-app.ts')
  await buildImages({
    folder: bench.paths.images,
    sources: ['test/web', 'test/web-next'].map((name) => ({ name, entry })),
  })
  await bench.up()
  writeFileSync(file('workload.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items: workload }))
  await bench.kubectl('apply', '-f', file('workload.json'))
  for (const name of ['web', 'seats']) await bench.kubectl('rollout', 'status', `deployment/${name}`, '--timeout=60s')
  writeFileSync(file('target.yaml'), TARGET)
  for (const [kind, { forS }] of Object.entries(acts)) {
    writeFileSync(file(`${kind}.rehearsal.yaml`), rehearsalOf(kind))
    writeFileSync(file(`${endless(kind)}.rehearsal.yaml`), rehearsalOf(kind, forS && ENDLESS_S))
  }
  mkdirSync(file('reports'))
  mkdirSync(file('no-reports'))
  before = await state()
})
afterAll(async () => {
  await labDown(bench.root)
  bench.remove()
})

/** Everything that an action may change, on every object that it may change. */
async function state(): Promise<Json> {
  const [nodes, deployments, scaler, features] = await Promise.all([
    bench.get('nodes'),
    bench.get('deployments', '-n', 'default'),
    bench.get('hpa', 'seats', '-n', 'default'),
    bench.get('configmap', 'features', '-n', 'default'),
  ])
  return {
    nodes: nodes.items.map(({ metadata, spec, status }: Json) => ({
      name: metadata.name,
      labels: metadata.labels,
      annotations: metadata.annotations,
      taints: spec.taints,
      unschedulable: spec.unschedulable,
      ready: status.conditions.find(({ type }: Json) => type === 'Ready').status,
    })),
    deployments: deployments.items.map(({ metadata, spec, status }: Json) => ({
      name: metadata.name,
      labels: metadata.labels,
      marks: Object.keys(metadata.annotations).filter((key) => key.startsWith('matchday.dev/')),
      replicas: spec.replicas,
      ready: status.readyReplicas,
      images: spec.template.spec.containers.map(({ image }: Json) => image),
      checksum: spec.template.metadata.annotations?.['checksum/config'],
    })),
    scaler: [
      scaler.metadata.labels,
      Object.keys(scaler.metadata.annotations ?? {}),
      scaler.spec.minReplicas,
      scaler.spec.maxReplicas,
    ],
    features: [features.metadata.labels, Object.keys(features.metadata.annotations ?? {}), features.data],
  }
}

/** As it was: restarts of pods leave no trace in this, and Kubernetes' own taints are gone when the nodes are what they were. */
const expectAsBefore = () =>
  vi.waitFor(async () => expect(await state()).toEqual(before), { timeout: 30_000, interval: 250 })

const clusterFlags = (): string[] => [
  '--context',
  'lab',
  '--kubeconfig',
  bench.paths.kubeconfig,
  '--target',
  file('target.yaml'),
]
const begin = (kind: string) =>
  startRunOn({ reports: file('reports'), root: bench.root }, file(`${kind}.rehearsal.yaml`), ...clusterFlags())

type Fits = (record: Evidence) => boolean
const step =
  (is: string): Fits =>
  (record) =>
    record.kind === 'action-step' && record.step.is === is
const AT_ITS_END = 'heal requested or kept'
const steps: readonly (readonly [string, Fits])[] = [
  ['undo written', (record) => record.kind === 'undo-written'],
  ['begun', step('begun')],
  ['done', step('done')],
  [AT_ITS_END, (record) => step('heal-requested')(record) || step('kept')(record)],
]
// Once each action is begun, its marks are all that is needed.
const table = Object.keys(acts).flatMap((kind) =>
  steps.map(([name, at]) => [kind, name, name === 'begun' ? 'the marks' : 'the journal', at] as const),
)

beforeEach(expectAsBefore)

describe('kill -9 of the controller', () => {
  it.each(table)('%s, at "%s": heal leaves nothing, from %s', async (kind, name, source, at) => {
    const run = begin(name === AT_ITS_END ? kind : endless(kind))
    await run.until(at)
    run.signal('SIGKILL')
    await run.ended
    const reports = source === 'the journal' ? `${run.folder()}/..` : file('no-reports')
    const healed = await matchday(bench, 'heal', ...clusterFlags(), '--reports', reports, '--output', 'json')
    expect(healed.stderr).toBe('')
    expect(healed.code).toBe(0)
    expect(JSON.parse(healed.stdout).left).toEqual([])
    await expectAsBefore()
    expect((await bench.get('leases', '-n', 'default')).items).toEqual([])
  })
})

describe('an undisturbed action', () => {
  it('goes through its steps in order, evicts within the disruption budget, and is undone on time', async () => {
    // Drained before, they all stand on the other node, where nobody would be evicted now.
    await bench.kubectl('delete', 'pods', '-n', 'default', '-l', 'app=seats')
    await bench.kubectl('rollout', 'status', 'deployment/seats', '--timeout=60s')
    const places = (await bench.get('pods', '-n', 'default', '-l', 'app=seats')).items.map(
      ({ spec }: Json) => spec.nodeName,
    )
    expect(places.sort()).toEqual(['zone-a-realtime', 'zone-b-realtime'])
    const run = begin('drain')
    await run.ended
    const records = await recordsOf(run)
    const seen = records.flatMap((record) => (record.kind === 'action-step' ? [record.step.is] : []))
    expect(seen.filter((is) => !is.startsWith('evict'))).toEqual([
      'admitted',
      'begun',
      'done',
      'heal-requested',
      'healed',
    ])
    expect(seen).toContain('evicted')
    expect(records.at(-1)).toMatchObject({ kind: 'run-ended', healed: true })
    const kinds = records.flatMap((record) =>
      record.kind === 'undo-written' || record.kind === 'undo-done' || step('begun')(record) ? [record.kind] : [],
    )
    expect(kinds).toEqual(['undo-written', 'action-step', 'undo-done'])
    await expectAsBefore()
  })

  it('is not undone if somebody else has changed the value', async () => {
    const run = begin('flag')
    await run.until(step('done'))
    await bench.kubectl(
      'patch',
      'configmap',
      'features',
      '-n',
      'default',
      '--type=merge',
      '-p',
      '{"data":{"FEATURES":"promo=half"}}',
    )
    await run.ended
    const { data, metadata } = await bench.get('configmap', 'features', '-n', 'default')
    expect([data.FEATURES, metadata.labels]).toEqual(['promo=half', undefined])
    await bench.kubectl(
      'patch',
      'configmap',
      'features',
      '-n',
      'default',
      '--type=merge',
      '-p',
      '{"data":{"FEATURES":"promo=on"}}',
    )
  })

  it.each([
    ['would harm more than is allowed', 'scale', ['replicas: 3', 'replicas: 0'], 2, 'blast-radius-exceeded'],
    ['means a workload that is not there', 'scale', ['deployment: web', 'deployment: wob'], 5, 'object-missing'],
  ] as const)('that %s is refused before anything is touched', async (_, kind, [from, to], code, issue) => {
    const text = rehearsalOf(kind).replace('pods: 100%', 'pods: 1').replace(from, to)
    writeFileSync(file('refused.rehearsal.yaml'), text)
    const run = begin('refused')
    const ended = await run.ended
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(issue)])
    expect(existsSync(join(run.folder(), 'journal.ndjson'))).toBe(false)
    await expectAsBefore()
  })
})
