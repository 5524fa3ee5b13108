import { describe, expect } from 'vitest'
import type { Evidence, LoadFrame } from '../../src/domain/evidence.ts'
import type { ActionSpec, Reaction } from '../../src/domain/rehearsal.ts'
import { perSecond, ratio, seconds } from '../../src/domain/units.ts'
import {
  actionOf,
  actionSteps,
  place as at,
  evidence,
  mapped,
  nodes,
  podLife,
  type Story,
  scrape,
  scrapes,
  secondAt,
  standing,
  toBad,
  together,
  withActions,
  withReactions,
} from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

/** The stock fault, created at 65.1, injected at 65.4 and healed at 90.3, with one reaction expected of it. */
function reaction(expected: Reaction, more: readonly Evidence[], changes: Partial<Story> = {}) {
  const judgment = judge(together(evidence({ rehearsal: withReactions(expected), ...changes }), more))
  const [result] = judgment.faults[0]?.reactions ?? []
  return { judgment, result, causes: causesOf(judgment).filter((cause) => !cause.startsWith('slo')) }
}

describe('survives', () => {
  const expected: Reaction = { kind: 'survives', app: 'bets', ready: 2, withinMs: seconds(5), at }
  const three = standing('bets', 'zone-a-api', 'zone-b-api', 'zone-c-api')
  const falling = (n: number, unready: number, again?: number) =>
    podLife({
      name: `bets-x${n}`,
      app: 'bets',
      node: 'zone-a-api',
      born: -2,
      ready: -1,
      unready,
      ...(again ? { again } : {}),
    })

  it.each<[string, Evidence[], boolean, string[]]>([
    ['with all pods', three, true, []],
    ['with enough after the first seconds', [...standing('bets', 'zone-b-api'), ...falling(1, 66, 69)], true, []],
    ['not with too few', [...standing('bets', 'zone-b-api'), ...falling(1, 66)], false, ['too-few-survivors']],
    [
      'not with too few for a moment',
      [...standing('bets', 'zone-b-api'), ...falling(1, 80, 81)],
      false,
      ['too-few-survivors'],
    ],
    ['unknown without pods', [], false, ['no-evidence']],
  ])('%s', (_, more, held, causes) => {
    const { result, causes: found } = reaction(expected, [...nodes(), ...more])
    expect(result?.held).toBe(held)
    expect(found).toEqual(causes)
  })

  it('says how few there were', () => {
    const { result } = reaction(expected, [...standing('bets', 'zone-b-api'), ...falling(1, 66)])
    expect(result?.sentence).toBe('bets kept at least 1 pod Ready from 5.0 s after psp-a down on; 2 are wanted.')
  })
})

describe('spreads', () => {
  const expected: Reaction = { kind: 'spreads', app: 'bets', zones: 3, withinMs: seconds(20), at }
  const [b, c] = [standing('bets', 'zone-b-api', 'zone-c-api'), 'zone-a-api']
  const back = (ready: number, node = c) => podLife({ name: 'bets-9', app: 'bets', node, born: ready - 3, ready })

  it.each<[string, Evidence[], string[], number | undefined]>([
    ['over the zones again in time', back(100), [], 9700],
    ['over the zones again too late', back(115), ['spread-not-restored'], 24_700],
    ['over other nodes only', back(100, 'zone-b-realtime'), ['spread-not-restored'], undefined],
    ['never', [], ['spread-not-restored'], undefined],
  ])('%s', (_, more, causes, tookMs) => {
    const { result, causes: found } = reaction(expected, [...nodes(), ...b, ...more])
    expect(found).toEqual(causes)
    expect(result?.tookMs === undefined ? undefined : Math.round(result.tookMs)).toBe(tookMs)
  })

  it('says that the pods were not spread before either', () => {
    const third = podLife({ name: 'bets-9', app: 'bets', node: 'zone-a-api', born: 0, ready: 1, unready: 66 })
    const sentenceOf = (...pods: Evidence[]) => reaction(expected, [...nodes(), ...pods]).result?.sentence
    const [within, wanted] = ['The Ready pods of bets stood in 2 zones within 20.0 s after healing', '3 are wanted.']
    expect(sentenceOf(...b)).toBe(`${within}, as in 2 zones before psp-a down; ${wanted}`)
    expect(sentenceOf(...b, ...third)).toBe(`${within}; ${wanted}`)
  })

  it('is unknown without nodes and pods', () => {
    expect(reaction(expected, []).causes).toEqual(['no-evidence'])
  })
})

