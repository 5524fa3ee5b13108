/** A release of configuration as the adapter performs it, against an API server with one Deployment and its ConfigMaps. */
import { describe, expect, it } from 'vitest'
import { kubernetesActions } from '../../../src/adapters/kubernetes/actions/actions.ts'
import { podTemplate } from '../../../src/adapters/kubernetes/actions/release.ts'
import { systemClock } from '../../../src/cli/clock.ts'
import { changeOf } from '../../../src/domain/action.ts'
import type { ChangeOn } from '../../../src/domain/change.ts'
import type { ConfigRelease } from '../../../src/domain/configuration.ts'
import type { ActionStepData, Undo } from '../../../src/domain/evidence.ts'
import type { PlannedAction } from '../../../src/domain/timeline.ts'
import { millis, seconds } from '../../../src/domain/units.ts'
import { actionOf } from '../../support/evidence-actions.ts'
import { target } from '../../support/evidence-rehearsal.ts'
import { releaseAct } from '../../support/evidence-release.ts'
import { smallApiServer, standing } from '../../support/small-api-server.ts'

const DEPLOYMENT = '/apis/apps/v1/namespaces/casino/deployments/gateway'
const MAP = (name: string) => `/api/v1/namespaces/casino/configmaps/${name}`
const configMap = (name: string, data: Record<string, string>) => ({ metadata: { name }, data })

const deployment = () => ({
  metadata: { name: 'gateway', generation: 1 },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'gateway' } },
    template: {
      metadata: { labels: { app: 'gateway' } },
      spec: {
        containers: [
          {
            name: 'app',
            image: 'gateway:1',
            envFrom: [{ secretRef: { name: 'keys' } }, { configMapRef: { name: 'gateway', optional: true } }],
            env: [
              { name: 'A', value: '1' },
              { name: 'LIMIT', valueFrom: { configMapKeyRef: { name: 'gateway', key: 'LIMIT' } } },
            ],
          },
        ],
        volumes: [
          { name: 'tmp', emptyDir: {} },
          { name: 'flags', configMap: { name: 'flags' } },
        ],
      },
    },
  },
  status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: 2 },
})

type Objects = Record<string, { data?: Record<string, string>; metadata: object; spec?: object }>

/** A pod that takes the ConfigMap in an init container and in a projected volume only. */
const elsewhere = () => {
  const { spec, ...rest } = deployment()
  const ref = { name: 'gateway' }
  const pod = {
    initContainers: [
      { name: 'render', image: 'render:1', envFrom: [{ configMapRef: ref }] },
      { name: 'check', env: [{ name: 'LIMIT', valueFrom: { configMapKeyRef: { ...ref, key: 'LIMIT' } } }] },
    ],
    containers: [{ name: 'app', image: 'gateway:1' }],
    volumes: [
      { name: 'all', projected: { sources: [{ secret: { name: 'keys' } }, { configMap: { ...ref, items: [] } }] } },
      { name: 'token', projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } },
    ],
  }
  return { ...rest, spec: { ...spec, template: { ...spec.template, spec: pod } } }
}

const cluster = (workload: object = deployment()): Objects => ({
  [DEPLOYMENT]: workload as Objects[string],
  [MAP('gateway')]: configMap('gateway', { LIMIT: '10', OTHER: 'x' }),
  [MAP('gateway-2')]: configMap('gateway-2', { LIMIT: '20' }),
  [MAP('flags')]: configMap('flags', { promo: 'on' }),
  '/api/v1/namespaces/casino/pods': { metadata: {}, items: [] } as never,
})

async function performed(config: ConfigRelease, workload?: object) {
  const objects = cluster(workload)
  const before = structuredClone(objects)
  const api = await smallApiServer(standing(objects))
  const actions = kubernetesActions(api, systemClock)
  const act = releaseAct({ images: {}, config })
  const planned = { ...actionOf('gateway 2', act), atMs: millis(0) } as unknown as PlannedAction
  const prepared = await actions.prepare('run-1', target, planned, ['Deployment/casino/gateway'])
  const steps: ActionStepData[] = []
  const gate = { preview: async () => 'promote' as const, step: async () => 'promote' as const }
  await prepared.perform((step) => steps.push(step), new AbortController().signal, gate)
  return { objects, before, steps, prepared, undo: (undo: Undo) => actions.undo(undo, seconds(5)) }
}

const written = (steps: readonly ActionStepData[]) => steps.find((step) => step.is === 'config-written')

