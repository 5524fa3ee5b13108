/** What was read during a run: books, messages, configurations, alerts, lists and gauges, and what people wrote. */
import { describe, expect } from 'vitest'
import type { AlertsRead } from '../../src/domain/alert.ts'
import type { BookRead, KeysRead, Sample } from '../../src/domain/evidence.ts'
import { alertKey, createAlertsSeen } from '../../src/judge/seen/alerts.ts'
import { createBooksRead, ledgerBook } from '../../src/judge/seen/books-read.ts'
import { createConfigurations } from '../../src/judge/seen/configurations.ts'
import { createDeliveriesSeen } from '../../src/judge/seen/deliveries-seen.ts'
import { createGauges } from '../../src/judge/seen/gauges.ts'
import { createObjectsListed } from '../../src/judge/seen/listed.ts'
import { createPointsSeen } from '../../src/judge/seen/points.ts'
import { createSaid } from '../../src/judge/seen/said.ts'
import { named } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, seenIn } from '../support/small-run.ts'

describe('books', () => {
  const book = (name: string, final: boolean, line: number, changes: Partial<BookRead> = {}) => ({
    read: {
      kind: 'book-read',
      at: atMs(line),
      book: name,
      settled: true,
      pending: {},
      entries: [],
      final,
      ...changes,
    } as BookRead,
    line,
  })
  const of = (...all: readonly ReturnType<typeof book>[]) => {
    const books = createBooksRead()
    for (const { read, line } of all) books.add(read, line)
    return books.books.get('w')?.line
  }
  it('are read last, or for the last time', () => {
    expect([of(book('w', false, 1), book('w', false, 2)), of(book('w', true, 1), book('w', false, 2))]).toEqual([2, 1])
    expect([of(book('w', false, 1), book('w', true, 2)), of(book('w', true, 1), book('w', true, 2))]).toEqual([2, 2])
  })

  it('hold keys by their operation', () => {
    const books = createBooksRead()
    const keys = (name: string, operation: string): KeysRead => ({
      kind: 'keys-read',
      at: atMs(1),
      book: name,
      operation,
      asked: 1,
      committed: [],
    })
    books.add(keys('w', 'bet'), 1)
    books.add(keys('v', 'bet'), 2)
    expect([books.keysOf('w', 'bet')?.line, books.keysOf('v', 'bet')?.line, books.keysOf('w', 'x')]).toEqual([
      1,
      2,
      undefined,
    ])
  })

  const ledger = (records: readonly BookRead[], names: readonly (readonly [string, boolean])[] = []) =>
    ledgerBook(
      seenIn(records, {
        target: {
          books: names.map(([name, is]) => ({
            book: name,
            namespace: 'n',
            service: 's',
            port: 1,
            ...(is ? { ledger: true } : {}),
          })),
        },
      }),
    )?.read.book
  const [a, b] = [book('a', true, 170_000).read, book('b', true, 170_001, { imbalanceCents: 0 }).read]
  it.each<[string, () => string | undefined, string | undefined]>([
    [
      'that the target file names',
      () =>
        ledger(
          [a, b],
          [
            ['a', true],
            ['b', false],
          ],
        ),
      'a',
    ],
    [
      'that has a check of its own',
      () =>
        ledger(
          [a, b],
          [
            ['a', false],
            ['b', false],
          ],
        ),
      'b',
    ],
    ['that was not read to the end', () => ledger([{ ...a, final: false }], [['a', true]]), undefined],
    ['that nobody names', () => ledger([a]), undefined],
  ])('have a ledger %s', (_, is, expected) => expect(is()).toBe(expected))
})

