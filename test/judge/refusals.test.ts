import { describe, expect } from 'vitest'
import type { Evidence, SliCounts } from '../../src/domain/evidence.ts'
import { readJournal } from '../../src/journal/read.ts'
import { mapped, type Story, toBad } from '../support/evidence.ts'
import { causesOf, told } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const recorded: Evidence[] = []
for await (const { record } of readJournal('reports/example/journal.ndjson')) recorded.push(record)
const zeroAt = recorded.find((each) => each.kind === 'load-started')?.zeroAt ?? Number.NaN

describe('a limit that refused clients before the fault', () => {
  it('is named first, and the recovery is not called late', () => {
    const good: Record<string, number> = {}
    const refused: Record<string, number> = {}
    const limited = mapped(recorded, 'load-frame', (frame) => {
      const second = (frame.at - zeroAt) / 1000
      const slis = Object.fromEntries(
        Object.entries(frame.slis).map(([name, sli]): [string, SliCounts] => {
          const grown = sli.good - (good[name] ?? 0)
          good[name] = sli.good
          const isLimited = second > 27 && second <= 165 && ['login', 'deposit', 'bet', 'api'].includes(name)
          const n = (refused[name] ?? 0) + (isLimited ? Math.round(grown * 0.4) : 0)
          refused[name] = n
          return [
            name,
            n === 0 ? sli : { ...sli, good: sli.good - n, bad: sli.bad + n, badBy: { ...sli.badBy, 'http-429': n } },
          ]
        }),
      )
      return { ...frame, slis }
    })
    const judgment = judge(limited)
    expect(judgment.verdict.kind).toBe('fail')
    expect(causesOf(judgment, 'breach')[0]).toBe('refused-at-ingress')
    expect(causesOf(judgment)).not.toContain('recovery-late')
    expect(judgment.summary).toMatch(/and before psp-a down, clients were refused with 429/)
  })
})

describe('tokens that expire', () => {
  it('are not blamed on the provider, which got no calls', () => {
    const story: Partial<Story> = {
      load: (s, load) => {
        if (s >= 65) for (const sli of [load.deposit, load.bet]) toBad(sli, sli.good, 'http-401')
      },
      approved: (s) => (s > 65 ? { a: 0, b: 0 } : { a: 55, b: 0 }),
      pspCalls: (s) => (s > 65 ? 0 : 55),
    }
    const breaches = causesOf(told(story), 'breach')
    expect(breaches).toContain('refused-at-ingress')
    for (const cause of ['failover-missing', 'time-out-missing', 'recovery-late']) expect(breaches).not.toContain(cause)
  })
})
