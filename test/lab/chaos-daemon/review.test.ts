import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { labProblems } from '../../../src/lab/chaos-daemon/lab-limits.ts'
import { reviewed } from '../../../src/lab/chaos-daemon/review.ts'
import type { ChaosObject } from '../../../src/protocols/chaos-mesh/objects.ts'
import { OTHER_KINDS } from '../../../src/protocols/chaos-mesh/other-kinds.ts'

const chaos = (kind: string, spec: object) =>
  ({ apiVersion: 'chaos-mesh.org/v1alpha1', kind, metadata: { name: 'x', namespace: 'casino' }, spec }) as ChaosObject
const all = { mode: 'all', selector: { namespaces: ['casino'] } }
const network = (spec: object) => chaos('NetworkChaos', { action: 'partition', direction: 'to', ...all, ...spec })
const http = (spec: object) => chaos('HTTPChaos', { target: 'Request', port: 8080, ...all, ...spec })
const review = (kind: 'mutate' | 'validate', request: object) =>
  reviewed(kind, { request: { uid: 'u1', namespace: 'casino', ...request } }).response as Record<string, unknown>
const messageOf = (response: Record<string, unknown>) => (response.status as { message: string } | undefined)?.message

describe('the lab refuses faults that it cannot enact as Chaos Mesh does', () => {
  it.each<[string, ChaosObject, RegExp]>([
    ['lost packets', network({ action: 'loss', loss: { loss: '5' } }), /lose single packets/],
    ['doubled packets', network({ action: 'duplicate', duplicate: { duplicate: '5' } }), /duplicate/],
    ['damaged packets', network({ action: 'corrupt', corrupt: { corrupt: '5' } }), /corrupt/],
    ['losses hidden in a delay', network({ action: 'delay', delay: { latency: '5ms' }, loss: { loss: '5' } }), /loss/],
    [
      'reordering',
      network({ action: 'delay', delay: { latency: '5ms', reorder: { reorder: '1', gap: 1 } } }),
      /reorder/,
    ],
    ['a partition that rejects', network({ partitionBehavior: 'reject' }), /can't reject/],
    ['another device', network({ device: 'eth7' }), /eth7/],
    ['a merge into bodies', http({ patch: { body: { type: 'JSON', value: '{}' } } }), /patch.body: .*merge/],
    ['HTTP within TLS', http({ abort: true, tls: {} }), /tls: .*TLS/],
    ['an interim answer', http({ target: 'Response', replace: { code: 103 } }), /103 is an interim response/],
    ['stress', chaos('StressChaos', { ...all, stressors: { cpu: { workers: 1 } } }), /does not enact StressChaos/],
    ['another cluster', network({ remoteCluster: 'far' }), /no other cluster/],
  ])('%s', (_, object, reason) => {
    expect(labProblems(object).join()).toMatch(reason)
    const response = review('validate', { operation: 'CREATE', object })
    expect(response).toMatchObject({ uid: 'u1', allowed: false })
    expect(messageOf(response)).toMatch(reason)
  })

  it.each<[string, ChaosObject]>([
    ['a partition', network({})],
    ['a partition that says that it drops', network({ partitionBehavior: 'drop' })],
    ['a delay with jitter', network({ action: 'delay', delay: { latency: '5ms', jitter: '2ms', correlation: '10' } })],
    ['a limited bandwidth', network({ action: 'bandwidth', bandwidth: { rate: '1mbps', limit: 1, buffer: 1 } })],
    ['a killed pod', chaos('PodChaos', { ...all, action: 'pod-kill' })],
    ['aborted requests', http({ abort: true })],
    ['delayed and replaced answers', http({ target: 'Response', delay: '1s', replace: { code: 503 } })],
    ['headers and queries that are added', http({ patch: { headers: [['a', 'b']], queries: [['c', 'd']] } })],
    ['names that resolve to unused addresses', chaos('DNSChaos', { ...all, action: 'random', patterns: ['psp-*'] })],
  ])('accepts %s', (_, object) => {
    expect(labProblems(object)).toEqual([])
    expect(review('validate', { operation: 'CREATE', object })).toEqual({ uid: 'u1', allowed: true })
  })
})

it.each(OTHER_KINDS)('refuses $kind, which the lab defines and does not enact', ({ kind, reason }) => {
  const object = { apiVersion: 'chaos-mesh.org/v1alpha1', kind, metadata: { name: 'x' }, spec: {} }
  const { allowed, status } = review('validate', { operation: 'CREATE', object })
  expect(allowed).toBe(false)
  expect(JSON.stringify(status)).toContain(reason)
})

describe('a review', () => {
  it('fills in the defaults', () => {
    const object = chaos('PodChaos', { action: 'pod-kill', mode: 'all', selector: {} })
    const { patch } = review('mutate', { operation: 'CREATE', object })
    expect(JSON.parse(Buffer.from(String(patch), 'base64').toString())).toEqual([
      { op: 'add', path: '/spec', value: { action: 'pod-kill', mode: 'all', selector: { namespaces: ['casino'] } } },
    ])
  })

  it('patches nothing when the defaults are there', () => {
    const object = chaos('PodChaos', { ...all, action: 'pod-kill' })
    expect(review('mutate', { operation: 'CREATE', object })).toEqual({ uid: 'u1', allowed: true })
  })

  it('refuses a changed spec, and accepts a changed status or annotation even of an object that it would no longer admit', () => {
    const object = network({ action: 'loss', loss: { loss: '5' } })
    const annotated = { ...object, metadata: { ...object.metadata, annotations: { a: 'b' } } }
    expect(review('validate', { operation: 'UPDATE', oldObject: object, object: annotated }).allowed).toBe(true)
    const response = review('validate', {
      operation: 'UPDATE',
      oldObject: network({}),
      object: network({ direction: 'from' }),
    })
    expect(messageOf(response)).toBe('Cannot update chaos spec')
  })

  it('denies requests that it cannot parse, and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom('mutate', 'validate'), (value, kind) => {
        expect(reviewed(kind as 'mutate', value)).toMatchObject({ response: { allowed: false } })
      }),
    )
  })
})
