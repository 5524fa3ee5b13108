import { describe, expect } from 'vitest'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { ratio } from '../../src/domain/units.ts'
import { rehearsal, type Story, toBad } from '../support/evidence.ts'
import { causesOf, told, withRehearsal } from '../support/judged.ts'
import { it } from '../support/reviewed.ts'

describe('objectives', () => {
  const badDeposits = (count: number): Partial<Story> => ({
    load: (second, load) => second < count && toBad(load.deposit, 1, 'http-500'),
  })
  const slowApi = (share: number, beyond: 'slow' | 'overCeiling'): Partial<Story> => ({
    load: (_, load) => {
      for (const sli of [load.login, load.deposit, load.bet]) {
        sli.slow = Math.floor(sli.good * share)
        sli.overCeiling = beyond === 'overCeiling' ? sli.slow : 0
      }
    },
  })

  // 6,683 deposits prove 99.85 % with up to 4 bad, and meet it with up to 10.
  it.each([
    ['4 bad deposits are still proven', badDeposits(4), 'pass', [], 'proven'],
    ['5 bad deposits are met but unproven', badDeposits(5), 'inconclusive', ['slo-unproven'], 'unproven'],
    ['10 bad deposits are met but unproven', badDeposits(10), 'inconclusive', ['slo-unproven'], 'unproven'],
    ['11 bad deposits are missed', badDeposits(11), 'fail', ['slo-missed'], 'missed'],
  ] as const)('%s', (_, story, kind, causes, state) => {
    const judgment = told(story)
    expect(judgment.verdict.kind).toBe(kind)
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.slos.find((slo) => slo.sli === 'deposit')?.state).toBe(state)
  })

  it.each([
    ['4 % slow responses are within p95', slowApi(0.04, 'slow'), 'pass', [], 'proven'],
    [
      '8 % slow responses within the ceiling pass with a warning',
      slowApi(0.08, 'slow'),
      'pass',
      ['slo-warning'],
      'proven-with-warning',
    ],
    ['8 % beyond the ceiling are missed', slowApi(0.08, 'overCeiling'), 'fail', ['slo-missed'], 'missed'],
  ] as const)('%s', (_, story, kind, causes, state) => {
    const judgment = told(story)
    expect(judgment.verdict.kind).toBe(kind)
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.slos.find((slo) => slo.sli === 'api')?.state).toBe(state)
  })

  it('counts a bad response as slow', () => {
    const slos: Rehearsal['slos'] = [rehearsal.slos[2] ?? rehearsal.slos[0]]
    const story = {
      rehearsal: withRehearsal({ slos }),
      load: (_: number, load: Parameters<Story['load']>[1]) => toBad(load.bet, 9),
    }
    expect(causesOf(told(story))).toEqual(['slo-missed'])
  })

  it('names the reason and the frames of a miss', () => {
    const [breach] = told(badDeposits(30)).findings
    expect(breach?.sentence).toBe('deposit ≥ 99.85 % good: 99.551 % (6653 of 6683), bad by http-500 30 times.')
    expect(breach?.evidence.length).toBeGreaterThan(3)
  })

  it('is inconclusive without samples of an SLI', () => {
    const slos: Rehearsal['slos'] = [...rehearsal.slos, { ...rehearsal.slos[0], sli: 'withdrawal' }]
    expect(causesOf(told({ rehearsal: withRehearsal({ slos }) }))).toEqual(['no-evidence'])
  })

  it('can never prove 100 %', () => {
    const slos: Rehearsal['slos'] = [{ kind: 'availability', sli: 'login', objective: ratio(1), at: rehearsal.load.at }]
    expect(causesOf(told({ rehearsal: withRehearsal({ slos }) }))).toEqual(['slo-unproven'])
  })
})
