import { describe, expect } from 'vitest'
import type { Evidence, EvidenceOf } from '../../src/domain/evidence.ts'
import { readJournal } from '../../src/journal/read.ts'
import { evidence, healthySteps, mapped, RUN, type Story, scrapes, secondAt, together } from '../support/evidence.ts'
import { causesOf, sentenceOf, shown, told, withRehearsal } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

type Sample = EvidenceOf<'sample'>
type Good = Extract<Sample, { ok: true }>

const recorded: Evidence[] = []
for await (const { record } of readJournal('reports/example/journal.ndjson')) recorded.push(record)

const stepAt = (is: 'created' | 'healed'): number =>
  recorded.find((record) => record.kind === 'fault-step' && record.step.is === is)?.at ?? Number.NaN
const [createdAt, healedAt] = [stepAt('created'), stepAt('healed')]

const ofPspA = (change: (sample: Good, counted: number) => Evidence): readonly Evidence[] => {
  const first = recorded.find((each): each is Good => each.kind === 'sample' && each.source === 'psp-a' && each.ok)
  const start = first?.series[0]?.value ?? 0
  return mapped(recorded, 'sample', (sample) =>
    sample.source === 'psp-a' && sample.ok
      ? change(sample, start + (40 * (sample.at - (first?.at ?? 0))) / 1000)
      : sample,
  )
}
const withValue = (sample: Good, value: number): Good => ({
  ...sample,
  series: sample.series.map((each, index) => ({ ...each, value: index === 0 ? value : 0 })),
})
const failed = ({ at, source, pod }: Sample): Sample => ({
  kind: 'sample',
  at,
  source,
  pod,
  ok: false,
  problem: 'answered 401',
})
const isBlind = ({ at }: Sample): boolean => at >= createdAt - 1000 && at <= healedAt + 2500

describe('a recorded run', () => {
  it('passes as it was recorded', () => {
    expect(judge(recorded).verdict.kind).toBe('pass')
  })

  it.each<[string, (sample: Good, counted: number) => Evidence, RegExp]>([
    ['showing no effect', (sample, counted) => withValue(sample, counted), /went on at/],
    [
      'showing no effect and unreadable during the whole fault',
      (sample, counted) => (isBlind(sample) ? failed(sample) : withValue(sample, counted)),
      /could not be scraped during the fault/,
    ],
    [
      'showing no effect and without the metric during the whole fault',
      (sample, counted) => (isBlind(sample) ? { ...sample, series: [] } : withValue(sample, counted)),
      /could not be scraped during the fault/,
    ],
    [
      'showing no effect and not a number during the whole fault',
      (sample, counted) => withValue(sample, isBlind(sample) ? Number.NaN : counted),
      /could not be scraped during the fault/,
    ],
    [
      'unreadable in the first half of the fault',
      (sample) => (isBlind(sample) && sample.at < (createdAt + healedAt) / 2 ? failed(sample) : sample),
      /could not be scraped in the first/,
    ],
    [
      'unreadable from the fault to the end',
      (sample) => (sample.at >= createdAt ? failed(sample) : sample),
      /could not be scraped during the fault/,
    ],
  ])('whose witness is %s is inconclusive, and says so', (_, change, why) => {
    const judgment = judge(ofPspA(change))
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toContain('fault-unproven')
    expect(sentenceOf(judgment, 'fault-unproven')).toMatch(why)
  })

  it('stays proven when one scrape in the fault is not a number', () => {
    const during = (createdAt + healedAt) / 2
    const judgment = judge(
      ofPspA((sample) => (Math.abs(sample.at - during) < 600 ? withValue(sample, Number.NaN) : sample)),
    )
    expect(judgment.faults[0]?.state).toBe('proven')
    expect(judgment.verdict.kind).toBe('pass')
  })
})

describe('a fall', () => {
  const blindWhile = (from: number, to: number, rate = 0): Partial<Story> => ({
    pspCalls: (s) => (s > from && s < to ? 'unanswered' : s > 65.4 && s <= 90 ? rate : 30),
  })

  it.each<[string, Partial<Story>, 'proven' | 'unproven']>([
    ['with readings inside the fault', blindWhile(70, 80), 'proven'],
    ['without readings to the end of the fault', blindWhile(80, 93), 'unproven'],
  ])('%s is %s', (_, story, state) => {
    expect(told(story).faults[0]?.state).toBe(state)
  })

  it('is proven by two readings around the fault whose increment is within the limit', () => {
    // The fault begins and ends in the gap, and nothing was counted in it.
    const story: Partial<Story> = {
      pspCalls: (s) => (s > 65 && s < 91 ? 'unanswered' : s <= 65 ? 30 : s < 93 ? 0 : 30),
    }
    expect(told(story).faults[0]?.state).toBe('proven')
  })
})

