import { describe, expect, it } from 'vitest'
import { judge } from '../../src/judge/judge.ts'
import { evidence, mapped, podLife, type Story, toBad, toDropped, without } from '../support/evidence.ts'
import { causesOf, shown, told } from '../support/judged.ts'

describe('the load generator', () => {
  const dropLogins = (count: number): Partial<Story> => ({
    load: (second, load) => second === 50 && toDropped(load, 'login', count),
  })
  const busy = (from: number, to: number, hostBusy = 0.99): Partial<Story> => ({
    health: (second) => ({ cpuCores: 0.8, hostBusy: second >= from && second < to ? hostBusy : 0.7 }),
  })

  it.each([
    ['2 dropped of 7,290 are within what 99.9 % tolerates and proves', dropLogins(2), 'pass', []],
    [
      '8 dropped are starvation, never a platform failure',
      dropLogins(8),
      'inconclusive',
      ['generator-starved', 'generator-starved'],
    ],
    ['70 % busy throughout is healthy', busy(0, 160, 0.7), 'pass', []],
    ['a full machine for 20 s of 160 s is told and tolerated', busy(30, 50), 'pass', []],
    ['a full machine for 60 s is starvation', busy(30, 90), 'inconclusive', ['generator-starved']],
    ['the event loop late for 4 s is tolerated', { lagMs: (s: number) => (s < 4 ? 90 : 2) }, 'pass', []],
    [
      'the event loop badly late for 20 s is starvation',
      { lagMs: (s: number) => (s < 20 ? 90 : 2) },
      'inconclusive',
      ['generator-starved'],
    ],
    ['a little lateness alone is tolerated', { lagMs: () => 20 }, 'pass', []],
    [
      'a little lateness on a full machine is starvation',
      { lagMs: () => 20, ...busy(30, 40) },
      'inconclusive',
      ['generator-starved'],
    ],
  ] as const)('%s', (_, story, kind, causes) => {
    const judgment = told(story)
    expect(judgment.verdict.kind).toBe(kind)
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.generator.trusted).toBe(causes.length === 0)
  })

  it('counts arrivals that neither ran nor were dropped', () => {
    const judgment = told({ load: (second, load) => second > 100 && toDropped(load, 'bet', 9) })
    const hidden = judge(
      mapped(
        evidence({ load: (second, load) => second > 100 && toDropped(load, 'bet', 9) }),
        'load-frame',
        (frame) => ({
          ...frame,
          profiles: Object.fromEntries(
            Object.entries(frame.profiles).map(([name, each]) => [name, { ...each, dropped: 0 }]),
          ),
        }),
      ),
    )
    expect(judgment.generator.dropped).toBeGreaterThan(400)
    expect(hidden.generator.dropped).toBe(0)
    expect(hidden.generator.missing).toBeGreaterThanOrEqual(judgment.generator.dropped - 2)
    expect(causesOf(hidden, 'gap')).toContain('generator-starved')
  })

  it('that was starved excuses delays and misses, but no money', () => {
    const starved = {
      ...busy(0, 160),
      load: (_: number, load: Parameters<Story['load']>[1]) => toBad(load.login, 5, 'timeout'),
    }
    const judgment = told(starved)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toEqual(['generator-starved', 'slo-missed'])
    const robbed = told({ ...starved, books: (books) => void books['psp-b']?.deposit.push(1) })
    expect(causesOf(robbed, 'breach')).toEqual(['double-charge'])
  })

  it('that was starved excuses a violated disruption budget, unless its pods were evicted, deleted or harmed', () => {
    const short: Partial<Story> = {
      ...busy(0, 160),
      budget: (s) => ({ healthy: s > 100 && s < 110 ? 0 : 2, wanted: 1, expected: 2 }),
    }
    const violated = (judgment: ReturnType<typeof told>) =>
      judgment.findings.filter((each) => each.cause === 'budget-violated').map((each) => each.weight)
    const pod = { name: 'payments-api-9', app: 'payments-api', born: -2, ready: -1 }
    const apart: Partial<Story> = { ...short, steps: [] }
    expect(violated(told(apart))).toEqual(['gap'])
    expect(violated(shown(podLife({ ...pod, ends: 99, gone: 101 }), apart))).toEqual(['breach'])
    expect(violated(shown(podLife({ ...pod, ends: 120, gone: 121 }), apart))).toEqual(['gap'])
    // The stock fault names payments-api-1.
    expect(violated(told(short))).toEqual(['breach'])
  })

  it('is not trusted without health records', () => {
    const judgment = judge(without(evidence(), 'generator-health'))
    expect(causesOf(judgment)).toEqual(['no-evidence'])
    expect(judgment.generator.trusted).toBe(false)
  })

  it('is reported for iterations without an outcome, such as those of a script that throws', () => {
    const records = mapped(evidence(), 'load-frame', (frame) => ({
      ...frame,
      profiles: {
        ...frame.profiles,
        deposit: { iterations: (frame.profiles.deposit?.iterations ?? 0) * 1.1, dropped: 0 },
      },
    }))
    expect(causesOf(judge(records))).toEqual(['evidence-lost'])
  })
})
