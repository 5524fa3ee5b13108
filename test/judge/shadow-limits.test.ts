/** A mirror in windows of ten seconds: the share that was copied, the response times of users, the books and the answers, at their limits. */
import { describe, expect } from 'vitest'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import { windowShares } from '../../src/domain/shadow.ts'
import { ratio } from '../../src/domain/units.ts'
import { judgeCanary } from '../../src/judge/reactions/canary.ts'
import { shadowAct } from '../support/canary.ts'
import { actionOf, target } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { actionIn, atRate, counted, frame, framesOf, type SmallRun } from '../support/small-run.ts'

type Step = readonly [ms: number, ActionStepData]
const [FROM, LONG] = [40_000, 10_000]
const shares = windowShares({ share: ratio(0.2), pairs: 4 })
const END = FROM + shares.length * LONG
const isOnAt = (ms: number): boolean => (shares[Math.ceil((ms - FROM) / LONG) - 1] ?? 0) > 0
const window = (ms: number): number => Math.ceil((ms - FROM) / LONG)

type Told = {
  /** Requests a second, at the end of each second. */
  readonly stable?: (ms: number) => number
  readonly copies?: (ms: number) => number
  readonly more?: readonly Evidence[]
  readonly steps?: readonly Step[]
  readonly run?: SmallRun
  readonly act?: Parameters<typeof shadowAct>[0]
}
function told(
  kind: string,
  { stable = () => 40, copies = (ms) => (isOnAt(ms) ? 8 : 0), more = [], steps = [], run = {}, act = {} }: Told = {},
) {
  const windows = shares.flatMap((share, index): readonly Step[] => [
    [FROM + index * LONG, { is: 'step-set', step: index + 1, share }],
    [FROM + (index + 1) * LONG, { is: 'step-decided', step: index + 1, outcome: 'promote', note: '' }],
  ])
  const all: readonly Step[] = [
    [30_000, { is: 'begun', targets: [] }],
    ...windows,
    ...steps,
    [END, { is: 'heal-requested' }],
  ]
  const records = [
    ...counted('gateway', 'http_requests_total', {}, atRate(30_000, END + 5000, stable)),
    ...counted('gateway-canary', 'http_requests_total', {}, atRate(30_000, END + 5000, copies)),
    ...more,
  ]
  const { seen, harm } = actionIn(actionOf('gateway shadow', shadowAct(act)), all, run, records)
  return noted(judgeCanary(seen, harm))
    .filter(({ result }) => result.kind === kind)
    .map(
      ({ result, findings }) =>
        findings.map(({ weight, cause }) => `${weight} ${cause}`).join(', ') || (result.held ? 'held' : 'not held'),
    )
}
const unknown = ['gap no-evidence']