describe('a rise', () => {
  const [fault] = withRehearsal({}).faults
  if (fault?.witness.kind !== 'rate') throw new Error('the stock rehearsal has a fault with a rate')
  const witness = { ...fault.witness, metric: 'errors_total', of: 'psp-b', where: {}, direction: 'rises' as const }
  const rehearsal = withRehearsal({ faults: [{ ...fault, expect: [], witness: { ...witness, becomes: 5 as never } }] })
  const counted = (second: number) => (second < 66 ? 0 : second < 90 ? (second - 66) * 10 : 240)
  const errors = scrapes('psp-b', 'psp-b-0', 'errors_total', counted)
  const changed = (change: (sample: Good, second: number) => Sample) =>
    judge(
      together(
        evidence({ rehearsal }),
        errors.map((each) => (each.kind === 'sample' && each.ok ? change(each, (each.at - secondAt(0)) / 1000) : each)),
      ),
    ).faults[0]

  it.each<[string, (sample: Good, second: number) => Sample, string]>([
    ['with all readings', (sample) => sample, 'proven'],
    [
      'declared but without series before the fault',
      (s, at) => (at < 66 ? { ...s, series: [], empty: ['errors_total'] } : s),
      'proven',
    ],
    ['absent before the fault', (s, at) => (at < 66 ? { ...s, series: [] } : s), 'unproven'],
    ['unreadable before the fault', (s, at) => (at < 66 ? failed(s) : s), 'unproven'],
    ['unreadable during the whole fault', (s, at) => (at > 64 && at < 92 ? failed(s) : s), 'unproven'],
  ])('%s', (_, change, state) => {
    expect(changed(change)?.state).toBe(state)
  })
})

describe('a reaction', () => {
  it('is unknown where its counter was unreadable at the start and end of the fault', () => {
    const approved: Story['approved'] = (s) => (s > 65.4 && s <= 90 ? { a: 0, b: 0 } : { a: 55, b: 22 })
    const records = mapped(evidence({ approved }), 'sample', (sample) =>
      sample.source === 'payments-api' && sample.at > secondAt(65) && sample.at < secondAt(95)
        ? failed(sample)
        : sample,
    )
    expect(causesOf(told({ approved }), 'breach')).toContain('failover-missing')
    expect(causesOf(judge(records))).toEqual(['no-evidence'])
  })
})

describe('a gauge with a limit', () => {
  const at = { file: 'x.rehearsal.yaml', line: 1, column: 1 }
  const rehearsal = withRehearsal({
    expectations: [{ kind: 'connections', of: 'db', metric: 'connections', where: {}, atMost: 3, pods: 'sum', at }],
  })
  const judged = (value: (second: number) => number) =>
    shown(scrapes('db', 'db-0', 'connections', value), { rehearsal })

  it.each<[string, (second: number) => number, string, string[]]>([
    ['is held when it stays below', () => 2, 'pass', []],
    ['is broken when it rises above', (s) => (s === 50 ? 4 : 2), 'fail', ['connection-avalanche']],
    [
      'is broken when it rises above, though most readings are not numbers',
      (s) => (s === 50 ? 4 : Number.NaN),
      'fail',
      ['connection-avalanche'],
    ],
    ['is unknown when no reading is a number', () => Number.NaN, 'inconclusive', ['no-evidence']],
    ['is unknown when it is infinite', () => Number.POSITIVE_INFINITY, 'inconclusive', ['no-evidence']],
    [
      'is unknown when most readings are not numbers',
      (s) => (s < 100 ? Number.NaN : 2),
      'inconclusive',
      ['no-evidence'],
    ],
  ])('%s', (_, value, kind, causes) => {
    const judgment = judged(value)
    expect(judgment.verdict.kind).toBe(kind)
    expect(causesOf(judgment)).toEqual(causes)
  })
})

describe('an undo', () => {
  const undo: EvidenceOf<'undo-written'>['undo'] = { does: 'remove-taint', node: 'a1', key: 'k', effect: 'NoSchedule' }
  const written = (second: number): Evidence => ({
    kind: 'undo-written',
    at: secondAt(second),
    id: `${RUN}/taint`,
    undo,
  })
  const done = (second: number): Evidence => ({
    kind: 'undo-done',
    at: secondAt(second),
    id: `${RUN}/taint`,
    by: 'run',
    outcome: 'undone',
  })

  it('that is written, done and written again is outstanding again', () => {
    expect(shown([written(100), done(102), written(110), done(112)]).exitCode).toBe(0)
    const left = shown([written(100), done(102), written(110)], { steps: healthySteps })
    expect(left.exitCode).toBe(6)
    expect(causesOf(left)).toEqual(['not-healed'])
  })
})
