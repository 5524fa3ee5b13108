/** How a run ended, what was left behind, and how findings become a verdict. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import type { Finding, SloResult, Verdict } from '../../src/domain/verdict.ts'
import { finding, sortFindings } from '../../src/judge/findings/findings.ts'
import { count, duration, listed } from '../../src/judge/findings/words.ts'
import type { Seen } from '../../src/judge/seen/seen.ts'
import { excuseLost } from '../../src/judge/verdict/lost-evidence.ts'
import { withRoots } from '../../src/judge/verdict/roots.ts'
import { distrustChanged, isHealed, judgeRun } from '../../src/judge/verdict/run-findings.ts'
import { excuseStarved } from '../../src/judge/verdict/starvation.ts'
import { exitCodeOf, summarise, verdictOf } from '../../src/judge/verdict/verdict.ts'
import { budget, FAULT, podLife } from '../support/evidence.ts'
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
/** Something each second, from begin to end. */
const steady = (from: number, to: number, one: (ms: number) => Evidence, everyMs = 1000): Evidence[] =>
  Array.from({ length: Math.floor((to - from) / everyMs) + 1 }, (_, n) => one(from + n * everyMs))
const frames = (from: number, to: number) => steady(from, to, (ms) => frame(ms, {}))
const told = (findings: readonly Finding[]) => findings.map(({ cause, subject }) => `${cause} ${subject}`)

// The load lasts from 0 s to 60 s.
const run: SmallRun = { until: 60_000 }
const all = frames(1000, 60_000)

