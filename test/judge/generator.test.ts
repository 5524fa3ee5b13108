import { describe, expect } from 'vitest'
import { evidence, mapped, podLife, type Story, toBad, toDropped, without } from '../support/evidence.ts'
import { causesOf, shown, told } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

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

  // 160 s of load on 2 cores, and the tightest latency objective is 120 ms.
  const lagging = (seconds: number, lagMs: number): Partial<Story> => ({ lagMs: (s) => (s < seconds ? lagMs : 2) })
  const using = (cpuCores: number): Partial<Story> => ({ health: () => ({ cpuCores, hostBusy: 0.5 }) })
  const KEPT_UP = 'The load generator kept up.'

  it.each<[string, Partial<Story>, string]>([
    ['full for a fifth of the run', busy(30, 62), 'The load generator kept up; the machine was full for 32.0 s.'],
    ['full for a second more', busy(30, 63), 'was starved: the machine was full'],
    ['94.9 % busy', busy(30, 90, 0.949), KEPT_UP],
    ['95 % busy', busy(30, 90, 0.95), 'was starved: the machine was full'],
    ['nine tenths of the cores taken by the generator', using(1.8), 'was starved: the machine was full'],
    ['a little less of them', using(1.79), KEPT_UP],
    ['full for 3 s', busy(30, 33), 'the machine was full for 3.0 s.'],
    ['full for 2 s at a time', { health: (s) => ({ cpuCores: 1, hostBusy: s % 3 === 0 ? 0.5 : 1 }) }, KEPT_UP],
    ['badly late for a twentieth of the run', lagging(8, 61), KEPT_UP],
    ['badly late for a second more', lagging(9, 61), 'its event loop was late for 9.0 s (p95 up to 61'],
    ['late by half of the objective', lagging(160, 60), KEPT_UP],
    ['late, and full for 3 s', { ...lagging(9, 13), ...busy(30, 33) }, 'its event loop was late for 9.0 s'],
    ['late, and full for 2 s', { ...lagging(9, 13), ...busy(30, 32) }, KEPT_UP],
    ['late by a tenth of the objective, and full for 3 s', { ...lagging(9, 12), ...busy(30, 33) }, 'kept up; the'],
    ['late for a twentieth of the run, and full for 3 s', { ...lagging(8, 13), ...busy(30, 33) }, 'kept up; the'],
    ['7 of 7,290 arrivals lost', dropLogins(7), KEPT_UP],
    ['8 of 7,290 arrivals lost', dropLogins(8), '8 of 7290 arrivals of login never ran (8 dropped)'],
  ])('%s', (_, story, sentence) => expect(told(story).generator.sentence).toContain(sentence))

  it.each<[string, Partial<Story>, boolean]>([
    ['full for 5 s of 20 s', { lasts: 20, ...busy(5, 10) }, false],
    ['full for 6 s of 20 s', { lasts: 20, ...busy(5, 11) }, true],
    ['badly late for 3 s of 40 s', { lasts: 40, ...lagging(3, 61) }, false],
    ['badly late for 4 s of 40 s', { lasts: 40, ...lagging(4, 61) }, true],
  ])('of a short run: %s', (_, story, isStarved) => {
    expect(/was (full|late)/.test(told(story).generator.sentence.replace(/kept up; .*/, ''))).toBe(isStarved)
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