describe('circuitOpens', () => {
  const expected: Reaction = {
    kind: 'backs-off',
    metric: 'calls_total',
    where: { to: 'psp-a' },
    of: 'payments-api',
    becomes: perSecond(2),
    withinMs: seconds(10),
    at,
  }
  const calls = (rate: (second: number) => number, to = 'psp-a') => {
    let sum = 0
    const pod = podLife({ name: 'caller-1', app: 'caller', node: 'zone-a-api', born: -2, ready: -1 })
    return [...pod, ...scrapes('payments-api', 'caller-1', 'calls_total', (s) => (sum += rate(s)), { to })]
  }

  it.each<[string, Evidence[], string[]]>([
    ['when a breaker opens', calls((s) => (s > 70 && s < 91 ? 0 : 40)), []],
    ['when a breaker sends occasional probes', calls((s) => (s > 70 && s < 91 ? (s % 5 === 0 ? 6 : 0) : 40)), []],
    ['not when calls go on', calls(() => 40), ['breaker-missing']],
    ['not when calls start again', calls((s) => (s > 70 && s < 80 ? 0 : 40)), ['breaker-missing']],
    ['unknown when calls were not counted', [], ['no-evidence']],
  ])('%s', (_, more, causes) => {
    expect(reaction(expected, more).causes).toEqual(causes)
  })

  it('says how fast the calls went on', () => {
    expect(
      sentenceOf(
        reaction(
          expected,
          calls(() => 40),
        ).judgment,
        'breaker-missing',
      ),
    ).toBe(
      'calls_total (to=psp-a) of payments-api went on at 40.0/s from 10.0 s after psp-a down on (before: 40.0/s); 2.0/s are allowed.',
    )
  })
})

describe('amplification', () => {
  const expected: Reaction = {
    kind: 'amplification',
    of: 'bets',
    attempts: 'attempts_total',
    operations: 'bets_total',
    atMost: 1.5,
    at,
  }
  const story = (perBet: number, bets = 20): Evidence[] =>
    Array.from({ length: 161 }, (_, second) =>
      scrape(
        second + 0.2,
        'bets',
        'bets-1',
        { name: 'attempts_total', labels: {}, value: second * bets * perBet },
        { name: 'bets_total', labels: {}, value: second * bets },
      ),
    )

  it.each<[string, Evidence[], string[]]>([
    ['of 1.5 attempts per operation is within the limit', story(1.5), []],
    ['of three attempts per operation is a retry storm', story(3), ['retry-storm']],
    ['of no operations is unknown', story(3, 0), ['no-evidence']],
    ['without a counter is unknown', [], ['no-evidence']],
  ])('%s', (_, more, causes) => {
    expect(reaction(expected, more).causes).toEqual(causes)
  })

  it('says the factor', () => {
    expect(sentenceOf(reaction(expected, story(3)).judgment, 'retry-storm')).toMatch(
      /^bets made \d+ attempts_total for \d+ bets_total during psp-a down: 3\.00 times as many; 1\.5 are allowed\.$/,
    )
  })
})

describe('undisturbed', () => {
  const expected: Reaction = { kind: 'undisturbed', sli: 'login', badMax: 2, at }
  const bad = (second: number, count: number): Partial<Story> => ({
    load: (s, load) => s === second && toBad(load.login, count),
  })

  it.each<[string, Partial<Story>, string[]]>([
    ['with as many bad attempts as allowed', bad(70, 2), []],
    ['not with one more', bad(70, 3), ['disturbed']],
    ['by bad attempts before the harm', bad(60, 3), []],
    ['by bad attempts after the harm', bad(95, 3), []],
  ])('%s', (_, changes, causes) => {
    expect(reaction(expected, [], changes).causes).toEqual(causes)
  })

  it('is unknown for an SLI that was not measured', () => {
    expect(reaction({ ...expected, sli: 'withdrawal' }, []).causes).toEqual(['no-evidence'])
  })
})

