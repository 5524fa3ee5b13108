import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { causeNames } from '../../src/domain/causes.ts'
import type { Evidence, EvidenceKind } from '../../src/domain/evidence.ts'
import type { Reaction } from '../../src/domain/rehearsal.ts'
import { ratio, seconds } from '../../src/domain/units.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { createJudging, judge } from '../../src/judge/judge.ts'
import {
  actionOf,
  actionSteps,
  evidence,
  healthy,
  nodes,
  place,
  podLife,
  type Story,
  scrapes,
  standing,
  toBad,
  together,
  withActions,
  without,
} from '../support/evidence.ts'

/** Judging one run takes some ten milliseconds; this many are enough to meet every branch now and then. */
const RUNS = { numRuns: 12 }
/** On a busy machine each takes its time, and that is no failure. */
vi.setConfig({ testTimeout: 60_000 })
const rank = { fail: 0, aborted: 1, inconclusive: 2, pass: 3 } as const
const kindRank = (records: readonly Evidence[]) => rank[judge(records).verdict.kind]

const badAt = fc.array(fc.record({ second: fc.nat(159), count: fc.integer({ min: 1, max: 9 }) }), { maxLength: 4 })
const sabotage = fc.constantFrom<Partial<Story>>(
  {},
  { pspCalls: () => 30 },
  { approved: () => ({ a: 20, b: 0 }) },
  { health: () => ({ cpuCores: 1.2, hostBusy: 0.99 }) },
  { books: (books) => void books['psp-b']?.deposit.push(1) },
  { lasts: 100, outcome: 'crashed' },
  { lasts: 70, outcome: 'stopped', stop: { by: 'operator', reason: 'Ctrl-C' } },
  { residue: [{ what: 'finalizer', where: 'casino', next: 'heal' }] },
  { pods: () => ({ scheduled: 2, ready: 2 }) },
)
const loadOf =
  (bad: readonly { second: number; count: number }[]): Story['load'] =>
  (second, load) => {
    for (const each of bad) if (each.second === second) toBad(load.deposit, each.count)
  }

describe('judging', () => {
  it('gives the same judgment, byte for byte, for the same evidence', () => {
    fc.assert(
      fc.property(sabotage, badAt, (story, bad) => {
        const told = () => JSON.stringify(judge(evidence({ ...story, load: loadOf(bad) })))
        expect(told()).toBe(told())
      }),
      { numRuns: 10 },
    )
  })

  it('never improves with one more bad attempt', () => {
    fc.assert(
      fc.property(sabotage, badAt, fc.nat(159), (story, bad, second) => {
        const worse = [...bad, { second, count: 3 }]
        const before = kindRank(evidence({ ...story, load: loadOf(bad) }))
        expect(kindRank(evidence({ ...story, load: loadOf(worse) }))).toBeLessThanOrEqual(before)
      }),
      RUNS,
    )
  })

  // Records that say what went wrong are no evidence that all is well: without them a run may look better.
  const kinds: EvidenceKind[] = [
    'load-started',
    'load-frame',
    'load-ended',
    'fault-step',
    'undo-done',
    'object-seen',
    'sample',
    'book-read',
    'keys-read',
    'generator-health',
    'run-ended',
  ]

  it.each([...kinds, 'residue'] as const)('is never a pass without %s records', (kind) => {
    const unknown = { ...healthy.unknown, deposit: { asked: 2, committed: 1 } }
    expect(judge(without(evidence({ unknown }), kind)).verdict.kind).not.toBe('pass')
  })

  it('never turns into a pass by losing evidence', () => {
    fc.assert(
      fc.property(
        sabotage.filter((story) => Object.keys(story).length > 0 && story.residue === undefined),
        fc.subarray(kinds),
        fc.integer({ min: 1, max: 1300 }),
        (story, lost, length) => {
          const records = without(evidence(story), ...lost).slice(0, length)
          expect(judge(records).verdict.kind).not.toBe('pass')
        },
      ),
      RUNS,
    )
  })

  it('is never a pass when the journal ends early, at any line', () => {
    const records = evidence()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: records.length - 1 }), (length) => {
        expect(judge(records.slice(0, length)).verdict.kind).not.toBe('pass')
      }),
      RUNS,
    )
  })

  it('does not depend on how records of different kinds are interleaved', () => {
    expectSameInAnyOrder(evidence({ load: loadOf([{ second: 95, count: 2 }]) }))
  })

  it('does not depend on that order for actions, zones, gauges and promotions either', () => {
    expect(expectSameInAnyOrder(rich()).actions[0]?.reactions.length).toBeGreaterThan(2)
  })

  it('does not crash on actions and pods in any order and from any line on', () => {
    const [head, ...rest] = rich()
    if (!head) throw new Error('evidence has a head')
    fc.assert(
      fc.property(fc.shuffledSubarray(rest, { maxLength: 600 }), (some) => {
        const judgment = judge([head, ...some])
        expect(judgment.verdict.kind).not.toBe('pass')
        expect(JSON.parse(JSON.stringify(judgment))).toEqual(judgment)
      }),
      RUNS,
    )
  })

  it('gives a judgment at any time without changing the later ones', () => {
    const records = evidence()
    const { add, result } = createJudging()
    for (const [index, record] of records.entries()) {
      add(record, index + 1)
      if (index % 200 === 0) expect(result().verdict.kind).not.toBe('pass')
    }
    expect(JSON.stringify(result())).toBe(JSON.stringify(judge(records)))
  })

  it('does not crash on evidence in any order and from any line on', () => {
    const [head, ...rest] = evidence()
    if (!head) throw new Error('evidence has a head')
    fc.assert(
      fc.property(fc.shuffledSubarray(rest, { maxLength: 400 }), (some) => {
        const { verdict, exitCode } = judge([head, ...some])
        expect(verdict.kind).not.toBe('pass')
        expect(exitCode).toBeGreaterThan(0)
      }),
      RUNS,
    )
  })

  it('has only findings that point at existing lines', () => {
    fc.assert(
      fc.property(sabotage, (story) => {
        const records = evidence(story)
        for (const { evidence: lines, next, sentence } of judge(records).findings) {
          expect(lines.length).toBeGreaterThan(0)
          for (const line of lines) expect(records[line - 1]).toBeDefined()
          expect(next).toMatch(/\.$/)
          expect(sentence).toMatch(/[.)]$/)
        }
      }),
      RUNS,
    )
  })

  it('writes numbers that JSON can hold', () => {
    const judgment = judge(evidence({ pspCalls: () => 0 }))
    expect(JSON.parse(JSON.stringify(judgment))).toEqual(judgment)
  })
})

