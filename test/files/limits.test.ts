/**
 * Limits of one value that are another value of the file, on both sides: the next load, the next fault, the first action. Limits of single keys stand in
 * the golden files of every-key.
 */
import { describe, expect, it } from 'vitest'
import { CHAOS, codesOf, type Edit, EVERYTHING, parseStock, parseText, printed, REHEARSAL } from './stock.ts'

const told = (...edits: readonly Edit[]): readonly string[] => codesOf(parseStock({ [REHEARSAL]: edits }))

describe('a fault', () => {
  it.each([
    ['5s', []],
    ['4999ms', ['fault-too-early:23']],
  ])('%s after the load has begun: %j', (at, issues) => {
    const edits: readonly Edit[] = [
      ['phase: baseline, ramp: 5s, for: 20s', 'phase: baseline, for: 40s'],
      ['during: promo peak\n      at: 30s', `during: baseline\n      at: ${at}`],
    ]
    expect(told(...edits)).toEqual(issues)
  })

  const FIRST = 'rate: psp_requests_total, of: psp-a, becomes: 0'
  /** Beside the fault of the file, which lasts from 30 s to 55 s. */
  const second = (at: string, witness: string): Edit => [
    '  expect:\n    - autoscaler',
    `    - name: again
      during: promo peak
      at: ${at}
      for: 20s
      apply: ../chaos/psp-down.yaml
      witness: {${witness}, within: 2s}
  expect:
    - autoscaler`,
  ]

  it.each([
    ['as the first one ends', '55s', []],
    ['just before that', '54999ms', ['faults-overlap:37']],
    ['so that it ends as the first one begins', '10s', []],
    ['so that it ends just after that', '10001ms', ['faults-overlap:37']],
  ])('may have the witness of another one if it begins %s', (_, at, issues) =>
    expect(told(second(at, FIRST))).toEqual(issues),
  )

  const READY = 'ready: pods, becomes: 0'
  const labelled = (where: string) => `rate: psp_requests_total, where: {${where}}, of: psp-a, becomes: 0`

  it.each([
    ['the same series', FIRST, FIRST, true],
    ['another source', FIRST, FIRST.replace('psp-a', 'psp-b'), false],
    ['another value of a label', labelled('operation: charge'), labelled('operation: void'), false],
    ['all values of a label', labelled('operation: charge'), FIRST, true],
    ['one value of a label', FIRST, labelled('operation: charge'), true],
    ['a value of another label', labelled('operation: charge'), labelled('outcome: error'), true],
    [
      'one label of two with another value',
      labelled('operation: charge, outcome: error'),
      labelled('operation: charge, outcome: done'),
      false,
    ],
    ['Ready pods', FIRST, READY, false],
    ['a rate beside Ready pods', READY, FIRST, false],
    ['the same Ready pods', READY, READY, true],
    ['Ready nodes', READY, READY.replace('pods', 'nodes'), false],
    ['Ready pods of another app', `${READY}, app: a`, `${READY}, app: b`, false],
    ['Ready pods of any app', `${READY}, app: a`, READY, true],
    ['Ready pods in another zone', `${READY}, zone: a`, `${READY}, zone: b`, false],
    ['Ready pods of one app in any zone', `${READY}, app: a, zone: a`, `${READY}, app: a`, true],
    ['Ready pods of one app in two zones', `${READY}, app: a, zone: a`, `${READY}, app: a, zone: b`, false],
  ])('may overlap another one unless both witnesses may see both: %s', (_, first, other, isShared) =>
    expect(told([FIRST, first], second('30s', other))).toEqual(isShared ? ['faults-overlap:37'] : []),
  )
})

describe('an autoscaler', () => {
  const LATE = 'ramp: 5s, for: 30s, load: 1x'
  const EARLY = 'ramp: 5s, for: 20s, load: 1x'
  const ON = 'on: promo peak'

  it.each<[string, readonly Edit[], readonly string[]]>([
    [
      'no more than in the phase before',
      [
        [ON, 'on: recovery'],
        [LATE, LATE.replace('1x', '2.5x')],
      ],
      ['expectation-unobservable:33'],
    ],
    [
      'more than in the phase before',
      [
        [ON, 'on: recovery'],
        [LATE, LATE.replace('1x', '2.501x')],
      ],
      [],
    ],
    [
      'some in the first phase',
      [
        [ON, 'on: baseline'],
        ['readyWithin: 30s', 'readyWithin: 25s'],
      ],
      [],
    ],
    ['less, in a phase with a fault', [[EARLY, EARLY.replace('1x', '3x')]], []],
  ])('that follows a load of %s', (_, edits, issues) => expect(told(...edits)).toEqual(issues))
})

describe('people', () => {
  // The first action begins at 10 s, and the load ends at 190 s.
  it.each([
    ['180s', []],
    ['180001ms', ['expectation-unobservable:77']],
  ])('who have %s from the first of all faults and actions: %j', (declared, issues) => {
    const edit: Edit = ['- human: {declared: 1m}', `- human: {declared: ${declared}}`]
    expect(codesOf(parseStock({ [EVERYTHING]: [edit] }))).toEqual(issues)
  })
})