describe('sockets', () => {
  const expected: Reaction = {
    kind: 'reconnects',
    share: ratio(0.99),
    withinMs: seconds(15),
    herdMax: perSecond(40),
    at,
  }
  /** `open` sockets by second; whoever is missing came back later, one way or another. */
  const frames = (open: (second: number) => number): Evidence[] => {
    let connected = 100
    return mapped(evidence({ rehearsal: withReactions(expected) }), 'load-frame', (frame: LoadFrame) => {
      const second = Math.floor((frame.at - secondAt(0)) / 1000)
      connected += Math.max(0, open(second) - open(second - 1))
      return { ...frame, sockets: { open: open(second), connected, failed: 0, dropped: 0 } }
    })
  }
  const asked = (records: readonly Evidence[]) => {
    const judgment = judge(records)
    return { result: judgment.faults[0]?.reactions[0], causes: causesOf(judgment) }
  }
  const back = (from: number, to: number) => (s: number) =>
    s < 67 || s >= to ? 100 : s < from ? 40 : 40 + (60 * (s - from)) / (to - from)

  it('that come back one by one in time pass', () => {
    const { result, causes } = asked(frames(back(69, 75)))
    expect(causes).toEqual([])
    expect(result).toMatchObject({ held: true })
    expect((result?.tookMs ?? 0) / 1000).toBeCloseTo(9.9, 0)
  })

  it.each<[string, (second: number) => number, string[]]>([
    ['that never dropped pass', () => 100, []],
    ['that come back too late are lost sessions', back(75, 90), ['sessions-lost']],
    ['that do not come back are lost sessions', (s) => (s < 67 ? 100 : 95), ['sessions-lost']],
    ['that come back in one second are a reconnect storm', (s) => (s < 67 || s > 70 ? 100 : 40), ['reconnect-storm']],
    ['that were never open cannot come back', () => 0, ['no-evidence']],
  ])('%s', (_, open, causes) => {
    expect(asked(frames(open)).causes).toEqual(causes)
  })

  it('that were not counted are unknown', () => {
    const none = mapped(
      evidence({ rehearsal: withReactions(expected) }),
      'load-frame',
      ({ sockets: _, ...frame }) => frame,
    )
    expect(asked(none).causes).toEqual(['no-evidence'])
  })
})