describe('a mirror', () => {
  const astray = ['breach weight-not-served']
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['of its share', () => told('serves-share'), ['held']],
    ['of half of it', () => told('serves-share', { copies: (ms) => (isOnAt(ms) ? 4 : 0) }), astray],
    ['of more', () => told('serves-share', { copies: (ms) => (isOnAt(ms) ? 14 : 0) }), astray],
    ['that copies while it is off', () => told('serves-share', { copies: () => 8 }), astray],
    [
      'that copies a little while it is off',
      () => told('serves-share', { copies: (ms) => (isOnAt(ms) ? 8 : 0.3) }),
      ['held'],
    ],
    ['without requests', () => told('serves-share', { stable: () => 0 }), unknown],
    [
      'without requests while it is off',
      () => told('serves-share', { stable: (ms) => (isOnAt(ms) ? 40 : 0) }),
      ['held'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('users of a mirror', () => {
  /** Once a second, ten requests that take so long. */
  const taking = (msOf: (ms: number) => number | undefined): Evidence[] =>
    framesOf(
      'api',
      Array.from({ length: END / 1000 }, (_, n) => (n + 1) * 1000).map((ms) => {
        const took = msOf(ms)
        return [ms, took === undefined ? {} : { good: 10, histogram: [[took, 10]] }] as const
      }),
    )
  const slows = (msOf: (ms: number) => number | undefined) => told('slows-nobody', { more: taking(msOf) })
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['who wait as long', () => slows(() => 100), ['held']],
    ['who wait a little longer', () => slows((ms) => (isOnAt(ms) ? 110 : 100)), ['held']],
    ['who wait longer than may be', () => slows((ms) => (isOnAt(ms) ? 130 : 100)), ['breach shadow-slows-users']],
    [
      'who wait about as long as may be',
      () => slows((ms) => (isOnAt(ms) && window(ms) % 4 === 0 ? 140 : 100)),
      unknown,
    ],
    ['who were seen in one pair', () => slows((ms) => (window(ms) <= 2 ? 100 : undefined)), unknown],
    ['who were seen in two pairs', () => slows((ms) => (window(ms) <= 4 ? 100 : undefined)), ['held']],
    ['who were never seen', () => slows(() => undefined), unknown],
    ['whom nobody asks about', () => told('slows-nobody', { act: { latency: undefined as never } }), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('are those whose response came within a window', () => {
    // The first three seconds of each window belong to the one before.
    expect(slows((ms) => ((ms - FROM - 1) % LONG < 3000 ? 900 : 100))).toEqual(['held'])
  })

  it('are those whose frame has its middle in a window, its start included', () => {
    const slowAt = (edge: number) => {
      const rows = Array.from({ length: END / 1000 }, (_, n) => (n + 1) * 1000).map((middle) => {
        const isSlow = isOnAt(middle) && (middle - FROM) % LONG === edge
        return [middle + 500, { good: 10, histogram: [[isSlow ? 900 : 100, 10]] }] as const
      })
      return told('slows-nobody', { more: framesOf('api', rows) })
    }
    expect([slowAt(3000), slowAt(0)]).toEqual([['breach shadow-slows-users'], ['held']])
  })
})

describe('the books behind a mirror', () => {
  const operation = (acknowledged: number) => ({
    acknowledged,
    amountCents: 0,
    digestLow: 0,
    digestHigh: 0,
    refused: 0,
    unknown: 0,
  })
  const load = Array.from({ length: END / 1000 }, (_, n) =>
    frame((n + 1) * 1000, { operations: { bet: operation((n + 1) * 10) } }),
  )
  const wallet = { target: { books: target.books.slice(0, 1) }, rehearsal: { expectations: [] } } satisfies SmallRun
  /** Read at each edge of a window; `extra`: what a book has beyond what clients saw acknowledged, grown in each window. */
  const books = (extra: (index: number, isOn: boolean) => number, problem?: number): readonly Step[] => {
    let more = 0
    return Array.from({ length: shares.length + 1 }, (_, index): Step => {
      if (index > 0) more += extra(index, (shares[index - 1] ?? 0) > 0)
      const ms = FROM + index * LONG
      const count = { book: 'wallet', operation: 'bet', count: ms / 100 + more, amountCents: 0, low: 0, high: 0 }
      return [ms, { is: 'books-counted', books: [count], ...(problem === index ? { problem: 'x' } : {}) }]
    })
  }
  /** A second book, which holds as much. */
  const beside = (steps: readonly Step[], extra: (isOn: boolean) => number): readonly Step[] => {
    let more = 0
    return steps.map(([ms, step], index): Step => {
      if (step.is !== 'books-counted') return [ms, step]
      if (index > 0) more += extra((shares[index - 1] ?? 0) > 0)
      const other = { book: 'psp-a', operation: 'bet', count: ms / 100 + more, amountCents: 0, low: 0, high: 0 }
      return [ms, { ...step, books: [...step.books, other] }]
    })
  }
  const place = { namespace: 'casino', service: 's', port: 1 } as const
  const booksOf = (...all: readonly object[]): SmallRun => ({ ...wallet, target: { books: all as never } })
  const two = booksOf({ ...place, book: 'wallet' }, { ...place, book: 'psp-a' })
  const ledgerLast = booksOf({ ...place, book: 'wallet' }, { ...place, book: 'psp-a', ledger: true })
  const wrote = (steps: readonly Step[], run: SmallRun = wallet) => told('wrote-nothing', { steps, more: load, run })

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that grow as clients saw', () => wrote(books(() => 0)), ['held']],
    [
      'that grow by one more in each window with the mirror on',
      () => wrote(books((_, isOn) => (isOn ? 1 : 0))),
      ['breach shadow-wrote'],
    ],
    ['that grow by less', () => wrote(books((_, isOn) => (isOn ? 0.9 : 0))), ['held']],
    ['that grow by as much with the mirror off', () => wrote(books(() => 5)), ['held']],
    ['that grow by more with the mirror off', () => wrote(books((_, isOn) => (isOn ? 0 : 5))), ['held']],
    ['that shrink with the mirror off', () => wrote(books((_, isOn) => (isOn ? 0 : -1))), ['held']],
    ['that grow by one in all', () => wrote(books((_, isOn) => (isOn ? 0.25 : -1))), ['breach shadow-wrote']],
    ['that grow a little unevenly', () => wrote(books((index) => (index % 4 === 0 ? 1 : 0))), ['held']],
    [
      'that were expected to agree',
      () =>
        wrote(
          books(() => 0),
          { target: wallet.target },
        ),
      unknown,
    ],
    [
      'that were expected to agree, and grow',
      () =>
        wrote(
          books((_, isOn) => (isOn ? 1 : 0)),
          { target: wallet.target },
        ),
      ['breach shadow-wrote'],
    ],
    [
      'of which a second one grows',
      () =>
        wrote(
          beside(
            books(() => 0),
            (isOn) => (isOn ? 2 : 0),
          ),
          two,
        ),
      ['breach shadow-wrote'],
    ],
    [
      'of which both grow',
      () =>
        wrote(
          beside(
            books((_, isOn) => (isOn ? 2 : 0)),
            (isOn) => (isOn ? 3 : 0),
          ),
          two,
        ),
      ['breach shadow-wrote'],
    ],
    [
      'of which the second one is the ledger',
      () =>
        wrote(
          beside(
            books(() => 0),
            (isOn) => (isOn ? 2 : 0),
          ),
          ledgerLast,
        ),
      ['breach shadow-wrote'],
    ],
    ['that grow unevenly', () => wrote(books((index, isOn) => (isOn ? (index % 4 === 0 ? 60 : 0) : 0))), unknown],
    ['that were read once', () => wrote(books(() => 0).slice(0, 1)), unknown],
    ['that were never read', () => wrote([]), unknown],
    ['of which one reading failed', () => wrote(books((_, isOn) => (isOn ? 5 : 0), 1)), ['breach shadow-wrote']],
    [
      'that the target does not name',
      () =>
        wrote(
          books(() => 0),
          { target: { books: [] } },
        ),
      unknown,
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('answers of both releases', () => {
  const compared = (more: object): Step => [
    35_000,
    {
      is: 'answers-compared',
      request: 'GET /features',
      asked: 5,
      compared: 5,
      different: [],
      ...more,
    } as unknown as ActionStepData,
  ]
  const field = (name: string, noise = 0) => ({ field: name, times: 2, noise, stable: 'a', canary: 'b' })
  const fields = (n: number) => Array.from({ length: n }, (_, index) => field(`f${index}`))
  const visits = (n: number) => ({ copies: (ms: number) => (ms === 36_000 ? n : isOnAt(ms) ? 8 : 0) })
  const alike = (more: object, visited = 5) => told('answers-alike', { steps: [compared(more)], ...visits(visited) })
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that are alike', () => alike({}), ['held']],
    ['that differ in a field', () => alike({ different: [field('x')] }), ['breach answers-differ']],
    ['that differ in a field as those of the old release do', () => alike({ different: [field('x', 1)] }), ['held']],
    ['that differ in both', () => alike({ different: [field('x', 1), field('y')] }), ['breach answers-differ']],
    ['of which one could not be compared', () => alike({ compared: 4, problem: 'x' }), unknown],
    ['that the new release did not count', () => alike({}, 4), ['held', ...unknown]],
    ['that were never compared', () => told('answers-alike'), unknown],
    ['that nobody asks for', () => told('answers-alike', { act: { answers: undefined as never } }), []],
    ['that differ in five fields', () => alike({ different: fields(5) }), ['breach answers-differ']],
    ['that differ in six', () => alike({ different: fields(6) }), ['breach answers-differ']],
    ['of which one was not compared for no known reason', () => alike({ compared: 4 }), unknown],
    ['of which the new release counted nine in ten', () => alike({ asked: 10, compared: 10 }, 9), ['held']],
    ['of which it counted fewer', () => alike({ asked: 10, compared: 10 }, 8), ['held', ...unknown]],
    [
      'of two requests',
      () =>
        told('answers-alike', {
          steps: [compared({}), compared({ request: 'GET /', different: fields(1) })],
          ...visits(9),
        }),
      ['held', 'breach answers-differ'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})
