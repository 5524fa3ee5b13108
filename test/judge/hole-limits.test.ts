/** Holes in the records of a run, to the millisecond: its health, its frames, its scrapes and its lines. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import { holeFindings, totalsMissing, unobservedPods } from '../../src/judge/verdict/holes.ts'
import { podLife } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, counted, frame, type SmallRun, seenIn } from '../support/small-run.ts'

const health = (ms: number, instance = 'k6'): Evidence => ({
  kind: 'generator-health',
  at: atMs(ms),
  instance,
  cpuCores: 0.1,
  hostBusy: ratio(0.1),
  rssBytes: 1,
})
const note = (ms: number): Evidence =>
  ({ kind: 'note', at: atMs(ms), by: 'Ana', via: 'page', is: 'note', text: `${ms}` }) as Evidence
/** Something each second, from begin to end. */
const steady = (from: number, to: number, one: (ms: number) => Evidence, everyMs = 1000): Evidence[] =>
  Array.from({ length: Math.floor((to - from) / everyMs) + 1 }, (_, n) => one(from + n * everyMs))
const frames = (from: number, to: number) => steady(from, to, (ms) => frame(ms, {}))

// The load lasts from 0 s to 60 s.
const run: SmallRun = { until: 60_000 }
const holes = (...records: readonly (readonly Evidence[])[]) =>
  noted(holeFindings(seenIn(records.flat(), run))).map(
    ({ subject, sentence }) => `${subject}: ${/for ([\d.]+ s)/.exec(sentence)?.[1] ?? sentence}`,
  )
const all = frames(1000, 60_000)