describe('an action', () => {
  const roll = (...expect: Reaction[]): ActionSpec =>
    actionOf('roll', { kind: 'rollout', workload: { kind: 'Deployment', name: 'bets' } }, ...expect)
  const drain = (...expect: Reaction[]): ActionSpec =>
    actionOf('drain', { kind: 'drain', nodes: { zone: 'a', pool: 'api' } }, ...expect)
  const completes: Reaction = { kind: 'completes', withinMs: seconds(30), at }
  const begun = () => [100, { is: 'begun', targets: ['Node/x'] }] as const
  const told = (action: ActionSpec, ...steps: Parameters<typeof actionSteps>[1][]) => {
    const judgment = judge(together(evidence({ rehearsal: withActions(action) }), actionSteps(action.name, ...steps)))
    return { judgment, action: judgment.actions[0], causes: causesOf(judgment) }
  }
  const refusal = (second: number) =>
    [second, { is: 'eviction-refused', pod: 'casino/b-1', node: 'x', problem: 'budget' }] as const

  it.each<[string, ActionSpec, Parameters<typeof actionSteps>[1][], string, string[]]>([
    ['that is done in time', roll(completes), [begun(), [120, { is: 'done', note: '' }]], 'done', []],
    ['that is done late', roll(completes), [begun(), [140, { is: 'done', note: '' }]], 'done', ['rollout-stuck']],
    ['that is never done', roll(completes), [begun()], 'not-done', ['rollout-stuck']],
    ['that is never done, and has no time limit', roll(), [begun()], 'not-done', ['action-not-done']],
    [
      'that fails',
      roll(completes),
      [begun(), [110, { is: 'failed', problem: 'image not found' }]],
      'failed',
      ['rollout-stuck', 'action-not-done'],
    ],
    [
      'that was refused',
      roll(completes),
      [[100, { is: 'refused', problem: 'too many pods' }]],
      'refused',
      ['action-not-done'],
    ],
    ['that never began', roll(completes), [], 'not-reached', ['action-not-done']],
    [
      'of draining that disruption budgets block',
      drain(completes),
      [begun(), refusal(101), refusal(120)],
      'not-done',
      ['budget-blocks'],
    ],
    [
      'of draining that is too slow by itself',
      drain(completes),
      [begun(), [140, { is: 'done', note: '' }]],
      'done',
      ['action-late'],
    ],
    [
      'that cannot be undone',
      drain(),
      [begun(), [110, { is: 'done', note: '' }], [130, { is: 'heal-failed', problem: 'forbidden' }]],
      'done',
      ['fault-not-recovered'],
    ],
  ])('%s', (_, action, steps, state, causes) => {
    const { action: result, causes: found } = told(action, ...steps)
    expect(result?.state).toBe(state)
    expect(found).toEqual(causes)
  })

  it('says what delayed it', () => {
    const { judgment } = told(drain(completes), begun(), refusal(101), refusal(120))
    expect(sentenceOf(judgment, 'budget-blocks')).toBe(
      'drain was not done within 30.0 s; evictions of 1 pod were refused.',
    )
    expect(judgment.actions[0]).toMatchObject({ refusedEvictions: 2, evicted: 0, targets: ['Node/x'] })
  })

  it('must recover after its healing, or after its end where it needs no undo', () => {
    const recovers: Reaction = { kind: 'recovers', sli: 'login', withinMs: seconds(5), at }
    const recovered = (action: ActionSpec, ...steps: Parameters<typeof actionSteps>[1][]) => {
      const records = evidence({ rehearsal: withActions(action), load: (s, load) => s === 124 && toBad(load.login, 1) })
      return judge(together(records, actionSteps(action.name, ...steps))).actions[0]?.recoveries[0]
    }
    const healedAt = (second: number) => [begun(), [110, { is: 'done', note: '' }], [second, { is: 'healed' }]] as const
    expect(recovered(drain(recovers), ...healedAt(123))).toMatchObject({ held: true })
    expect(recovered(drain(recovers), ...healedAt(112))).toMatchObject({ held: true, tookMs: 0 })
    expect(recovered(roll(recovers), begun(), [122, { is: 'done', note: '' }])).toMatchObject({ held: true })
  })
})

describe('what a harm costs', () => {
  const costs = (changes: Partial<Story>) =>
    judge(evidence(changes)).faults[0]?.costs.find((each) => each.sli === 'deposit')

  it('is zero without bad attempts', () => {
    expect(costs({})).toMatchObject({ bad: 0, budgetBurnt: 0, peakBurn: 0 })
    expect(costs({})?.detectMs).toBeUndefined()
  })

  it('is the number of bad attempts from its injection until the recovery', () => {
    const cost = costs({ load: (s, load) => (s === 66 || s === 91 || s === 150) && toBad(load.deposit, 2) })
    // 0.15 % of 6,683 deposits are 10.02; the second at 150 came after the recovery.
    expect(cost).toMatchObject({ bad: 4 })
    expect(cost?.budgetBurnt).toBeCloseTo(0.399, 2)
    expect((cost?.detectMs ?? 0) / 1000).toBeCloseTo(1.9, 1)
    expect((cost?.recoverMs ?? 0) / 1000).toBeCloseTo(26.9, 1)
    // Two of 275 in five seconds, over 0.15 %.
    expect(cost?.peakBurn).toBeCloseTo(2 / 275 / 0.0015, 1)
  })
})
