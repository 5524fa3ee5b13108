import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { admissionAnswer, admit, withDefaults } from '../../../src/protocols/chaos-mesh/admission.ts'
import type { ChaosObject } from '../../../src/protocols/chaos-mesh/objects.ts'
import { strictProblems } from '../../../src/protocols/chaos-mesh/strict.ts'

const selector = { namespaces: ['default'], labelSelectors: { app: 'api' } }
const all = { mode: 'all', selector }
const chaos = (kind: string, spec: unknown, name = 'x') => ({
  apiVersion: 'chaos-mesh.org/v1alpha1',
  kind,
  metadata: { name, namespace: 'default' },
  spec,
})
const pod = (spec: object) => chaos('PodChaos', { action: 'pod-kill', ...all, ...spec })
const network = (spec: object) => chaos('NetworkChaos', { action: 'partition', ...all, ...spec })
const http = (spec: object) => chaos('HTTPChaos', { target: 'Request', port: 80, ...all, ...spec })
const dns = (spec: object) => chaos('DNSChaos', { action: 'error', ...all, ...spec })
const annotated = (object: object, value: string) => ({
  ...object,
  metadata: { name: 'x', namespace: 'default', annotations: { 'matchday.dev/cuts': value } },
})
const latency = { delay: { latency: '10ms' } }

/** The object behind each row of observed/admission.ndjson, which real webhooks answered. */
const objects: Record<string, object> = {
  'PodChaos unknown action': pod({ action: 'pod-explode' }),
  'PodChaos mode fixed without value': pod({ mode: 'fixed' }),
  'PodChaos mode fixed value 0': pod({ mode: 'fixed', value: '0' }),
  'PodChaos fixed-percent 150': pod({ mode: 'fixed-percent', value: '150' }),
  'PodChaos duration 20x': pod({ duration: '20x' }),
  'PodChaos container-kill without names': pod({ action: 'container-kill' }),
  'PodChaos unknown mode': pod({ mode: 'some' }),
  'PodChaos without mode': chaos('PodChaos', { action: 'pod-kill', selector }),
  'PodChaos unknown field': pod({ frobnicate: true }),
  'PodChaos negative grace': pod({ gracePeriod: -1 }),
  'NetworkChaos delay direction from + externalTargets': network({
    action: 'delay',
    ...latency,
    direction: 'from',
    externalTargets: ['10.0.0.1'],
  }),
  'NetworkChaos delay direction both without target': network({ action: 'delay', ...latency, direction: 'both' }),
  'NetworkChaos partition direction both, no target': network({ direction: 'both' }),
  'NetworkChaos loss 200': network({ action: 'loss', loss: { loss: '200' } }),
  'NetworkChaos bandwidth without fields': network({
    action: 'bandwidth',
    bandwidth: { rate: '1xb', limit: 100, buffer: 100 },
  }),
  'NetworkChaos delay missing': network({ action: 'delay' }),
  'NetworkChaos external target with port': network({ externalTargets: ['10.0.0.1:443'] }),
  'NetworkChaos bad direction': network({ direction: 'sideways' }),
  'HTTPChaos port 0': http({ port: 0 }),
  'HTTPChaos bad method': http({ method: 'get' }),
  'HTTPChaos no action': http({}),
  'HTTPChaos bad delay': http({ delay: '10q' }),
  'DNSChaos bad action': chaos('DNSChaos', { action: 'lie', ...all }),
  'DNSChaos ok': chaos('DNSChaos', { action: 'error', ...all }, 'ok1'),
  'StressChaos nothing': chaos('StressChaos', { selector, mode: 'all' }),
  'StressChaos load 120': chaos('StressChaos', { ...all, stressors: { cpu: { workers: 1, load: 120 } } }),
}

const rows: { object: string; answer: string }[] = readFileSync(
  new URL('./observed/admission.ndjson', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line))

