import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { chosenCount, countBounds } from '../../../src/protocols/chaos-mesh/mode.ts'
import type { Mode, PodSelectorSpec } from '../../../src/protocols/chaos-mesh/objects.ts'
import { MODES } from '../../../src/protocols/chaos-mesh/objects.ts'
import { matchingPods, selectPods } from '../../../src/protocols/chaos-mesh/selector.ts'

const pod = (name: string, node: string, labels: Record<string, string>, phase = 'Running', namespace = 'casino') => ({
  metadata: { name, namespace, labels, annotations: { owner: name.slice(0, 3) } },
  spec: { nodeName: node, restartPolicy: 'Always' },
  status: { phase, podIP: `10.244.1.${name.length}` },
})
const pods = [
  pod('api-1', 'node-a', { app: 'api', tier: 'front' }),
  pod('api-2', 'node-b', { app: 'api', tier: 'back' }),
  pod('api-3', 'node-c', { app: 'api' }, 'Pending'),
  pod('db-1', 'node-a', { app: 'db' }),
  pod('api-9', 'node-a', { app: 'api' }, 'Running', 'other'),
]
const nodes = ['a', 'b', 'c'].map((zone) => ({
  metadata: { name: `node-${zone}`, labels: { 'topology.kubernetes.io/zone': `zone-${zone}` } },
}))
const namesOf = (selector: PodSelectorSpec) => {
  const found = matchingPods(selector, pods, nodes, 'casino')
  return found.ok ? found.pods.map(({ metadata }) => metadata.name) : found.reason
}

describe('a selector', () => {
  it.each<[string, PodSelectorSpec, string[]]>([
    ['nothing but the object’s own namespace', {}, ['api-1', 'api-2', 'api-3', 'db-1']],
    ['labels', { labelSelectors: { app: 'api' } }, ['api-1', 'api-2', 'api-3']],
    ['two labels, both of which must match', { labelSelectors: { app: 'api', tier: 'back' } }, ['api-2']],
    ['other namespaces', { namespaces: ['other'], labelSelectors: { app: 'api' } }, ['api-9']],
    [
      'an expression In',
      { expressionSelectors: [{ key: 'tier', operator: 'In', values: ['front', 'back'] }] },
      ['api-1', 'api-2'],
    ],
    [
      'an expression NotIn, which takes pods without the label',
      { expressionSelectors: [{ key: 'tier', operator: 'NotIn', values: ['front'] }] },
      ['api-2', 'api-3', 'db-1'],
    ],
    [
      'an expression DoesNotExist',
      { expressionSelectors: [{ key: 'tier', operator: 'DoesNotExist' }] },
      ['api-3', 'db-1'],
    ],
    ['annotations', { annotationSelectors: { owner: 'db-' } }, ['db-1']],
    ['fields', { fieldSelectors: { 'metadata.name': 'api-2' } }, ['api-2']],
    ['a field that pods do not have', { fieldSelectors: { 'spec.colour': 'red' } }, []],
    ['node names', { nodes: ['node-b'] }, ['api-2']],
    ['node labels', { nodeSelectors: { 'topology.kubernetes.io/zone': 'zone-a' } }, ['api-1', 'db-1']],
    [
      'node names or node labels',
      { nodes: ['node-b'], nodeSelectors: { 'topology.kubernetes.io/zone': 'zone-c' } },
      ['api-2', 'api-3'],
    ],
    ['node labels that no node has', { nodeSelectors: { zone: 'nowhere' } }, []],
    ['a phase', { podPhaseSelectors: ['Pending'] }, ['api-3']],
    ['all phases but one', { podPhaseSelectors: ['!Pending'] }, ['api-1', 'api-2', 'db-1']],
    [
      'pods by name, whatever else is said',
      { pods: { other: ['api-9'], casino: ['db-1', 'ghost'] }, labelSelectors: { app: 'api' } },
      ['api-9', 'db-1'],
    ],
  ])('understands %s', (_, selector, expected) => {
    expect(namesOf(selector)).toEqual(expected)
  })

  it.each<[string, PodSelectorSpec]>([
    ['an operator that does not exist', { expressionSelectors: [{ key: 'a', operator: 'Like', values: ['b'] }] }],
    ['In without values', { expressionSelectors: [{ key: 'a', operator: 'In' }] }],
    ['a node that does not exist', { nodes: ['node-z'] }],
  ])('is refused with a reason with %s', (_, selector) => {
    expect(namesOf(selector)).toEqual(expect.stringContaining('cannot parse'))
  })
})

describe('a mode', () => {
  it.each<[Mode, string | undefined, number, number]>([
    ['one', undefined, 7, 1],
    ['all', undefined, 7, 7],
    ['fixed', '3', 7, 3],
    ['fixed', '30', 7, 7],
    ['fixed-percent', '50', 7, 4],
    ['fixed-percent', '1', 7, 1],
    ['fixed-percent', '100', 7, 7],
    ['random-max-percent', '50', 10, 0],
  ])('%s with value %s of %i pods takes %i', (mode, value, matches, taken) => {
    expect(chosenCount(mode, value, matches, () => 0)).toBe(taken)
  })

  it('may pick any number of pods up to its maximum', () => {
    expect(countBounds('random-max-percent', '50', 10)).toEqual({ least: 0, most: 5 })
    expect(countBounds('fixed', 'two', 10)).toBeUndefined()
  })

  it('reports an empty selection in the words of Chaos Mesh', () => {
    const none = selectPods({ labelSelectors: { app: 'nobody' } }, 'all', undefined, pods, nodes, 'casino', Math.random)
    expect(none).toEqual({ ok: false, reason: 'no pod is selected' })
    const unlucky = selectPods({}, 'random-max-percent', '50', pods, nodes, 'casino', () => 0)
    expect(unlucky).toEqual({ ok: false, reason: 'no target has been selected' })
  })

  it('picks different pods, only matching ones, and never more than its bounds allow', () => {
    const value = fc.integer({ min: 1, max: 100 }).map(String)
    fc.assert(
      fc.property(
        fc.constantFrom(...MODES),
        value,
        fc.infiniteStream(fc.double({ min: 0, max: 0.999999 })),
        (mode, text, numbers) => {
          const random = () => numbers.next().value ?? 0
          const chosen = selectPods({ labelSelectors: { app: 'api' } }, mode, text, pods, nodes, 'casino', random)
          const names = chosen.ok ? chosen.pods.map(({ metadata }) => metadata.name) : []
          const bounds = countBounds(mode, text, 3)
          expect(new Set(names).size).toBe(names.length)
          expect(names.every((name) => ['api-1', 'api-2', 'api-3'].includes(name))).toBe(true)
          expect(names.length).toBeLessThanOrEqual(bounds?.most ?? -1)
          expect(names.length).toBeGreaterThanOrEqual(bounds?.least ?? 99)
        },
      ),
    )
  })
})
