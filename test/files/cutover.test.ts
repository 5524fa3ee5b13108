/** The files of docs/how-to/rehearse-a-cutover.md, and what does not fit in them or together. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { asCutover } from '../../src/domain/action.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'
import { codesOf, printed } from './stock.ts'

const [actions = '', cutovers = ''] = [
  ...readFileSync('docs/how-to/rehearse-a-cutover.md', 'utf8').matchAll(/```yaml\n([\s\S]*?)```/g),
].map(([, text]) => text)
const source = (name: string) =>
  `    ${name}: {namespace: shop, selector: {app: ${name}}, port: 8080, metrics: [http_requests_total]}\n`
const FILES = {
  'shop.ts': 'export default () => {}',
  'shop.yaml': `apiVersion: matchday.dev/v1
kind: Rehearsal
metadata: {name: go-east}
spec:
  hypothesis: The shop serves from its standby region within 30 s, and loses nothing.
  target: {contexts: [staging]}
  load: {script: shop.ts, arrivals: {checkout: 5/s, browse: 20/s}}
  blastRadius: {namespaces: [shop-west, shop-east], pods: 50%, zones: 1}
  timeline: [{phase: peak, for: 3m, load: 1x}]
  slos: [{sli: checkout, objective: 80%}]
${actions}`,
  'target.yaml': `apiVersion: matchday.dev/v1
kind: Target
metadata: {name: staging}
spec:
  context: staging
  namespace: shop-west
  entry: http://shop.example
  sources:
${source('orders-west')}${source('orders-east')}${cutovers}`,
}
type Name = keyof typeof FILES

function parsed(...edits: readonly (readonly [Name, string, string])[]) {
  const files: Record<string, string> = { ...FILES }
  for (const [name, from, to] of edits) {
    expect(files[name]).toContain(from)
    files[name] = (files[name] ?? '').replace(from, () => to)
  }
  const read = (path: string) => files[path]
  const target = parseTarget({ read }, 'target.yaml')
  return target.ok ? parseRehearsal({ read }, 'shop.yaml', target.value) : target
}
const codes = (...edits: readonly (readonly [Name, string, string])[]) =>
  codesOf(parsed(...edits)).map((code) => code.replace(/:.*/, ''))

