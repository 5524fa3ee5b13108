import { describe, expect, it } from 'vitest'
import { recordsAmong } from '../../../src/lab/chaos-daemon/targets.ts'
import { SEED_ANNOTATION } from '../../../src/protocols/chaos-mesh/experiment.ts'
import type { ChaosObject } from '../../../src/protocols/chaos-mesh/objects.ts'

const NODES = ['node-0', 'node-1', 'node-2']

/** Nine pods over three nodes; the ends of their names differ from run to run, as Kubernetes has it. */
const podsOfRun = (run: string) =>
  Array.from({ length: 9 }, (_, index) => ({
    metadata: { namespace: 'casino', name: `wallet-${(index * 7) % 9}${run}` },
    spec: { nodeName: NODES[index % 3] ?? '', containers: [{ name: 'wallet' }] },
    status: { phase: 'Running' },
  }))

const killing = (mode: ChaosObject['spec']['mode'], value: string, seed?: number) =>
  ({
    apiVersion: 'chaos-mesh.org/v1alpha1',
    kind: 'PodChaos',
    metadata: {
      name: 'kill',
      namespace: 'casino',
      ...(seed === undefined ? {} : { annotations: { [SEED_ANNOTATION]: String(seed) } }),
    },
    spec: { action: 'pod-kill', mode, value, selector: { namespaces: ['casino'] } },
  }) satisfies ChaosObject

const picked = (object: ChaosObject, pods = podsOfRun('a')): string[] => {
  const selected = recordsAmong(object, pods, [])
  // `random-max-percent` may draw nobody, as in Chaos Mesh.
  return selected.ok ? selected.records.map(({ id }) => id) : []
}
const nodesOf = (ids: readonly string[], pods: ReturnType<typeof podsOfRun>): string[] =>
  ids.map((id) => pods.find(({ metadata }) => id === `casino/${metadata.name}`)?.spec.nodeName ?? 'none')

describe('the pods that a fault selects', () => {
  it.each([
    ['one', '1'],
    ['fixed', '3'],
    ['fixed-percent', '40'],
    ['random-max-percent', '80'],
  ] as const)('with mode %s are the same for the same seed and differ for another seed', (mode, value) => {
    const of = (seed: number) => picked(killing(mode, value, seed))
    const seeds = Array.from({ length: 20 }, (_, seed) => seed)
    for (const seed of seeds) expect(of(seed)).toEqual(of(seed))
    expect(new Set(seeds.map((seed) => of(seed).join())).size).toBeGreaterThan(3)
  })

  it('are on the same nodes in the next run, although its pods have other names', () => {
    const [before, after] = [podsOfRun('a'), podsOfRun('z').toReversed()]
    for (let seed = 0; seed < 20; seed += 1) {
      const object = killing('fixed', '3', seed)
      expect(nodesOf(picked(object, after), after)).toEqual(nodesOf(picked(object, before), before))
    }
  })

  it('differ from run to run for an object without a seed', () => {
    const seen = new Set(Array.from({ length: 50 }, () => picked(killing('one', '1')).join()))
    expect(seen.size).toBeGreaterThan(1)
  })
})