describe('the run', () => {
  const residue = (when: 'before' | 'after', items = 0, ms = when === 'before' ? -90 : 70_000): Evidence => ({
    kind: 'residue',
    at: atMs(ms),
    when,
    items: Array.from({ length: items }, (_, n) => ({ what: `thing ${n}`, where: 'casino', next: '' })),
  })
  const ended = (healed = true, ms = 71_000): Evidence => ({ kind: 'run-ended', at: atMs(ms), healed })
  const lost = (about: string, ms = 30_500): Evidence => ({
    kind: 'evidence-lost',
    at: atMs(ms),
    about,
    problem: 'no answer',
  })
  const doubt = (is: 'changed' | 'unsigned', problem: string): Evidence => ({
    kind: 'evidence-doubted',
    at: atMs(72_000),
    doubt: is,
    problem,
  })
  const of = (...records: readonly Evidence[]) => seenIn([...all, ...records], run)
  const judged = (...records: readonly Evidence[]) => told(noted(judgeRun(of(...records))))
  const whole = [residue('after'), ended()]

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['is whole', () => judged(...whole), []],
    ['has no end', () => judged(residue('after')), ['run-incomplete run']],
    ['has no audit', () => judged(ended()), ['no-evidence residue']],
    ['left something', () => judged(residue('after', 1), ended()), ['not-healed residue']],
    ['says that it was not healed', () => judged(residue('after'), ended(false)), ['not-healed residue']],
    ['was audited again after it said so', () => judged(ended(false), residue('after', 0, 72_000)), []],
    ['found something before', () => judged(residue('before', 1), ...whole), ['residue-before residue']],
    ['found nothing before', () => judged(residue('before', 0), ...whole), []],
    ['lost something', () => judged(lost('pods'), ...whole), ['evidence-lost pods']],
    [
      'lost three things for good',
      () => judged(lost('pods'), lost('nodes'), lost('jobs'), ...whole),
      ['cluster-unreachable lab', 'evidence-lost pods', 'evidence-lost nodes', 'evidence-lost jobs'],
    ],
    [
      'lost two things for good',
      () => judged(lost('pods'), lost('nodes'), ...whole),
      ['evidence-lost pods', 'evidence-lost nodes'],
    ],
    [
      'lost eleven things',
      () =>
        judged(
          ...Array.from({ length: 11 }, (_, n) => lost(`x${n}`, 30_500)),
          ...counted('shop', 'x', {}, [[31_000, 1]]),
          ...whole,
        ).filter((each) => /x9|x10|more/.test(each)),
      ['evidence-lost x9', 'evidence-lost more'],
    ],
    [
      'lost ten things',
      () =>
        judged(
          ...Array.from({ length: 10 }, (_, n) => lost(`x${n}`, 30_500)),
          ...counted('shop', 'x', {}, [[31_000, 1]]),
          ...whole,
        ).filter((each) => /x9|more/.test(each)),
      ['evidence-lost x9'],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('counts what it lost', () => {
    const sentences = (n: number) =>
      noted(judgeRun(of(...Array.from({ length: n }, () => lost('pods')), ...whole))).map(({ sentence }) => sentence)
    expect(sentences(1)).toEqual(['Evidence was lost about pods: no answer.'])
    expect(sentences(2)).toEqual(['Evidence was lost about pods: no answer (2 times).'])
    expect(sentences(51)).toEqual([
      'Evidence was lost about pods: no answer (50 times).',
      'Evidence was lost 1 more time.',
    ])
  })

  it('says where its journal was changed', () => {
    const sentences = (...doubts: readonly Evidence[]) =>
      noted(judgeRun(of(...whole, ...doubts))).map(({ sentence }) => sentence)
    expect(sentences(doubt('changed', 'line 7'))).toEqual(['The journal was changed after it was written: line 7.'])
    expect(sentences(doubt('changed', 'line 7'), doubt('changed', 'line 8'))).toEqual([
      'The journal was changed after it was written: line 7; and 1 more place.',
    ])
    expect(sentences(doubt('unsigned', 'no signature'))).toEqual([
      'The journal is not signed with the given key: no signature.',
    ])
    expect(sentences(doubt('changed', 'line 7'), doubt('unsigned', 'no signature'))).toEqual([
      'The journal was changed after it was written: line 7.',
      'The journal is not signed with the given key: no signature.',
    ])
  })

  const undo = (is: 'undo-written' | 'undo-done', ms: number, by: 'run' | 'heal' = 'run'): Evidence =>
    (is === 'undo-written'
      ? { kind: is, at: atMs(ms), id: 'u1', undo: { does: 'remove-taint', node: 'a', key: 'k', effect: 'NoSchedule' } }
      : { kind: is, at: atMs(ms), id: 'u1', by, outcome: 'undone' }) as Evidence
  it.each<[string, readonly Evidence[], boolean, readonly string[]]>([
    ['undone', [undo('undo-written', 10_100), undo('undo-done', 20_100)], true, []],
    ['not undone', [undo('undo-written', 10_100)], false, ['not-healed residue']],
    [
      'undone, and done again',
      [undo('undo-written', 10_100), undo('undo-done', 20_100), undo('undo-written', 30_100)],
      false,
      ['not-healed residue'],
    ],
    ['undone and never written', [undo('undo-done', 20_100)], true, ['evidence-lost undo']],
    ['undone by heal, which finds more', [undo('undo-done', 20_100, 'heal')], true, []],
  ])('has a harm that was %s', (_, records, healed, expected) => {
    expect(isHealed(of(...records, ...whole))).toBe(healed)
    expect(judged(...records, ...whole)).toEqual(expected)
  })

  const load = (
    outcome: 'completed' | 'stopped' | 'crashed' | undefined,
    problems: readonly string[] = [],
  ): readonly Evidence[] =>
    outcome === undefined
      ? []
      : [{ kind: 'load-ended', at: atMs(60_000), instance: 'k6', outcome, exitCode: 1, problems }]
  const stop = (by: 'operator' | 'failure'): Evidence => ({
    kind: 'stop-requested',
    at: atMs(59_999),
    by,
    reason: 'no image',
  })
  const ofLoad = (...records: readonly Evidence[]) =>
    noted(judgeRun(seenIn([...all, ...records, ...whole], { until: undefined }))).map(
      ({ cause, sentence }) => `${cause}: ${sentence}`,
    )
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['crashed', () => ofLoad(...load('crashed')), ['load-crashed: The load generator crashed.']],
    [
      'crashed and said why',
      () => ofLoad(...load('crashed', ['SIGKILL'])),
      ['load-crashed: The load generator crashed: SIGKILL.'],
    ],
    ['was never seen to end', () => ofLoad().slice(0, 1), ['load-crashed: The load generator was never seen to end.']],
    [
      'was stopped by nobody',
      () => ofLoad(...load('stopped')),
      ['load-crashed: The load did not end by itself and was stopped.'],
    ],
    ['was stopped by the operator', () => ofLoad(stop('operator'), ...load('stopped')), []],
    [
      'was stopped by a failure',
      () => ofLoad(stop('failure'), ...load('stopped')),
      ['run-stopped: The run stopped: no image.'],
    ],
  ])('has a load that %s', (_, is, expected) => expect(is()).toEqual(expected))

  const breach: Finding = {
    weight: 'breach',
    cause: 'slo-missed',
    subject: 'login',
    sentence: 'Missed.',
    next: '',
    evidence: [1],
  }
  it('accuses nobody by a journal that was changed', () => {
    expect(noted(distrustChanged([breach], of(...whole, doubt('changed', 'x')))).map(({ weight }) => weight)).toEqual([
      'gap',
    ])
    expect(noted(distrustChanged([breach], of(...whole))).map(({ weight }) => weight)).toEqual(['breach'])
    const warning = { ...breach, weight: 'warning' } as const
    expect(distrustChanged([warning], of(...whole, doubt('changed', 'x')))).toEqual([warning])
  })

  it('says what its API server answered last', () => {
    const losses = ['pods', 'nodes', 'jobs'].map(
      (about, n): Evidence => ({ kind: 'evidence-lost', at: atMs(60_500 + n), about, problem: `no answer ${n}` }),
    )
    expect(noted(judgeRun(of(...whole, ...losses)))[0]?.sentence).toMatch(/: no answer 2\.$/)
  })

  it('is a fail, aborted, inconclusive or a pass, in this order', () => {
    const [gap, warning, accepted] = (['gap', 'warning', 'accepted'] as const).map((weight) =>
      finding(weight, 'slo-missed', 'bet', 'x', []),
    )
    if (gap === undefined || warning === undefined || accepted === undefined) throw new Error('three findings')
    const stopped = of(stop('operator'), ...whole)
    const kinds = (seen: Seen, ...findings: readonly Finding[]) => noted(verdictOf(seen, findings)).kind
    const usual = of(...whole)
    expect([
      kinds(stopped, gap, breach),
      kinds(stopped, gap),
      kinds(usual, gap, warning),
      kinds(usual, warning),
      kinds(usual),
    ]).toEqual(['fail', 'aborted', 'inconclusive', 'pass', 'pass'])
    expect(kinds(of(stop('failure'), ...whole), gap)).toBe('inconclusive')
    expect(noted(verdictOf(usual, [accepted, warning]))).toMatchObject({
      kind: 'pass',
      warnings: [warning],
      accepted: [accepted],
    })
    expect(Object.keys(noted(verdictOf(usual, [warning])))).not.toContain('accepted')
    const verdict = noted(verdictOf(usual, []))
    expect([exitCodeOf(verdict, true), exitCodeOf(verdict, false)]).toEqual([0, 6])
  })

  const slo = (changes: Partial<SloResult> = {}) =>
    ({
      sli: 'login',
      kind: 'availability',
      objective: 0.9,
      achieved: 0.95,
      state: 'proven',
      whole: {},
      ...changes,
    }) as SloResult
  const pass = (changes: Partial<Extract<Verdict, { kind: 'pass' }>> = {}): Verdict => ({
    kind: 'pass',
    warnings: [],
    ...changes,
  })
  const faults = (...names: readonly string[]) => names.map((fault) => ({ fault })) as never
  it.each<[string, () => string, string]>([
    ['an objective', () => summarise(of(), pass(), [slo()], faults()), 'Every objective is proven (login 95 %).'],
    [
      'a fault',
      () => summarise(of(), pass(), [slo()], faults('a')),
      'Every objective is proven (login 95 %), while a was proven to take effect.',
    ],
    [
      'two faults',
      () => summarise(of(), pass(), [slo()], faults('a', 'b')),
      'Every objective is proven (login 95 %), while a and b were proven to take effect.',
    ],
    [
      'a warning',
      () => summarise(of(), pass({ warnings: [breach] }), [slo()], faults()),
      'Every objective is proven (login 95 %), with 1 warning.',
    ],
    [
      'one of two',
      () => summarise(of(), pass(), [slo(), slo({ state: 'missed' })], faults()),
      '1 of 2 objectives are proven (login 95 %).',
    ],
    [
      'a latency',
      () => summarise(of(), pass(), [slo({ kind: 'latency', whole: { quantileMs: 120.4 } as never })], faults()),
      'Every objective is proven (login p90 120 ms).',
    ],
    ['one finding', () => summarise(of(), { kind: 'fail', breaches: [breach] }, [], faults()), 'Missed.'],
    [
      'two findings',
      () => summarise(of(), { kind: 'fail', breaches: [breach, { ...breach, subject: 'b' }] }, [], faults()),
      'Missed; and 1 more finding.',
    ],
    [
      'one that follows',
      () =>
        summarise(
          of(),
          { kind: 'inconclusive', gaps: [breach, { ...breach, follows: { cause: 'slo-missed', subject: 'x' } }] },
          [],
          faults(),
        ),
      'Missed.',
    ],
    [
      'a guardrail',
      () => summarise(of(), { kind: 'aborted', by: 'g', at: atMs(0), gaps: [] }, [], faults()),
      'Stopped by guardrail g: .',
    ],
  ])('is summarised with %s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('what a starved machine excuses', () => {
  const of = (weight_: Finding['weight'], cause: Finding['cause'], subject: string): Finding => ({
    weight: weight_,
    cause,
    subject,
    sentence: 'x',
    next: '',
    evidence: [],
  })
  const violated = of('breach', 'budget-violated', 'shop')
  const budgets = [
    budget(-1, 'shop', { healthy: 2, wantedHealthy: 2 }),
    budget(50, 'shop', { healthy: 1, wantedHealthy: 2 }),
  ]
  const pod = (ends?: number) =>
    podLife({
      name: 'shop-1',
      app: 'shop',
      born: -5,
      ready: -4,
      ...(ends === undefined ? {} : { ends, gone: ends + 100 }),
    })
  const fault = (ms: number): Evidence[] =>
    [
      { is: 'created', namespace: 'casino', name: 'x', uid: 'u' } as const,
      { is: 'injected', pods: ['casino/shop-1'] } as const,
    ].map((step) => ({ kind: 'fault-step', at: atMs(ms), fault: FAULT, step }))
  const weight = (records: readonly Evidence[], contended = true, found = violated) =>
    noted(excuseStarved(seenIn([...budgets, ...records]), [found], contended))[0]?.weight

  it.each<[string, () => string | undefined, string]>([
    ['a budget of which no pod was taken', () => weight(pod()), 'gap'],
    ['not where one was deleted as it was violated', () => weight(pod(50)), 'breach'],
    ['where one was deleted later', () => weight(pod(50.001)), 'gap'],
    ['not where a fault was aimed at one by then', () => weight([...pod(), ...fault(50_000)]), 'breach'],
    ['where the fault came later', () => weight([...pod(), ...fault(50_001)]), 'gap'],
    ['nothing where there is enough to give', () => weight(pod(), false), 'breach'],
    ['no lost money', () => weight(pod(), true, of('breach', 'double-charge', 'bet')), 'breach'],
    ['no gap', () => weight(pod(), true, of('gap', 'slo-missed', 'bet')), 'gap'],
    ['a budget that nobody knows', () => weight([], true, of('breach', 'budget-violated', 'other')), 'gap'],
  ])('is %s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('what lost evidence excuses', () => {
  const missed: Finding = {
    weight: 'breach',
    cause: 'slo-missed',
    subject: 'bet',
    sentence: 'x',
    next: '',
    evidence: [],
  }
  const weight = (records: readonly Evidence[], found = missed, of: SmallRun = run) =>
    noted(excuseLost(seenIn(records, of), [found]))[0]?.weight
  const usual = [...all, ...steady(500, 59_500, health)]
  const lost = (of?: 'load-frame' | 'object-seen' | 'sample' | 'action-step'): Evidence => ({
    kind: 'evidence-lost',
    at: atMs(30_100),
    about: 'x',
    problem: 'y',
    ...(of === undefined ? {} : { of }),
  })
  it.each<[string, () => string | undefined, string]>([
    ['is nothing where nothing was lost', () => weight(usual), 'breach'],
    ['is all where nobody knows what was lost', () => weight([...usual, lost()]), 'gap'],
    ['is all where steps were lost', () => weight([...usual, lost('action-step')]), 'gap'],
    ['is nothing of other records', () => weight([...usual, lost('object-seen')]), 'breach'],
    ['is what frames show', () => weight([...usual, lost('load-frame')]), 'gap'],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))
})

describe('a root', () => {
  const none = { faults: [], actions: [] }
  const follows = (findings: readonly Finding[], seen = seenIn([], run)) =>
    noted(withRoots(seen, findings, none)).map((each) => each.follows?.cause)
  const gap = (cause: Finding['cause'], subject = 'x') => finding('gap', cause, subject, 'y', [])
  it.each<[string, () => readonly (string | undefined)[], readonly (string | undefined)[]]>([
    [
      'explains missing evidence',
      () => follows([gap('run-incomplete', 'run'), gap('no-evidence')]),
      [undefined, 'run-incomplete'],
    ],
    [
      'explains no objective that the rehearsal lacks',
      () => follows([gap('run-incomplete', 'run'), gap('no-evidence', 'objectives')]),
      [undefined, undefined],
    ],
    [
      'explains no breach',
      () => follows([gap('run-incomplete', 'run'), { ...gap('no-evidence'), weight: 'breach' }]),
      [undefined, undefined],
    ],
    [
      'explains no warning but on a starved machine',
      () => follows([gap('run-incomplete', 'run'), { ...gap('slo-unproven'), weight: 'warning' }]),
      [undefined, undefined],
    ],
    [
      'explains warnings on a starved machine',
      () => follows([gap('generator-starved', 'generator'), { ...gap('slo-missed'), weight: 'warning' }]),
      [undefined, 'generator-starved'],
    ],
    [
      'explains no missing evidence on a starved machine',
      () => follows([gap('generator-starved', 'generator'), gap('no-evidence')]),
      [undefined, undefined],
    ],
    [
      'of a harm explains what is about it',
      () =>
        follows([
          gap('fault-unproven', 'f'),
          gap('no-evidence', 'f'),
          gap('no-evidence', 'f: a'),
          gap('no-evidence', 'fa'),
        ]),
      [undefined, 'fault-unproven', 'fault-unproven', undefined],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))
})

describe('findings', () => {
  const of = (weight: Finding['weight'], cause: Finding['cause'], subject: string) =>
    finding(weight, cause, subject, 'x', [])
  it('stand in order of weight, telling power and name', () => {
    const all_ = [
      of('warning', 'not-healed', 'a'),
      of('accepted', 'slo-missed', 'a'),
      of('gap', 'slo-missed', 'b'),
      of('gap', 'slo-missed', 'a'),
      of('gap', 'not-healed', 'z'),
      of('breach', 'slo-missed', 'z'),
    ]
    expect(sortFindings(all_).map(({ weight, cause, subject }) => `${weight} ${cause} ${subject}`)).toEqual([
      'breach slo-missed z',
      'gap not-healed z',
      'gap slo-missed a',
      'gap slo-missed b',
      'accepted slo-missed a',
      'warning not-healed a',
    ])
  })

  it('name twenty lines at most, each once and in order', () => {
    const lines = Array.from({ length: 30 }, (_, n) => 30 - n)
    expect(finding('gap', 'slo-missed', 'a', 'x', [undefined, 5, 5, ...lines]).evidence).toEqual(
      Array.from({ length: 20 }, (_, n) => n + 1),
    )
  })

  it.each<[string, () => string]>([
    ['999 ms', () => duration(999)],
    ['1.0 s', () => duration(1000)],
    ['1 pod', () => count(1, 'pod')],
    ['0 pods', () => count(0, 'pod')],
    ['2 more times', () => count(2, 'more time', 'more times')],
    ['', () => listed([])],
    ['a', () => listed(['a'])],
    ['a and b', () => listed(['a', 'b'])],
    ['a, b, c, d and e', () => listed(['a', 'b', 'c', 'd', 'e'])],
    ['a, b, c, d, e and 1 more', () => listed(['a', 'b', 'c', 'd', 'e', 'f'])],
  ])('are told with "%s"', (expected, is) => expect(is()).toBe(expected))
})