describe('a cutover', () => {
  it('as the how-to shows it can be read', () => {
    const rehearsal = parsed()
    expect(printed(rehearsal)).toEqual(['(no issue)'])
    if (!rehearsal.ok) return
    expect(asCutover(rehearsal.value.actions[0]?.act)).toMatchObject({
      plan: 'eastward',
      writes: 'checkout',
      rtoMs: 30_000,
      budgets: { 'catch-up': 5_000, warm: 10_000 },
      shares: [0.05, 0.25, 0.5, 1],
      reads: { sli: 'browse', withinMs: 250 },
    })
  })

  it('is read with its switches, proofs and undos', () => {
    const target = parseTarget({ read: () => FILES['target.yaml'] }, 'target.yaml')
    expect(printed(target)).toEqual(['(no issue)'])
    const { steps } = (target.ok ? target.value.cutovers?.eastward : undefined) ?? {}
    expect(steps?.freeze).toEqual({
      switches: [
        {
          kind: 'field',
          apiVersion: 'v1',
          plural: 'configmaps',
          namespace: 'shop-west',
          name: 'orders',
          field: ['data', 'writes'],
          value: 'off',
        },
      ],
      proofs: [
        {
          reading: {
            kind: 'status',
            method: 'POST',
            namespace: 'shop-west',
            service: 'orders',
            port: 8080,
            path: '/trial-write',
          },
          wants: { kind: 'is', value: 503 },
        },
      ],
      undo: { kind: 'restore' },
    })
    expect([steps?.promote.undo, steps?.warm.undo, steps?.drain.switches]).toEqual([
      { kind: 'forward' },
      { kind: 'switches', switches: [] },
      [],
    ])
  })

  it('writes numbers, and true and false, into a ConfigMap as texts', () => {
    const text = FILES['target.yaml'].replace("value: 'off'", 'value: 0').replace("value: 'on'", 'value: true')
    const target = parseTarget({ read: () => text }, 'target.yaml')
    const { steps } = (target.ok ? target.value.cutovers?.eastward : undefined) ?? {}
    const switches = [steps?.freeze, steps?.thaw].flatMap((step) => step?.switches ?? [])
    expect(switches.map((each) => each.kind === 'field' && each.value)).toEqual(['0', 'true'])
  })

  it.each<[string, [Name, string, string], string[]]>([
    ['by a plan that the target does not have', ['shop.yaml', 'plan: eastward', 'plan: westward'], ['unknown-cutover']],
    ['of writes that nothing measures', ['shop.yaml', 'writes: checkout', 'writes: chekcout'], ['unknown-sli']],
    ['with reads that nothing measures', ['shop.yaml', 'sli: browse', 'sli: brows'], ['unknown-sli']],
    ['to a region of the same name', ['target.yaml', 'name: east', 'name: west'], ['wrong-value']],
    [
      'that moves requests from a backend to itself',
      ['target.yaml', 'to: orders-east}\n          undo', 'to: orders-west}\n          undo'],
      ['wrong-value'],
    ],
    [
      'with one source for both regions',
      [
        'target.yaml',
        'requests_total, from: orders-west, to: orders-east',
        'requests_total, from: orders-west, to: orders-west',
      ],
      ['wrong-value'],
    ],
    ['without a budget for a step', ['shop.yaml', 'drain: 10s, ', ''], ['missing-key']],
    ['that never moves all of the traffic', ['shop.yaml', '50%, 100%]', '50%]'], ['wrong-value']],
    ['whose shares do not grow', ['shop.yaml', '[5%, 25%,', '[25%, 5%,'], ['wrong-value']],
    ['whose shares stay', ['shop.yaml', '[5%, 25%,', '[25%, 25%,'], ['wrong-value']],
    [
      'that holds its shares for longer than the traffic may take',
      ['shop.yaml', 'hold: 5s', 'hold: 7s'],
      ['expectation-unobservable'],
    ],
    [
      'that lasts less than its steps may',
      ['shop.yaml', '      at: 10s\n', '      at: 10s\n      for: 60s\n'],
      ['expectation-unobservable'],
    ],
    [
      'with a step that no reading proves',
      [
        'target.yaml',
        '          proofs:\n            - {read: {status: {method: POST, namespace: shop-west, service: orders, port: 8080, path: /trial-write}}, is: 503}\n',
        '',
      ],
      ['missing-key'],
    ],
    ['with a step whose undo is not said', ['target.yaml', '          undo: failsForward\n', ''], ['missing-key']],
    ['that would restore what a call did', ['target.yaml', 'undo: failsForward', 'undo: restore'], ['wrong-value']],
    ['with an undo that nobody knows', ['target.yaml', 'undo: failsForward', 'undo: forward'], ['wrong-value']],
    [
      'with two switches in one',
      [
        'target.yaml',
        "- configMap: {namespace: shop-west, name: orders, key: writes, value: 'off'}",
        "- {configMap: {namespace: shop-west, name: orders, key: writes, value: 'off'}, call: {namespace: a, service: b, port: 1, path: /c}}",
      ],
      ['wrong-value'],
    ],
    [
      'whose book the target does not list',
      ['target.yaml', 'book: {book: orders,', 'book: {book: purse,'],
      ['unknown-cutover'],
    ],
    [
      'whose requests no source counts',
      ['target.yaml', 'http_requests_total, from: orders-west', 'http_requests_total, from: orders-north'],
      ['unknown-source'],
    ],
    [
      'in shares without weights',
      [
        'target.yaml',
        '- weights: {namespace: shop-west, route: entry, from: orders-west, to: orders-east}\n          undo: restore',
        '- call: {namespace: shop-west, service: dns, port: 8080, path: /move}\n          undo: []',
      ],
      ['unknown-cutover'],
    ],
  ])('%s is refused', (_, edit, expected) => {
    expect(codes(edit)).toEqual(expected)
  })

  it.each([
    ['[50%, 100%]', ['unknown-cutover']],
    ['[100%]', []],
  ])('of the shares %s without weights: %j', (shares, expected) => {
    const weights = '- weights: {namespace: shop-west, route: entry, from: orders-west, to: orders-east}'
    const call = '- call: {namespace: shop-west, service: dns, port: 8080, path: /move}'
    const edits = [
      ['shop.yaml', '[5%, 25%, 50%, 100%]', shares],
      ['target.yaml', `${weights}\n          undo: restore`, `${call}\n          undo: []`],
    ] as const
    expect(codes(...edits)).toEqual(expected)
  })
})
