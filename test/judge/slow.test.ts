import { describe, expect } from 'vitest'
import { evidence, type Story } from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

/** So many of every ten deposits are over the ceiling in these seconds; the fault lasts from 65.4 to 90. */
const slowDeposits =
  (tenths: number, from: number, to: number): Story['load'] =>
  (second, load) => {
    if (second < from || second >= to) return
    load.deposit.slow = Math.floor((load.deposit.good * tenths) / 10)
    load.deposit.overCeiling = load.deposit.slow
  }
const oneSlow = ({ deposit }: Parameters<Story['load']>[1], is: boolean) => {
  if (is) Object.assign(deposit, { slow: 1, overCeiling: 1 })
}
const judged = (load: Story['load']) => judge(evidence({ load }))
const costOf = (load: Story['load'], sli: string, kind: string) =>
  judged(load).faults[0]?.costs.find((each) => each.sli === sli && each.kind === kind)

describe('responses over the ceiling', () => {
  it('are a cost of the SLI and of the latency objective that covers it', () => {
    const load = slowDeposits(2, 66, 90)
    const deposit = costOf(load, 'deposit', 'availability')
    expect(deposit).toMatchObject({ bad: 0, budgetBurnt: 0 })
    expect(deposit?.tooSlow).toBeGreaterThan(75)
    expect((deposit?.detectMs ?? 0) / 1000).toBeCloseTo(1.9, 1)
    expect((deposit?.recoverMs ?? 0) / 1000).toBeGreaterThan(20)
    const api = costOf(load, 'api', 'latency')
    expect(api?.tooSlow).toBeGreaterThan(75)
    expect(api?.budgetBurnt).toBeGreaterThan(0.1)
  })

  it.each<[string, Story['load']]>([
    ['within what the objective allows', (s, load) => oneSlow(load, s === 70 || s === 75)],
    ['that were as frequent before the fault', slowDeposits(2, 0, 160)],
  ])('%s are no cost', (_, load) => {
    const cost = costOf(load, 'deposit', 'availability')
    expect(cost).toMatchObject({ tooSlow: 0 })
    expect(cost?.detectMs).toBeUndefined()
  })

  it('that go on after healing delay the recovery', () => {
    const late = judged(slowDeposits(2, 66, 120))
    expect(causesOf(late)).toContain('recovery-late')
    expect(sentenceOf(late, 'recovery-late')).toMatch(/^deposit recovered 2\d\.\d s after healing/)
    expect(causesOf(judged(slowDeposits(2, 66, 90)))).not.toContain('recovery-late')
  })
})