describe('admission answers like the recorded webhooks of Chaos Mesh', () => {
  it.each(rows.map(({ object, answer }) => [object, answer] as const))('%s', (name, answer) => {
    const object = objects[name]
    if (object === undefined) throw new Error(`no object for "${name}"`)
    const created = answer.endsWith('created (server dry run)')
    expect(admissionAnswer(object)).toBe(created ? undefined : answer)
  })

  it('has a recorded object for every kind of row', () => {
    expect(rows.map(({ object }) => object).sort()).toEqual(Object.keys(objects).sort())
  })
})

describe('admission', () => {
  it.each([
    ['no object', null],
    ['a list', []],
    ['another group', { apiVersion: 'apps/v1', kind: 'Deployment' }],
    ['a kind that does not exist', { apiVersion: 'chaos-mesh.org/v1alpha1', kind: 'CakeChaos' }],
    ['no name', { ...pod({}), metadata: {} }],
    ['no spec', { ...pod({}), spec: undefined }],
    ['a spec that is a list', { ...pod({}), spec: [] }],
    ['a selector that is text', pod({ selector: 'app=api' })],
    ['a number where text belongs', pod({ duration: 30 })],
    ['a latency in words', network({ action: 'delay', delay: { latency: '1m30s' } })],
    ['a delay without latency', network({ action: 'delay', delay: {} })],
    ['an unknown field deep inside', pod({ selector: { labelSelector: { app: 'api' } } })],
    ['a target without a mode', network({ target: { selector } })],
    [
      'a target with a bad value',
      network({ target: { selector, mode: 'fixed', value: 'two' }, action: 'delay', ...latency }),
    ],
    ['a loss that is not a number', network({ action: 'loss', loss: { loss: 'half' } })],
  ])('refuses %s', (_, object) => {
    expect(admit(object)).not.toEqual([])
    expect(admissionAnswer(object)).toEqual(expect.any(String))
  })

  it('names the field as the user wrote it', () => {
    const problems = admit(network({ action: 'delay', ...latency, target: { selector, mode: 'fixed' } }))
    expect(problems.map(({ path }) => path)).toEqual(['spec.target.value'])
  })

  it('reports all problems of its first failing step at once', () => {
    expect(admit(pod({ action: 'x', mode: 'y' }))).toHaveLength(2)
  })

  it('fills in the defaults of the mutating webhook', () => {
    const bare = { ...all, selector: { labelSelectors: { app: 'a' } } }
    const object = chaos('NetworkChaos', { action: 'delay', ...bare, target: bare, ...latency }) as ChaosObject
    expect(withDefaults(object).spec).toMatchObject({
      direction: 'to',
      selector: { namespaces: ['default'] },
      target: { selector: { namespaces: ['default'] } },
      delay: { latency: '10ms', jitter: '0ms', correlation: '0' },
    })
  })

  it('treats an empty direction as missing, as Chaos Mesh does', () => {
    const object = network({ direction: '' })
    expect(admit(object)).toEqual([])
    expect(withDefaults(object as ChaosObject).spec).toMatchObject({ direction: 'to' })
  })

  it('changes nothing on an object that already has its defaults', () => {
    const once = withDefaults(network({ action: 'delay', ...latency }) as ChaosObject)
    expect(withDefaults(once)).toEqual(once)
  })

  it('answers any input and never throws', () => {
    const kinds = fc.constantFrom('PodChaos', 'NetworkChaos', 'HTTPChaos', 'StressChaos', 'TimeChaos')
    fc.assert(
      fc.property(kinds, fc.jsonValue(), (kind, spec) => {
        const object = chaos(kind, spec)
        expect(admissionAnswer(object) === undefined).toBe(admit(object).length === 0)
      }),
    )
  })
})