/** Streams of records keep their own order and come in any order to each other; gives what is always judged. */
function expectSameInAnyOrder(records: readonly Evidence[]): Judgment {
  const lined = records.map((record, index) => ({ record, line: index + 1 }))
  const expected = judgeLined(lined)
  const text = JSON.stringify(expected)
  const streams = [
    ...Map.groupBy(lined, ({ record }) =>
      record.kind === 'sample' ? `sample ${record.source}` : record.kind,
    ).values(),
  ]
  fc.assert(
    fc.property(fc.shuffledSubarray(streams, { minLength: streams.length }), (order) => {
      const [head] = lined
      const rest = order.flat().filter(({ line }) => line > 1)
      expect(JSON.stringify(judgeLined(head ? [head, ...rest] : rest))).toBe(text)
    }),
    RUNS,
  )
  return expected
}

/** A run in which a database moves, pods come and go over zones, and connections are counted. */
function rich(): Evidence[] {
  const expect: Reaction[] = [
    { kind: 'completes', withinMs: seconds(20), at: place },
    { kind: 'promotes', database: 'wallet-db', sli: 'deposit', rtoMs: seconds(10), at: place },
    { kind: 'survives', app: 'bets', ready: 1, withinMs: seconds(5), at: place },
    { kind: 'reconnects', share: ratio(0.99), withinMs: seconds(10), at: place },
  ]
  const promote = actionOf('promote', { kind: 'promote', database: 'wallet-db', to: 'wallet-db-1' }, ...expect)
  const connections = {
    kind: 'connections',
    of: 'wallet-db',
    metric: 'db_backends',
    where: {},
    pods: 'max',
    atMost: 50,
    at: place,
  } as const
  const story = withActions(promote)
  return together(
    evidence({
      rehearsal: { ...story, expectations: [...story.expectations, connections] },
      load: loadOf([{ second: 101, count: 3 }]),
    }),
    nodes(),
    standing('bets', 'zone-a-api', 'zone-b-api'),
    podLife({
      name: 'bets-9',
      app: 'bets',
      node: 'zone-c-api',
      born: 100,
      ready: 104,
      ends: 120,
      gone: 131,
      grace: 10,
    }),
    actionSteps('promote', [100, { is: 'begun', targets: ['wallet-db'] }], [104, { is: 'done', note: '' }]),
    ['wallet-db-0', 'wallet-db-1'].flatMap((pod, n) =>
      scrapes('wallet-db', pod, 'db_writable', (s) => (n === 0 ? Number(s < 100) : Number(s > 103)), { pod }),
    ),
    scrapes('bets', 'bets-1', 'http_requests_total', (s) => s * 5, { code: '200' }),
  )
}

function judgeLined(lined: readonly { readonly record: Evidence; readonly line: number }[]) {
  const { add, result } = createJudging()
  for (const { record, line } of lined) add(record, line)
  return result()
}

it('the glossary explains each cause', () => {
  const glossary = readFileSync('docs/glossary.md', 'utf8').split('## Causes')[1] ?? ''
  expect(causeNames.filter((cause) => !glossary.includes(`\`${cause}\``))).toEqual([])
  const named = [...glossary.matchAll(/`([a-z][a-z-]+)`/g)].map(([, name = '']) => name)
  expect(named.filter((name) => !(causeNames as readonly string[]).includes(name))).toEqual([])
})
