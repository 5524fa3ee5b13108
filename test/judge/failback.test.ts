import { describe, expect } from 'vitest'
import type { Evidence, EvidenceOf, Series } from '../../src/domain/evidence.ts'
import { readJournal } from '../../src/journal/read.ts'
import { evidence, mapped, rehearsal, type Story, secondAt } from '../support/evidence.ts'
import { causesOf, sentenceOf, told, withRehearsal } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

type Good = Extract<EvidenceOf<'sample'>, { ok: true }>

const recorded: Evidence[] = []
for await (const { record } of readJournal('reports/example/journal.ndjson')) recorded.push(record)
const healedAt = recorded.find((each) => each.kind === 'fault-step' && each.step.is === 'healed')?.at ?? Number.NaN

/** Series that `isFrozen` keep the value that their pod showed when it was first asked after `fromAt`. */
function frozen(fromAt: number, isFrozen: (sample: Good, series: Series) => boolean): readonly Evidence[] {
  const kept = new Map<string, number>()
  return mapped(recorded, 'sample', (sample) => {
    if (!sample.ok || sample.at < fromAt) return sample
    const series = sample.series.map((each) => {
      if (!isFrozen(sample, each)) return each
      const key = JSON.stringify([sample.pod, each.name, each.labels])
      const value = kept.get(key) ?? each.value
      kept.set(key, value)
      return { ...each, value }
    })
    return { ...sample, series }
  })
}

const ofPspA = ({ source }: Good, { name, labels }: Series): boolean =>
  source === 'psp-a' || (source === 'payments-api' && name.startsWith('payments_charge') && labels.psp === 'psp-a')

describe('a recorded failover', () => {
  it('is followed by a failback, and passes', () => {
    const { verdict, findings } = judge(recorded)
    expect(verdict.kind).toBe('pass')
    expect(findings).toEqual([])
  })

  it('is not followed by one when calls to the provider stop 0.6 s after healing', () => {
    const judgment = judge(frozen(healedAt + 600, ofPspA))
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toEqual(['failback-missing'])
    expect(sentenceOf(judgment, 'failback-missing')).toMatch(/psp-a approved 0\.0\/s/)
  })
})

describe('failback', () => {
  it('is not expected where the platform stays with the second provider on purpose', () => {
    const stays = withRehearsal({
      faults: rehearsal.faults.map((fault) => ({
        ...fault,
        expect: fault.expect.map((each) => (each.kind === 'failover' ? { ...each, failback: 'none' } : each)),
      })),
    })
    const moved = approvedLater(() => ({ a: 0, b: 55 }))
    expect(causesOf(told(moved))).toEqual(['failback-missing'])
    expect(causesOf(told({ ...moved, rehearsal: stays }))).toEqual([])
  })

  const approvedLater = (change: (second: number) => { a: number; b: number }): Partial<Story> => ({
    approved: (s) => {
      const rate = s < 25 || s > 130 ? 22 : 55
      if (s > 90) return change(s)
      return s > 65.4 ? { a: 0, b: rate } : { a: rate, b: 0 }
    },
  })

  it.each<[string, Partial<Story>, string[]]>([
    ['within 8 s', approvedLater((s) => (s < 98 ? { a: 0, b: 55 } : { a: 55, b: 0 })), []],
    ['to less than half of its share', approvedLater(() => ({ a: 22, b: 33 })), ['failback-missing']],
    ['to most of its share', approvedLater(() => ({ a: 33, b: 22 })), []],
    ['never', approvedLater(() => ({ a: 0, b: 55 })), ['failback-missing']],
    [
      'and away again at the end',
      approvedLater((s) => (s < 148 ? { a: 55, b: 0 } : { a: 0, b: 22 })),
      ['failback-missing'],
    ],
    ['with a tenth of the calls, all to the first provider', approvedLater(() => ({ a: 5, b: 0 })), []],
    [
      'without evidence, because no provider counted calls',
      approvedLater(() => ({ a: 0, b: 0.2 })),
      ['failback-missing'],
    ],
  ])('%s', (_, story, causes) => {
    const judgment = told(story)
    expect(causesOf(judgment)).toEqual(causes)
  })

  it('is not judged with too few calls before the fault', () => {
    const story: Partial<Story> = {
      approved: (s) => (s > 65.4 ? { a: 0, b: 3 } : { a: 3, b: 0 }),
    }
    expect(causesOf(told(story))).toEqual([])
  })

  it('is unknown where the counter was unreadable to the end', () => {
    const records = mapped(evidence(), 'sample', (sample) =>
      sample.source === 'payments-api' && sample.at > secondAt(110)
        ? { kind: 'sample', at: sample.at, source: sample.source, pod: sample.pod, ok: false, problem: 'answered 401' }
        : sample,
    )
    const judgment = judge(records)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(sentenceOf(judgment, 'no-evidence')).toMatch(/returned to psp-a/)
  })
})