it('messages are told by stream, and due by stream and receiver', () => {
  const seen = createDeliveriesSeen()
  const told = (stream: string, receiver: string) => ({ kind: 'receipts-told', at: atMs(1), stream, receiver }) as never
  const due = (stream: string, ...receivers: readonly string[]) =>
    ({
      kind: 'deliveries-read',
      at: atMs(1),
      stream,
      book: 'b',
      receivers: receivers.map((receiver) => ({ receiver, cells: [] })),
    }) as never
  for (const [index, each] of [
    told('s', 'a'),
    told('s', 'b'),
    told('t', 'a'),
    due('s', 'a', 'b'),
    due('t', 'a'),
  ].entries())
    seen.add(each, index + 1)
  expect([seen.told('s').map(({ line }) => line), seen.told('u')]).toEqual([[1, 2], []])
  expect([seen.due('s', 'a')?.line, seen.due('t', 'a')?.line, seen.due('t', 'b')]).toEqual([4, 5, undefined])
})

describe('configurations that pods report', () => {
  const source = {
    namespace: 'n',
    selector: {},
    port: 1,
    path: '/m',
    metrics: [],
    configuration: { metric: 'info', label: 'digest' },
  }
  type Told = readonly [name: string, digest: string | undefined, value: number]
  const sample = (series: readonly Told[] | undefined, of = 's'): Sample =>
    ({
      kind: 'sample',
      at: atMs(1),
      source: of,
      pod: 'p',
      ...(series === undefined
        ? { ok: false, problem: 'x' }
        : {
            ok: true,
            series: series.map(([name, digest, value]) => ({
              name,
              labels: digest === undefined ? {} : { digest },
              value,
            })),
          }),
    }) as Sample
  const told = (...samples: readonly Sample[]) => {
    const all = createConfigurations(() => ({ s: source, other: { ...source, configuration: undefined as never } }))
    for (const [index, each] of samples.entries()) all.add(each, index + 1)
    return noted(all.of('p')).map(({ digest, line }) => `${digest} ${line}`)
  }
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'are changes only',
      () => told(sample([['info', 'a', 1]]), sample([['info', 'a', 1]]), sample([['info', 'b', 1]])),
      ['a 1', 'b 3'],
    ],
    [
      'leave out what is 0',
      () =>
        told(
          sample([
            ['info', 'a', 1],
            ['info', 'b', 0],
          ]),
        ),
      ['a 1'],
    ],
    [
      'are those of several series together',
      () =>
        told(
          sample([
            ['info', 'b', 1],
            ['info', 'a', 2],
          ]),
        ),
      ['a b 1'],
    ],
    ['leave out other metrics', () => told(sample([['x', 'a', 1]])), []],
    ['leave out a series without the label', () => told(sample([['info', undefined, 1]])), []],
    [
      'leave out failed scrapes',
      () => told(sample([['info', 'a', 1]]), sample(undefined), sample([['info', 'a', 1]])),
      ['a 1'],
    ],
    [
      'leave out sources without them',
      () => told(sample([['info', 'a', 1]], 'other'), sample([['info', 'a', 1]], 'none')),
      [],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('points at which clients had seen something acknowledged', () => {
  const operations = new Map([['bet', { acknowledged: 3 } as never]])
  const point = (step: object) => {
    const points = createPointsSeen()
    points.add({ kind: 'action-step', at: atMs(1), action: 'a', step } as never, operations)
    return points.of('a')?.get('bet')
  }
  it.each<[string, object, number | undefined]>([
    ['a restore asks for its point', { is: 'restore-step', step: 'point-asked' }, 3],
    ['a restore sets its point', { is: 'restore-step', step: 'point-set' }, undefined],
    ['a cutover reads the new book', { is: 'region-book', region: 'new' }, 3],
    ['a cutover reads the old book', { is: 'region-book', region: 'old-before' }, undefined],
    ['anything else is done', { is: 'done' }, undefined],
  ])('are those at which %s', (_, step, n) => expect(point(step)).toBe(n))
})

describe('alerts', () => {
  const read = (ok: boolean): AlertsRead =>
    ({ kind: 'alerts-read', at: atMs(1), ok, problem: 'x', active: [], rules: [] }) as never
  it('keep successful readings, and the last failed one', () => {
    const alerts = createAlertsSeen()
    for (const [index, ok] of [true, false, true, false].entries()) alerts.add(read(ok), index + 1)
    expect([alerts.reads.map(({ line }) => line), alerts.failed?.line]).toEqual([[1, 3], 4])
    expect(createAlertsSeen().failed).toBeUndefined()
  })
  it('are told apart by their labels, in whatever order', () => {
    const key = (labels: Readonly<Record<string, string>>) => alertKey({ alert: 'Down', labels })
    expect(key({ b: '1', a: '2' })).toBe('["Down",["a","2"],["b","1"]]')
    expect([key({ a: '1' }) === key({ a: '2' }), key({ a: '1', b: '2' }) === key({ b: '2', a: '1' })]).toEqual([
      false,
      true,
    ])
  })
})

it('what people wrote is kept as they wrote it', () => {
  const said = createSaid()
  const note = (more: object) =>
    ({ kind: 'note', at: atMs(1), is: 'note', text: 'x', by: 'Ana', via: 'page', ...more }) as never
  said.add(note({}), 1)
  said.add(note({ about: 'f' }), 2)
  expect(said.all.map((each) => each.about ?? Object.keys(each).length)).toEqual([5, 'f'])
})

it('lists of a namespace are kept by their kind', () => {
  const listed = createObjectsListed()
  const list = (resource: string, ms: number) =>
    ({ kind: 'objects-listed', at: atMs(ms), namespace: 'n', resource, objects: [named(resource)] }) as never
  listed.add(list('Workload', 1), 1)
  listed.add(list('Service', 2), 2)
  listed.add(list('Workload', 3), 3)
  expect(noted(listed.of('n'))?.at).toBe(atMs(3))
  expect([[...(listed.of('n')?.lines ?? [])], listed.of('m')]).toEqual([
    [
      ['Workload', 3],
      ['Service', 2],
    ],
    undefined,
  ])
})

describe('a gauge', () => {
  const gauges = (
    ...samples: readonly (readonly [
      ms: number,
      source: string,
      pod: string,
      value: number | undefined,
      unread?: string,
    ])[]
  ) => {
    const all = createGauges()
    all.want({ id: 'any', metric: 'x', labels: {} })
    all.want({ id: 's', source: 's', metric: 'x', labels: {}, pods: 'max' })
    for (const [index, [ms, source, pod, value, unread]] of samples.entries())
      all.add(
        {
          kind: 'sample',
          at: atMs(ms),
          source,
          pod,
          ok: true,
          series: value === undefined ? [] : [{ name: 'x', labels: {}, value }],
          ...(unread === undefined ? {} : { unread: [{ metric: unread, problem: 'p' }] }),
        } as never,
        index + 1,
      )
    return all
  }
  it('of any source is that of all, and of one only its own', () => {
    const all = gauges([0, 's', 'a', 2], [100, 't', 'a', 3])
    expect(noted([all.levels('any').map(({ value }) => value), all.levels('s').map(({ value }) => value)])).toEqual([
      [2, 5],
      [2],
    ])
  })
  it('that could not be read is none, and another metric does not matter', () => {
    expect(gauges([0, 's', 'a', 2, 'x']).scrapes('s')).toEqual({ read: 0, unread: 1 })
    expect(gauges([0, 's', 'a', 2, 'y']).scrapes('s')).toEqual({ read: 1, unread: 0 })
  })
  it('is held over several scrapes, with their first and last line', () => {
    const all = gauges([0, 's', 'a', 1], [1000, 's', 'a', 2], [2000, 's', 'a', 0.5], [3000, 's', 'a', 1])
    expect(noted(all.spans('s')).spans.map(({ line, lastLine }) => [line, lastLine])).toEqual([
      [1, 2],
      [4, 4],
    ])
    expect(all.spans('none')).toEqual({ spans: [], scrapes: 0 })
  })
})