describe('a blast radius', () => {
  it.each([
    ['0', []],
    ['100000', []],
    ['100001', ['out-of-range:17']],
    ['-1', ['out-of-range:17']],
    ['0.5', ['wrong-value:17']],
    ['100%', []],
    ['100.1%', ['out-of-range:17']],
    ['true', ['wrong-type:17']],
  ])('of %s pods: %j', (pods, issues) => expect(told(['pods: 50%', `pods: ${pods}`])).toEqual(issues))
})

describe('an objective of a union', () => {
  it.each([
    ['p95: 250ms, ceiling: 400ms', []],
    ['p99: 250ms, ceiling: 400ms', []],
    ['p95: 250ms', ['wrong-value:37']],
    ['p95: 250ms, ceiling: 401ms', ['wrong-value:37']],
    ['p95: 251ms, ceiling: 400ms', ['wrong-value:37']],
  ])('has the limits of its parts: %s beside p95: 250ms, ceiling: 400ms', (limits, issues) =>
    expect(told(['sli: login, objective: 99.9%', `sli: login, ${limits}`])).toEqual(issues),
  )
})

describe('a chaos file', () => {
  const SELECTED = '    namespaces: [casino]\n    labelSelectors: {app.kubernetes.io/name: payments-api}\n'
  const selecting = (written: string) => codesOf(parseStock({ [CHAOS]: [[SELECTED, `    ${written}\n`]] }))

  it('names namespaces also by their pods', () => {
    expect(selecting('pods: {casino: [a], kube-system: [b]}')).toContain('outside-blast-radius:17')
    expect(selecting('pods: {casino: [a]}').join()).not.toContain('outside-blast-radius')
  })

  it('has names of 63 letters at most', () => {
    const [longest, longer] = ['a'.repeat(63), 'a'.repeat(64)]
    const named = (name: string) => codesOf(parseStock({ [CHAOS]: [['name: psp-down', `name: ${name}`]] }))
    expect([named(longest), named(longer)]).toEqual([[], ['wrong-value:7']])
    const placed = (name: string) => codesOf(parseStock({ [CHAOS]: [['namespace: casino', `namespace: ${name}`]] }))
    expect(placed(longest)).toContain('outside-blast-radius:8')
    expect(placed(longer)).toEqual(['wrong-value:8'])
  })

  it('may hold anything in place of a namespace, and is refused', () => {
    for (const odd of ['5', '{toString: 1}', '[[]]', 'null'])
      expect(selecting(`namespaces: [casino, ${odd}]`).length).toBeGreaterThan(0)
  })
})

describe('what was found in place of something else', () => {
  const [LONG, LONGER] = ['x'.repeat(60), 'x'.repeat(61)]

  it.each([
    ['a text of 60 letters', LONG, `"${LONG}"`],
    ['the first 60 letters of a longer one', LONGER, `"${LONG}…"`],
    ['a URL without login, query and fragment', "'http://user:key@host/path?key=1'", '"http://…@host/path…"'],
    ['a URL without its fragment', "'http://host/path#key'", '"http://host/path…"'],
    ['what stands behind an @', "'user:key@host?a#b'", '"…@host?a#b"'],
    ['a text that is no URL', "'a?b#c'", '"a?b#c"'],
    ['an empty text', "''", '""'],
    ['a number', '7', '7'],
    ['a truth value', 'true', 'true'],
    ['nothing', '', 'nothing'],
    ['a list', '[a]', 'a list'],
    ['a map', '{a: b}', 'a map'],
  ])('is shown as %s', (_, written, shown) => {
    const [first] = printed(parseStock({ [REHEARSAL]: [['kind: Rehearsal', `kind: ${written}`]] }))
    expect(first).toContain(`kind must be "Rehearsal", found ${shown}.`)
  })
})

describe('a file', () => {
  const isTooLarge = (text: string) => codesOf(parseText(text)).some((each) => each.startsWith('file-too-large'))
  const scalars = (count: number) => `a: [${Array.from({ length: count }, () => 'x').join(',')}]`

  it('has 256 KiB at most', () => {
    expect(codesOf(parseText(`#${'x'.repeat(2 ** 18 - 1)}`))).toEqual(['empty-file:0'])
    expect(codesOf(parseText(`#${'x'.repeat(2 ** 18)}`))).toEqual(['file-too-large:0'])
  })

  it('has 20,000 nodes at most: a map, a list and its items', () => {
    expect(isTooLarge(scalars(19_998))).toBe(false)
    expect(isTooLarge(scalars(19_999))).toBe(true)
  })

  it('names each key that stands there again', () => {
    const twins = codesOf(parseText('b: 1\nc: 1\nb: 2\nb: 3\n')).filter((each) => each.startsWith('duplicate-key'))
    expect(twins).toEqual(['duplicate-key:3', 'duplicate-key:4'])
  })
})