describe('strict admission refuses what Chaos Mesh admits', () => {
  it.each([
    ['a partition without a target', network({ direction: 'both' }), 'cuts-everything'],
    ['a delay without parameters', network({ action: 'delay' }), 'no-parameters'],
    ['a loss of 200 per cent', network({ action: 'loss', loss: { loss: '200' } }), 'share-out-of-range'],
    ['a loss that is not a number', network({ action: 'loss', loss: { loss: 'NaN' } }), 'share-out-of-range'],
    ['an external target with a port', network({ externalTargets: ['10.0.0.1:443'] }), 'external-target-port'],
    ['an IPv6 target', network({ externalTargets: ['fd00::1'] }), 'external-target-address'],
    ['half an address', network({ externalTargets: ['10.0.0'] }), 'external-target-address'],
    [
      'a delay that also loses packets',
      network({ action: 'delay', ...latency, loss: { loss: '5' } }),
      'foreign-parameters',
    ],
    ['a delay of nothing', network({ action: 'delay', delay: { latency: '0ms' } }), 'no-effect'],
    ['an HTTP fault without an action', http({}), 'no-parameters'],
    ['stress without workers', chaos('StressChaos', { ...all, stressors: { cpu: { workers: 0 } } }), 'no-effect'],
    ['names beside labels', pod({ selector: { ...selector, pods: { default: ['a'] } } }), 'selector-ignored'],
    ['a draw that may be empty', pod({ mode: 'random-max-percent', value: '50' }), 'selects-by-chance'],
    [
      'a phase that does not exist',
      pod({ selector: { ...selector, podPhaseSelectors: ['running'] } }),
      'unknown-phase',
    ],
    ['a fault that is over at once', pod({ action: 'pod-failure', duration: '0s' }), 'duration-too-short'],
    ['another cluster', pod({ remoteCluster: 'far' }), 'remote-cluster'],
    ['an HTTP fault that aborts nothing', http({ abort: false }), 'no-parameters'],
    ['an empty replacement', http({ replace: {} }), 'no-effect'],
    ['an HTTP delay of nothing', http({ delay: '0s' }), 'no-effect'],
    ['an HTTP delay with a fraction', http({ delay: '1.5s' }), 'delay-unreadable'],
    ['an abort that also waits', http({ abort: true, delay: '1s' }), 'no-effect'],
    ['a request chosen by its answer', http({ abort: true, code: 200 }), 'selector-ignored'],
    ['a request that gets a code', http({ replace: { code: 503 } }), 'foreign-parameters'],
    ['an answer that gets a path', http({ target: 'Response', replace: { path: '/x' } }), 'foreign-parameters'],
    ['a code of no answer', http({ target: 'Response', replace: { code: 100 } }), 'code-out-of-range'],
    ['a port above 65535', http({ abort: true, port: 70_000 }), 'port-out-of-range'],
    ['a pattern with an asterisk inside', dns({ patterns: ['psp-*.providers'] }), 'pattern-unreadable'],
    [
      'a cut of everything that says so in other words',
      annotated(network({ direction: 'both' }), 'yes'),
      'cuts-everything',
    ],
    [
      'a cut that is said to be of everything and is not',
      annotated(network({ direction: 'both', target: all }), 'everything'),
      'cuts-everything',
    ],
  ])('%s', (_, object, code) => {
    expect(admit(object)).toEqual([])
    const stopped = strictProblems(object as ChaosObject).filter(({ severity }) => severity === 'stop')
    expect(stopped.map((problem) => problem.code)).toContain(code)
  })

  it('warns of faults that hit probes', () => {
    expect(strictProblems(http({ abort: true }) as ChaosObject).map(({ severity }) => severity)).toEqual(['warn'])
  })

  it.each([
    [
      'a PSP cut off by address',
      network({ direction: 'to', externalTargets: ['10.96.0.7', '10.97.0.0/16'], duration: '35s' }),
    ],
    ['a partition between two selectors', network({ direction: 'both', target: all })],
    [
      'a delay with jitter',
      network({ action: 'delay', delay: { latency: '90ms', jitter: '20ms', correlation: '25' } }),
    ],
    ['a killed pod', pod({})],
    ['a cut of everything on purpose', annotated(network({ direction: 'both' }), 'everything')],
    ['requests of one path that wait', http({ path: '/charges*', delay: '1500ms' })],
    ['answers that fail', http({ target: 'Response', path: '/charges', replace: { code: 503, body: 'e30=' } })],
    ['names that do not resolve', dns({ patterns: ['psp-a.*', 'psp-b.providers.svc.cluster.local'] })],
  ])('accepts %s', (_, object) => {
    expect(admit(object)).toEqual([])
    expect(strictProblems(object as ChaosObject)).toEqual([])
  })
})
