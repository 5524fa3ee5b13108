import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { judge } from '../../src/judge/judge.ts'
import { evidence, mapped, secondAt } from '../support/evidence.ts'
import { everything } from '../support/evidence-everything.ts'

const cutAt = (share: number, records: readonly Evidence[] = evidence()): Judgment =>
  judge(records.slice(0, Math.floor(records.length * share)))
const roots = ({ findings }: Judgment) => findings.filter(({ follows }) => follows === undefined)
const causesOf = (judgment: Judgment) => roots(judgment).map(({ cause }) => cause)

describe('a run that was killed', () => {
  it.each([
    ['before its fault', 0.15, ['run-incomplete']],
    ['during its fault', 0.5, ['not-healed', 'run-incomplete']],
    ['after its fault', 0.8, ['run-incomplete']],
  ])('%s has one finding for that, and all others follow from it', (_, share, causes) => {
    const judgment = cutAt(share)
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.findings.length).toBeGreaterThan(causes.length + 3)
    for (const { follows, next } of judgment.findings.filter((each) => each.follows)) {
      expect(follows).toEqual({ cause: 'run-incomplete', subject: 'run' })
      expect(next).toBe('This follows from run-incomplete of run: start there.')
    }
  })

  it('says so in its summary, without counting what follows', () => {
    expect(cutAt(0.8).summary).toBe('The journal ends before the run did: matchday was killed.')
  })

  it('keeps the breaches that were seen', () => {
    const judgment = cutAt(0.8, everything())
    expect(judgment.verdict.kind).toBe('fail')
    for (const each of judgment.findings.filter(({ weight }) => weight !== 'gap')) expect(each.follows).toBeUndefined()
  })

  it('does not excuse an autoscaler that was never seen: its name is wrong, or it does not exist', () => {
    const unseen = evidence().filter(
      (record) => record.kind !== 'object-seen' || record.object.resource !== 'HorizontalPodAutoscaler',
    )
    const judgment = cutAt(0.8, unseen)
    expect(roots(judgment).map(({ cause, subject }) => `${cause} ${subject}`)).toContain('no-evidence payments-api')
  })

  it('does not excuse a fault that was refused earlier', () => {
    const refused = mapped(evidence(), 'fault-step', (record) => ({
      ...record,
      step: { is: 'refused', problem: 'mode all selects 9 of 9 pods' },
    }))
    expect(causesOf(cutAt(0.8, refused))).toContain('fault-unproven')
  })
})

describe('a run whose cluster stops answering', () => {
  const FROM_CLUSTER = ['object-seen', 'book-read', 'keys-read', 'undo-done', 'residue', 'run-ended']
  const lostAt = (second: number, ...about: readonly string[]): readonly Evidence[] =>
    about.map((each) => ({
      kind: 'evidence-lost',
      at: secondAt(second),
      about: each,
      problem: 'no answer: ECONNREFUSED',
    }))
  /** Nothing comes from the cluster after this second of the load. */
  const silentFrom = (second: number, ...about: readonly string[]): readonly Evidence[] =>
    [
      ...mapped(evidence(), 'sample', (record) =>
        record.at < secondAt(second) ? record : { ...record, ok: false as const, problem: 'no answer' },
      ).filter((record) => record.at < secondAt(second) || !FROM_CLUSTER.includes(record.kind)),
      ...lostAt(second, ...about),
      { kind: 'run-ended', at: secondAt(200), healed: false } as const,
    ].sort((a, b) => a.at - b.at)

  it('has one finding for that; lost and missing evidence follow from it', () => {
    const judgment = judge(silentFrom(100, 'pods', 'nodes', 'autoscalers', 'book wallet'))
    expect(causesOf(judgment)).toEqual(['not-healed', 'cluster-unreachable'])
    const [, root] = roots(judgment)
    expect(root?.sentence).toMatch(
      /^Nothing could be read through the API server of lab from 1:40 on: no answer: ECONNREFUSED/,
    )
    const lost = judgment.findings.filter(({ cause }) => cause === 'evidence-lost')
    expect(lost.map(({ follows }) => follows?.cause)).toEqual(Array(4).fill('cluster-unreachable'))
  })

  it('does not have it when only two watches broke, or when something was read afterwards', () => {
    expect(causesOf(judge(silentFrom(100, 'pods', 'nodes')))).not.toContain('cluster-unreachable')
    const back = [...evidence(), ...lostAt(100, 'pods', 'nodes', 'autoscalers')].sort((a, b) => a.at - b.at)
    expect(causesOf(judge(back))).toEqual(Array(3).fill('evidence-lost'))
  })
})

describe('a finding that follows from another', () => {
  it('is only a gap, and follows from an existing finding that is a root, wherever the journal ends', () => {
    const records = everything()
    fc.assert(
      fc.property(fc.integer({ min: 1, max: records.length }), (end) => {
        const { findings } = judge(records.slice(0, end))
        for (const each of findings) {
          if (each.follows === undefined) continue
          const { cause, subject } = each.follows
          const root = findings.find((one) => one.cause === cause && one.subject === subject)
          expect(each.weight).not.toBe('breach')
          expect(root).toBeDefined()
          expect(root?.follows).toBeUndefined()
        }
      }),
      { numRuns: 30 },
    )
  })

  it('does not exist in a run without a root', () => {
    expect(judge(everything()).findings.filter(({ follows }) => follows)).toEqual([])
  })
})
