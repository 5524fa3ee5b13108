import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type DaemonBench, daemonBench, pathOf } from './daemon-bench.ts'

let bench: DaemonBench
beforeAll(async () => {
  bench = await daemonBench()
})
afterAll(() => bench?.stop())

describe('admission through kubectl', () => {
  const rows: { object: string; answer: string }[] = readFileSync(
    new URL('../../protocols/chaos-mesh/observed/admission.ndjson', import.meta.url),
    'utf8',
  )
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const answerOf = (name: string) => rows.find((row) => row.object === name)?.answer ?? 'no such row'
  const all = { mode: 'all', selector: { namespaces: ['default'], labelSelectors: { app: 'api' } } }
  const dryRun = async (kind: string, spec: object) => {
    const file = join(bench.bare.root, 'object.json')
    writeFileSync(file, JSON.stringify({ apiVersion: 'chaos-mesh.org/v1alpha1', kind, metadata: { name: 'x' }, spec }))
    return bench.bare.kubectl('create', '--dry-run=server', '-f', file)
  }

  it.each<[string, string, object]>([
    ['PodChaos unknown action', 'PodChaos', { action: 'pod-explode', ...all }],
    ['PodChaos mode fixed without value', 'PodChaos', { action: 'pod-kill', ...all, mode: 'fixed' }],
    ['PodChaos fixed-percent 150', 'PodChaos', { action: 'pod-kill', ...all, mode: 'fixed-percent', value: '150' }],
    ['PodChaos duration 20x', 'PodChaos', { action: 'pod-kill', ...all, duration: '20x' }],
    ['PodChaos container-kill without names', 'PodChaos', { action: 'container-kill', ...all }],
    ['PodChaos without mode', 'PodChaos', { action: 'pod-kill', selector: all.selector }],
    ['PodChaos unknown field', 'PodChaos', { action: 'pod-kill', ...all, frobnicate: true }],
    ['PodChaos negative grace', 'PodChaos', { action: 'pod-kill', ...all, gracePeriod: -1 }],
    [
      'NetworkChaos delay direction from + externalTargets',
      'NetworkChaos',
      { action: 'delay', delay: { latency: '1ms' }, direction: 'from', externalTargets: ['10.0.0.1'], ...all },
    ],
    ['NetworkChaos bad direction', 'NetworkChaos', { action: 'partition', direction: 'sideways', ...all }],
    ['HTTPChaos port 0', 'HTTPChaos', { target: 'Request', port: 0, ...all }],
    ['HTTPChaos bad method', 'HTTPChaos', { target: 'Request', port: 80, method: 'get', ...all }],
    ['HTTPChaos bad delay', 'HTTPChaos', { target: 'Request', port: 80, delay: '10q', ...all }],
    ['DNSChaos bad action', 'DNSChaos', { action: 'lie', ...all }],
    ['StressChaos load 120', 'StressChaos', { stressors: { cpu: { workers: 1, load: 120 } }, ...all }],
  ])('answers as Chaos Mesh: %s', async (row, kind, spec) => {
    const { code, out } = await dryRun(kind, spec)
    expect(code).not.toBe(0)
    expect(out).toContain(answerOf(row))
  })

  it('accepts what Chaos Mesh accepts and the lab can enact', async () => {
    expect(await dryRun('NetworkChaos', { action: 'partition', direction: 'both', ...all })).toMatchObject({ code: 0 })
    expect(await dryRun('HTTPChaos', { target: 'Request', port: 80, abort: true, ...all })).toMatchObject({ code: 0 })
    expect(await dryRun('DNSChaos', { action: 'error', ...all })).toMatchObject({ code: 0 })
  })

  it('accepts every file in chaos/', async () => {
    for (const namespace of ['casino', 'providers']) await bench.bare.kubectl('create', 'namespace', namespace)
    const folder = fileURLToPath(new URL('../../../chaos', import.meta.url))
    const { code, out } = await bench.bare.kubectl('apply', '--dry-run=server', '-f', folder)
    expect(
      out
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith(' created (server dry run)')),
    ).toEqual([])
    expect(code).toBe(0)
  })

  it('gives the reason when only the lab cannot enact an object', async () => {
    const { code, out } = await dryRun('NetworkChaos', { action: 'loss', loss: { loss: '50' }, ...all })
    expect(code).not.toBe(0)
    expect(out).toMatch(/admission webhook "vnetworkchaos.kb.io" denied the request: .*lose single packets/)
  })

  it('refuses to change a spec', async () => {
    await bench.create('PodChaos', 'fixed', {
      action: 'pod-failure',
      mode: 'all',
      selector: { labelSelectors: { app: 'x' } },
    })
    const change = bench.bare.cluster.merge(pathOf('PodChaos', 'fixed'), { spec: { duration: '9s' } })
    await expect(change).rejects.toThrow(
      'admission webhook "vpodchaos.kb.io" denied the request: Cannot update chaos spec',
    )
    await bench.remove('PodChaos', 'fixed')
  })
})