describe('a release of configuration', () => {
  it('writes values and their checksum, records both digests, and gives everything back', async () => {
    const config = { kind: 'values', configMap: 'gateway', set: { LIMIT: '20', NEW: 'y' }, checksum: 'sum' } as const
    const { objects, before, steps, prepared, undo } = await performed(config)
    expect(objects[MAP('gateway')]?.data).toEqual({ LIMIT: '20', OTHER: 'x', NEW: 'y' })
    const step = written(steps)
    expect(step).toMatchObject({ configMap: 'gateway', taken: ['environment'] })
    expect(step?.now).toMatch(/^[0-9a-f]{64}$/)
    expect(step?.now).not.toBe(step?.was)
    expect(objects[DEPLOYMENT]?.spec).toMatchObject({ template: { metadata: { annotations: { sum: step?.now } } } })
    expect(steps.map(({ is }) => is)).toEqual(['begun', 'config-written', 'done'])
    expect(prepared.undos.map(({ does }) => does)).toEqual(['restore-template', 'restore-values'])
    for (const each of prepared.undos.toReversed()) expect(await undo(each)).toBe('undone')
    expect(objects[MAP('gateway')]?.data).toEqual(before[MAP('gateway')]?.data)
    expect(objects[DEPLOYMENT]?.spec).toEqual({
      ...before[DEPLOYMENT]?.spec,
      template: { ...deployment().spec.template, metadata: { labels: { app: 'gateway' }, annotations: {} } },
    })
  })

  it('without a checksum replaces no pod', async () => {
    const { objects, before, steps, prepared } = await performed({
      kind: 'values',
      configMap: 'flags',
      set: { promo: 'off' },
    })
    expect(written(steps)).toMatchObject({ taken: ['files'] })
    expect(objects[DEPLOYMENT]).toEqual(before[DEPLOYMENT])
    expect(prepared.undos.map(({ does }) => does)).toEqual(['restore-values'])
    expect(steps.at(-1)).toEqual({ is: 'done', note: 'written for the running pods of Deployment gateway' })
  })

  it('puts another ConfigMap in its place wherever the template takes it', async () => {
    const { objects, before, steps, prepared, undo } = await performed({
      kind: 'replaced',
      configMap: 'gateway',
      by: 'gateway-2',
    })
    const FLAGS = '"name":"flags"'
    const names = JSON.stringify(objects[DEPLOYMENT]?.spec).match(/"name":"(gateway-2|gateway|flags|keys)"/g)
    expect(names).toEqual(['"name":"keys"', '"name":"gateway-2"', '"name":"gateway-2"', FLAGS, FLAGS])
    expect(written(steps)).toMatchObject({ configMap: 'gateway-2' })
    for (const each of prepared.undos) expect(await undo(each)).toBe('undone')
    expect(objects[DEPLOYMENT]?.spec).toEqual(before[DEPLOYMENT]?.spec)
  })

  it('finds the ConfigMap in init containers and projected volumes too', async () => {
    const config = { kind: 'replaced', configMap: 'gateway', by: 'gateway-2' } as const
    const { objects, before, steps, prepared, undo } = await performed(config, elsewhere())
    const expected = JSON.stringify(before[DEPLOYMENT]?.spec).replaceAll('"name":"gateway"', '"name":"gateway-2"')
    expect(JSON.stringify(objects[DEPLOYMENT]?.spec)).toBe(expected)
    expect(expected.match(/gateway-2/g)).toHaveLength(3)
    // A restart of a container does not run an init container again: its start proves nothing.
    expect(written(steps)).toMatchObject({ taken: ['files'] })
    for (const each of prepared.undos) expect(await undo(each)).toBe('undone')
    expect(objects[DEPLOYMENT]?.spec).toEqual(before[DEPLOYMENT]?.spec)
  })

  it('gives a value back only while it is the one that was written', async () => {
    const { objects, prepared, undo } = await performed({
      kind: 'values',
      configMap: 'gateway',
      set: { LIMIT: '20', NEW: 'y' },
    })
    const map = objects[MAP('gateway')]
    if (map?.data !== undefined) map.data.LIMIT = '30'
    for (const each of prepared.undos) await undo(each)
    expect(objects[MAP('gateway')]?.data).toEqual({ LIMIT: '30', OTHER: 'x' })
  })
})

describe('a release of configuration is refused', () => {
  const values = (configMap: string, set: Record<string, string>) => ({ kind: 'values', configMap, set }) as const
  it.each([
    ['of a ConfigMap that does not exist', values('gone', { A: 'b' }), 'object-missing', 'configmaps/gone'],
    [
      'by a ConfigMap that is not there',
      { kind: 'replaced', configMap: 'gateway', by: 'gone' } as const,
      'object-missing',
      'configmaps/gone',
    ],
    ['that the pods do not use', values('gateway-2', { A: 'b' }), 'config-not-taken', 'uses the ConfigMap gateway-2'],
    ['that the ConfigMap has already', values('gateway', { LIMIT: '10' }), 'release-changes-nothing', 'already'],
  ])('%s', async (_, config, code, problem) => {
    const api = await smallApiServer(standing(cluster()))
    const act = releaseAct({ images: {}, config })
    const change = changeOf(act) as ChangeOn<'pod-template'>
    const issue = await podTemplate.problem({ api, action: actionOf('gateway 2', act), change, target })
    expect(issue).toMatchObject({ code, problem: expect.stringContaining(problem) })
  })
})