describe('a hole', () => {
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['of 5 s in the journal is none', () => holes(frames(1000, 20_000), frames(25_000, 60_000)), []],
    ['of more in the journal', () => holes(frames(1000, 20_000), frames(25_001, 59_001)), ['journal: 5.0 s']],
    ['of 5 s at the start is none', () => holes(frames(5000, 60_000)), []],
    ['of more at the start', () => holes(frames(5001, 59_001)), ['journal: 5.0 s']],
    ['of 5 s at the end is none', () => holes(frames(1000, 55_000)), []],
    ['of more at the end', () => holes(frames(1000, 54_000)), ['journal: 6.0 s']],
    [
      'of frames alone',
      () =>
        holes(
          all.filter(({ at }) => at <= atMs(20_000) || at > atMs(26_000)),
          steady(500, 59_500, note),
        ),
      ['load frames: 7.0 s'],
    ],
    [
      'of frames that is just 5 s',
      () =>
        holes(
          all.filter(({ at }) => at <= atMs(20_000) || at > atMs(24_000)),
          steady(500, 59_500, note),
        ),
      [],
    ],
    [
      'of the health of one instance',
      () =>
        holes(
          all,
          [health(1000), health(2000), health(7001)],
          steady(7001, 59_001, (ms) => health(ms + 1000)),
        ),
      ['generator: 5.0 s'],
    ],
    [
      'of a slow stream is longer than five of its intervals',
      () => holes(all, [...steady(0, 20_000, health, 2000), ...steady(30_000, 60_000, health, 2000)]),
      [],
    ],
    [
      'of a slow stream',
      () => holes(all, [...steady(0, 20_000, health, 2000), ...steady(30_001, 58_001, health, 2000)]),
      ['generator: 10.0 s'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  const scraped = (pod: string, ...spans: readonly (readonly [from: number, to: number])[]) =>
    spans.flatMap(([from, to]) =>
      counted(
        'shop',
        'x',
        {},
        steady(from, to, note).map(({ at }) => [at - atMs(0), 1] as const),
        pod,
      ),
    )
  const life = (name: string, runs: number, ends?: number) =>
    podLife({
      name,
      app: 'shop',
      node: 'n',
      born: runs - 1,
      runs,
      ready: runs + 1,
      ...(ends === undefined ? {} : { ends, gone: ends + 1 }),
    })

  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'of a pod that ran',
      () => holes(all, scraped('a', [0, 20_000], [30_000, 60_000]), scraped('b', [0, 60_000]), life('a', -5)),
      ['shop: 10.0 s'],
    ],
    [
      'of a pod that had ended after 5 s',
      () => holes(all, scraped('a', [0, 20_000]), scraped('b', [0, 60_000]), life('a', -5, 25)),
      [],
    ],
    [
      'of a pod that ended later',
      () => holes(all, scraped('a', [0, 20_000]), scraped('b', [0, 60_000]), life('a', -5, 25.001)),
      ['shop: 40.0 s'],
    ],
    [
      'of a pod that ran 5 s before it was scraped',
      () => holes(all, scraped('a', [0, 10_000], [40_000, 60_000]), scraped('b', [0, 60_000]), life('a', 35)),
      [],
    ],
    [
      'of a pod that ran longer before',
      () => holes(all, scraped('a', [0, 10_000], [40_000, 60_000]), scraped('b', [0, 60_000]), life('a', 34.999)),
      ['shop: 30.0 s'],
    ],
    [
      'of a pod that nobody saw, at the end',
      () => holes(all, scraped('a', [0, 20_000]), scraped('b', [0, 60_000])),
      [],
    ],
    [
      'of a pod that nobody saw, in between',
      () => holes(all, scraped('a', [0, 20_000], [30_000, 60_000]), scraped('b', [0, 60_000])),
      ['shop: 10.0 s'],
    ],
    [
      'of a pod before its first scrape is none',
      () => holes(all, scraped('a', [30_000, 60_000]), scraped('b', [0, 60_000]), life('a', -5)),
      [],
    ],
    ['of a source', () => holes(all, scraped('a', [0, 20_000], [30_000, 60_000])), ['shop: 10.0 s']],
    ['of a source from the start on', () => holes(all, scraped('a', [10_000, 60_000])), ['shop: 10.0 s']],
    [
      'of two pods is told once',
      () =>
        holes(
          all,
          scraped('a', [0, 20_000], [30_000, 60_000]),
          scraped('b', [0, 30_000], [42_000, 60_000]),
          scraped('c', [0, 60_000]),
        ),
      ['shop: 12.0 s'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('is none before the load was seen to begin', () => {
    const records = [...frames(1000, 10_000), ...frames(30_000, 60_000)]
    expect(holes(records)).toEqual(['journal: 20.0 s'])
  })

  it('is that of the longest where several pods have one', () => {
    const sentence = noted(
      holeFindings(
        seenIn(
          [
            ...all,
            ...scraped('a', [0, 20_000], [30_000, 60_000]),
            ...scraped('b', [0, 30_000], [42_000, 60_000]),
            ...scraped('c', [0, 60_000]),
          ],
          run,
        ),
      ),
    )[0]?.sentence
    expect(sentence).toBe('Scrapes of a and b are missing for 12.0 s, although the pod ran.')
  })
})

describe('totals of the load', () => {
  const ended = (frames_: number | undefined, ms = 60_000): Evidence => ({
    kind: 'load-ended',
    at: atMs(ms),
    instance: 'k6',
    outcome: 'completed',
    exitCode: 0,
    problems: [],
    ...(frames_ === undefined ? {} : { frames: frames_ }),
  })
  const missing = (records: readonly Evidence[]) => totalsMissing(seenIn(records, { until: undefined }))
  it.each<[string, () => boolean, boolean]>([
    ['without a frame', () => missing([ended(0)]), true],
    ['with as many frames as were written', () => missing([...all, ended(60)]), false],
    ['with fewer', () => missing([...all, ended(61)]), true],
    ['with more', () => missing([...all, ended(59)]), true],
    [
      'whose last frame came one and a half intervals before its end',
      () => missing([...all, ended(undefined, 61_500)]),
      false,
    ],
    ['whose last frame came earlier', () => missing([...all, ended(undefined, 61_501)]), true],
    ['of one frame, 7.5 s before its end', () => missing([frame(1000, {}), ended(undefined, 8500)]), false],
    ['of one frame, longer before', () => missing([frame(1000, {}), ended(undefined, 8501)]), true],
    ['of a load whose end was not seen', () => missing(all), false],
    [
      'of a generator that began anew',
      () =>
        missing([
          frame(1000, { profiles: { x: { iterations: 5, dropped: 0 } } }),
          frame(2000, { profiles: { x: { iterations: 4, dropped: 0 } } }),
          ended(2),
        ]),
      true,
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('pods that were scraped', () => {
  const source = { namespace: 'casino', selector: {}, port: 1, path: '/m', metrics: ['x'] } as const
  const unseen = (pod: string, lives: readonly Evidence[], namespace = 'casino') =>
    noted(
      unobservedPods(
        seenIn([...counted('shop', 'x', {}, [[1000, 1]], pod), ...lives], {
          target: { sources: { shop: { ...source, namespace } } },
        }),
      ),
    ).map((each) => each.pod)
  const other = podLife({ name: 'b', app: 'b', born: -1 })
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['and never seen beside others', () => unseen('a', other), ['casino/a']],
    ['and seen', () => unseen('b', other), []],
    ['where no pod was seen', () => unseen('a', []), []],
    ['in a namespace of which no pod was seen', () => unseen('a', other, 'bank'), []],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('lines of the journal', () => {
  const misplaced = (...records: readonly Evidence[]) =>
    noted(holeFindings(seenIn([...all, ...records], run))).flatMap(({ subject, sentence }) =>
      subject === 'journal' ? [sentence] : [],
    )
  it.each<[string, () => readonly string[], readonly string[]]>([
    [
      'that repeat a record',
      () => misplaced(frame(60_000, {})),
      ['1 line of the journal repeats a record or is out of order: load-frame.'],
    ],
    [
      'that repeat two records',
      () => misplaced(frame(60_000, {}), frame(60_000, {})),
      ['2 lines of the journal repeat records or are out of order: load-frame.'],
    ],
    [
      'of two kinds',
      () => misplaced(frame(60_000, {}), health(60_000), health(60_000)),
      ['2 lines of the journal repeat records or are out of order: generator-health and load-frame.'],
    ],
    ['of the same moment that differ', () => misplaced(frame(60_000, { vus: 2 })), []],
    [
      'of another instance',
      () => misplaced(frame(60_000, { instance: 'two' })).filter((each) => each.includes('out of order')),
      [],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})
