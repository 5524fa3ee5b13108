import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Rehearsal } from '../../src/domain/rehearsal.ts'
import { instant, millis, perSecond, ratio } from '../../src/domain/units.ts'
import type { Finding, Judgment } from '../../src/domain/verdict.ts'
import { judge, judging } from '../../src/judge/judge.ts'
import { evidence, mapped, rehearsal, type Story, secondAt, toBad, toDropped, without } from '../support/evidence.ts'

const told = (changes: Partial<Story> = {}): Judgment => judge(evidence(changes))
const causesOf = (judgment: Judgment, weight?: Finding['weight']): string[] =>
  judgment.findings.filter((each) => weight === undefined || each.weight === weight).map((each) => each.cause)
const withRehearsal = (changes: Partial<Rehearsal>): Rehearsal => ({ ...rehearsal, ...changes })

describe('a healthy run', () => {
  const judgment = told()

  it('passes with every objective proven, the fault witnessed and the money reconciled', () => {
    expect(judgment.findings).toEqual([])
    expect(judgment.verdict).toEqual({ kind: 'pass', warnings: [] })
    expect(judgment.exitCode).toBe(0)
    expect(judgment.slos.map((slo) => [slo.sli, slo.state])).toEqual([
      ['login', 'proven'],
      ['deposit', 'proven'],
      ['api', 'proven'],
      ['ws-rtt', 'proven'],
    ])
    expect(judgment.faults[0]).toMatchObject({
      state: 'proven',
      coverage: 1,
      failovers: [{ held: true }],
      recoveries: [{ held: true }],
    })
    expect(judgment.ledger).toMatchObject({ reconciled: true, settled: true })
    expect(judgment.generator).toMatchObject({ trusted: true, due: 18224, ran: 18226, dropped: 0, missing: 0 })
  })

  it('says in one sentence why', () => {
    expect(judgment.summary).toBe(
      'Every objective is proven (login 100 %, deposit 100 %, api 100 % and ws-rtt 100 %), while psp-a down was proven to bite.',
    )
  })

  it('cuts counts by phase and by the real times of the fault, and the phases add up to the whole', () => {
    const deposit = judgment.slos.find((slo) => slo.sli === 'deposit')
    expect(deposit?.windows.map(({ name, kind, fromMs, toMs }) => [name, kind, fromMs, toMs])).toEqual([
      ['baseline', 'phase', 0, 25_000],
      ['promo peak', 'phase', 25_000, 125_000],
      ['recovery', 'phase', 125_000, 160_000],
      ['psp-a down', 'fault', 65_400, 90_300],
    ])
    const phases = deposit?.windows.filter((each) => each.kind === 'phase') ?? []
    expect(phases.reduce((sum, { counts }) => sum + counts.attempts, 0)).toBe(deposit?.whole.attempts)
  })

  it('shows the reaction of the autoscaler step by step', () => {
    expect(judgment.autoscalers[0]?.steps.map(({ name, held }) => [name, held])).toEqual([
      ['over-target', true],
      ['decided', true],
      ['scheduled', true],
      ['ready', true],
    ])
    expect(judgment.autoscalers[0]).toMatchObject({ peakDesired: 6, peakReady: 6, held: true })
  })

  it('stays a pass with unknown operations, as long as the books tell what became of them', () => {
    const unknown = { deposit: { asked: 4, committed: 3 }, bet: { asked: 2, committed: 0 } }
    const { verdict, ledger } = told({ unknown })
    expect(verdict.kind).toBe('pass')
    expect(ledger?.operations[1]).toMatchObject({
      operation: 'deposit',
      client: { unknown: 4 },
      books: [
        { book: 'wallet', unknownCommitted: 3, agrees: true },
        { book: 'psp-a', agrees: true },
        { book: 'psp-b' },
      ],
    })
  })
})

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

  it('excuses lateness and misses of a starved machine, but no money', () => {
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

  it('does not trust a generator that nobody watched', () => {
    const judgment = judge(without(evidence(), 'generator-health'))
    expect(causesOf(judgment)).toEqual(['no-evidence'])
    expect(judgment.generator.trusted).toBe(false)
  })

  it('notices iterations that tell no outcome, as of a script that throws', () => {
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

describe('a fault', () => {
  const without90 = (is: string): Partial<Story> => ({
    steps: evidenceSteps().filter(([, step]) => step.is !== is),
  })

  it.each<[string, Partial<Story>, string[]]>([
    ['that was never begun', { steps: [] }, ['fault-unproven']],
    ['that was refused', { steps: [[65, { is: 'refused', problem: 'selects 9 of 9 pods' }]] }, ['fault-unproven']],
    ['that could not be injected', { steps: [[65, { is: 'failed', problem: 'webhook denied' }]] }, ['fault-unproven']],
    [
      'that selected nothing',
      {
        steps: [
          [65.4, { is: 'injected', pods: [] }],
          [90.3, { is: 'healed' }],
        ],
      },
      ['fault-unproven'],
    ],
    ['that did not bite', { pspCalls: () => 30 }, ['fault-unproven']],
    ['that bit for half of its time', { pspCalls: (s) => (s > 65 && s < 80 ? 0 : 30) }, ['fault-unproven']],
    ['that bit too late', { pspCalls: (s) => (s > 69 && s <= 90 ? 0 : 30) }, ['fault-unproven']],
    ['whose witness had no traffic before', { pspCalls: (s) => (s > 55 && s <= 90 ? 0 : 30) }, ['fault-unproven']],
    ['whose witness could not be scraped', { pspCalls: (s) => (s > 65 ? 'unanswered' : 30) }, ['fault-unproven']],
    ['that was never healed', without90('healed'), ['not-healed', 'fault-not-recovered', 'no-evidence']],
    ['after which the witness stayed silent', { pspCalls: (s) => (s > 65.4 ? 0 : 30) }, ['fault-not-recovered']],
  ])('%s makes the run inconclusive', (_, story, causes) => {
    const judgment = told(story)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toEqual(causes)
  })

  it.each<[string, Partial<Story>]>([
    ['that bit within its two seconds', { pspCalls: (s) => (s > 67 && s <= 90 ? 0 : 30) }],
    [
      'whose witness missed scrapes but counted nothing meanwhile',
      { pspCalls: (s) => (s > 70 && s < 74 ? 'unanswered' : s > 65.4 && s <= 90 ? 0 : 30) },
    ],
    [
      'whose witness was started anew long before',
      { pspCalls: (s) => (s > 65.4 && s <= 90 ? 0 : s === 40 ? -5500 : 30) },
    ],
  ])('%s is proven', (_, story) => {
    expect(told(story).verdict.kind).toBe('pass')
  })

  it('warns about pods that escaped', () => {
    const escaped = { is: 'coverage', covered: 5, matching: 6, escaped: ['payments-api-6'] } as const
    const judgment = told({ steps: [...evidenceSteps(), [70, escaped]] })
    expect(judgment.verdict).toMatchObject({ kind: 'pass', warnings: [{ cause: 'fault-escaped' }] })
    expect(judgment.faults[0]?.coverage).toBeCloseTo(5 / 6)
  })

  it('is witnessed by a rate that only has to fall', () => {
    const fault = rehearsal.faults[0]
    if (!fault) throw new Error('the stock rehearsal has a fault')
    const faults = [{ ...fault, witness: { ...fault.witness, becomes: perSecond(6) } }]
    const falls = (rate: number) =>
      told({ rehearsal: withRehearsal({ faults }), pspCalls: (s) => (s > 65.4 && s <= 90 ? rate : 50) })
    expect(falls(4).faults[0]?.state).toBe('proven')
    expect(falls(8).faults[0]?.state).toBe('unproven')
  })
})

const evidenceSteps = (): Story['steps'] => [
  [65, { is: 'admitted', pods: ['payments-api-1'], candidates: 6, limit: 3, note: 'mode all' }],
  [65.1, { is: 'created', namespace: 'casino', name: 'psp-down', uid: 'u1' }],
  [65.4, { is: 'injected', pods: ['payments-api-1'] }],
  [90, { is: 'heal-requested' }],
  [90.3, { is: 'healed' }],
]

describe('failover', () => {
  const approvedB = (share: (second: number) => number): Partial<Story> => ({
    approved: (s) => (s > 65.4 && s <= 90 ? { a: 0, b: 55 * share(s) } : { a: s < 25 || s > 130 ? 22 : 55, b: 0 }),
  })

  it.each([
    ['at once', approvedB(() => 1), []],
    ['at 85 %', approvedB(() => 0.85), []],
    ['after 9 s', approvedB((s) => (s > 74 ? 1 : 0)), []],
    ['after 14 s is late', approvedB((s) => (s > 79 ? 1 : 0)), ['failover-late']],
    ['for a moment only is missing', approvedB((s) => (s > 70 && s < 71 ? 1 : 0.1)), ['failover-missing']],
    ['at 60 % is missing', approvedB(() => 0.6), ['failover-missing']],
    ['never is missing', approvedB(() => 0), ['failover-missing']],
  ] as const)('%s', (_, story, causes) => {
    const judgment = told(story)
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.verdict.kind).toBe(causes.length === 0 ? 'pass' : 'fail')
  })

  it('cannot be seen without charges before the fault, or without scrapes', () => {
    expect(causesOf(told({ approved: (s) => (s < 60 ? { a: 0, b: 0 } : { a: 1, b: 0 }) }))).toContain(
      'failover-missing',
    )
    const blind = evidence().filter((record) => !(record.kind === 'sample' && record.source === 'payments-api'))
    expect(causesOf(judge(blind))).toEqual(['no-evidence'])
  })

  it('is not asked of a fault that did not bite', () => {
    expect(causesOf(told({ pspCalls: () => 30, approved: () => ({ a: 30, b: 0 }) }))).toEqual(['fault-unproven'])
  })
})

describe('recovery', () => {
  const badUntil = (last: number): Partial<Story> => ({
    load: (second, load) => (second === Math.floor(last) || second === 91) && toBad(load.deposit, 1),
  })

  it.each([
    ['within 10 s', badUntil(98), []],
    [
      'after 12 s of a bad one now and then',
      { load: (s: number, load: Parameters<Story['load']>[1]) => s >= 90 && s < 103 && toBad(load.deposit, 1) },
      ['recovery-late'],
    ],
  ] as const)('%s', (_, story, causes) => {
    expect(causesOf(told(story), 'breach').filter((cause) => cause !== 'slo-missed')).toEqual(causes)
  })

  it('takes 100 good attempts in a row, which fewer at the end of the load do not show', () => {
    // 22 deposits a second: from 156 on there are only 88.
    const steps: Story['steps'] = [
      ...evidenceSteps().slice(0, -2),
      [154, { is: 'heal-requested' }],
      [156, { is: 'healed' }],
    ]
    const judgment = told({ steps, pspCalls: (s) => (s > 65.4 && s <= 156 ? 0 : 30) })
    expect(judgment.faults[0]?.recoveries).toEqual([{ sli: 'deposit', withinMs: 10_000, held: false }])
  })

  it('a lone bad attempt after 100 good ones is no relapse', () => {
    const judgment = told({ load: (second, load) => second === 110 && toBad(load.deposit, 1) })
    expect(judgment.faults[0]?.recoveries).toEqual([{ sli: 'deposit', withinMs: 10_000, tookMs: 0, held: true }])
  })
})

describe('the autoscaler', () => {
  const cpu: Story['hpa'] = () => ({ desired: 2, metrics: [{ metric: 'Resource/cpu', target: 70, value: 45 }] })
  const two: Story['pods'] = () => ({ scheduled: 2, ready: 2 })

  it.each<[string, Partial<Story>, string[]]>([
    [
      'that watches only CPU and never decides is blind and late',
      { hpa: cpu, pods: two },
      ['autoscaler-blind', 'autoscaler-late'],
    ],
    [
      'that watches only CPU and still decides in time is in time',
      { hpa: (s) => ({ desired: s < 30 ? 2 : 6, metrics: [{ metric: 'Resource/cpu', target: 70, value: 90 }] }) },
      [],
    ],
    [
      'whose metric has no value is blind and late',
      { hpa: () => ({ desired: 2, metrics: [{ metric: 'Pods/rps_per_pod', target: 12 }] }), pods: two },
      ['autoscaler-blind', 'autoscaler-late'],
    ],
    [
      'that decides 12 s after the load is late',
      {
        hpa: (s) => ({
          desired: s < 39 ? 2 : 6,
          metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: s < 26 ? 11 : 25 }],
        }),
      },
      ['autoscaler-late'],
    ],
    [
      'whose pods take 40 s to be ready is late',
      { pods: (s) => ({ scheduled: s < 32 ? 2 : 6, ready: s < 68 ? 2 : 6 }) },
      ['autoscaler-late'],
    ],
    ['whose pods find no node is late', { pods: two }, ['autoscaler-late']],
    [
      'that has enough pods from the start is in time',
      {
        hpa: () => ({ desired: 6, metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: 9 }] }),
        pods: () => ({ scheduled: 6, ready: 6 }),
      },
      [],
    ],
    ['that nobody saw leaves a gap', { hpa: () => undefined }, ['no-evidence']],
  ])('%s', (_, story, causes) => {
    expect(causesOf(told(story))).toEqual(causes)
  })

  it('is not asked to scale by a load that never goes over its target', () => {
    const idle = evidence({
      hpa: () => ({ desired: 2, metrics: [{ metric: 'Pods/rps_per_pod', target: 500, value: 25 }] }),
      pods: two,
    })
    expect(causesOf(judge(idle))).toEqual(['no-evidence'])
  })
})

describe('the disruption budget', () => {
  it.each<[string, Story['budget'], string[]]>([
    [
      'holds while the workload grows',
      (s) => ({ healthy: s < 40 ? 2 : 6, wanted: s < 32 ? 1 : 5, expected: s < 32 ? 2 : 6 }),
      [],
    ],
    ['holds at its edge', () => ({ healthy: 5, wanted: 5, expected: 6 }), []],
    [
      'is violated by one pod too few',
      (s) => ({ healthy: s === 80 ? 4 : 6, wanted: 5, expected: 6 }),
      ['budget-violated'],
    ],
    [
      'is violated when pods fall while the workload grows',
      (s) => ({ healthy: s < 30 ? 3 : s < 35 ? 1 : 6, wanted: s < 30 ? 2 : 5, expected: 6 }),
      ['budget-violated'],
    ],
    ['was never met', () => ({ healthy: 1, wanted: 2, expected: 3 }), ['no-evidence']],
    ['was never seen', () => undefined, ['no-evidence']],
  ])('%s', (_, budget, causes) => {
    expect(causesOf(told({ budget }))).toEqual(causes)
  })
})

describe('money', () => {
  const unknown = { deposit: { asked: 3, committed: 0 }, bet: { asked: 0, committed: 0 } }
  const first = 1_000_000

  it.each<[string, Partial<Story>, string[]]>([
    ['a key charged at both providers', { books: (b) => void b['psp-b']?.deposit.push(1) }, ['double-charge']],
    [
      'a key charged twice at one provider',
      { books: (b) => void b['psp-a']?.deposit.push(1) },
      ['double-charge', 'double-charge'],
    ],
    [
      'an unknown key charged at both providers and booked once',
      { unknown, books: (b) => [b.wallet, b['psp-a'], b['psp-b']].forEach((x) => void x?.deposit.push(first)) },
      ['double-charge'],
    ],
    [
      'an unknown key charged and never booked',
      { unknown, books: (b) => void b['psp-b']?.deposit.push(first) },
      ['unreconciled'],
    ],
    [
      'an acknowledged deposit that the ledger lost',
      { books: (b) => void b.wallet?.deposit.pop() },
      ['unreconciled', 'unreconciled'],
    ],
    [
      'an acknowledged deposit that everybody lost',
      {
        books: (b) =>
          Object.values(b).forEach((x) => {
            x.deposit = x.deposit.filter((n) => n !== 7)
          }),
      },
      ['unreconciled'],
    ],
    [
      'a deposit that nobody asked for',
      { books: (b) => [b.wallet, b['psp-a']].forEach((x) => void x?.deposit.push(999_999)) },
      ['unreconciled'],
    ],
    [
      'a deposit booked and never charged',
      {
        books: (b) => {
          const a = b['psp-a']
          if (a) a.deposit = a.deposit.filter((n) => n !== 1)
        },
      },
      ['events-lost', 'unreconciled'],
    ],
    [
      'another key of the same amount',
      {
        books: (b) =>
          Object.values(b).forEach((x) => {
            x.deposit = x.deposit.map((n) => (n === 7 ? 700_007 : n))
          }),
      },
      ['unreconciled'],
    ],
    [
      'bets that the game provider does not know',
      {
        books: (b) => {
          const g = b['game-provider']
          if (g) g.bet = []
        },
      },
      ['events-lost', 'unreconciled'],
    ],
  ])('%s fails', (_, story, causes) => {
    const judgment = told(story)
    expect(judgment.verdict.kind).toBe('fail')
    expect(causesOf(judgment)).toEqual(causes)
    expect(judgment.ledger?.reconciled).toBe(false)
  })

  it('locates a difference by bucket and amount', () => {
    const [breach] = told({ books: (b) => void b['psp-b']?.deposit.push(1) }).findings
    expect(breach?.sentence).toMatch(
      /psp-a and psp-b holds 1 key and 12\.50 EUR more than wallet, in bucket \d+: charged twice\./,
    )
  })

  it('an unknown key that is committed everywhere once is fine', () => {
    const story = { unknown: { ...unknown, deposit: { asked: 3, committed: 3 } } }
    expect(told(story).verdict.kind).toBe('pass')
  })

  const readAs = (book: string, changes: Record<string, unknown>): Evidence[] =>
    mapped(evidence(), 'book-read', (read) => (read.book === book ? { ...read, ...changes } : read))

  it.each<[string, Evidence[], string, string[]]>([
    ['books out of balance', readAs('wallet', { imbalanceCents: 5 }), 'fail', ['ledger-unbalanced']],
    [
      'a book that does not settle',
      readAs('psp-a', { settled: false, pending: { webhooks: 3 } }),
      'fail',
      ['unsettled'],
    ],
    ['a book that was not read to the end', readAs('psp-a', { final: false }), 'inconclusive', ['no-evidence']],
    [
      'no books',
      without(evidence(), 'book-read'),
      'inconclusive',
      ['no-evidence', 'no-evidence', 'no-evidence', 'no-evidence'],
    ],
  ])('%s', (_, records, kind, causes) => {
    const judgment = judge(records)
    expect(causesOf(judgment).sort()).toEqual(causes)
    expect(judgment.verdict.kind).toBe(kind)
  })

  it('need not be settled when the load was cut short', () => {
    const stop = { by: 'operator', reason: 'Ctrl-C' } as const
    const records = mapped(evidence({ lasts: 60, outcome: 'stopped', stop }), 'book-read', (read) => ({
      ...read,
      settled: false,
    }))
    expect(judge(records).verdict.kind).toBe('aborted')
    expect(causesOf(judge(records), 'gap')).toContain('unsettled')
  })

  it('cannot be compared when unknown keys were not named or not looked up', () => {
    const story = { unknown: { ...unknown, deposit: { asked: 3, committed: 2 } } }
    const unnamed = mapped(evidence(story), 'load-frame', (frame) => ({ ...frame, unknownKeys: [] }))
    expect(causesOf(judge(without(unnamed, 'keys-read')))).toEqual(['ledger-unproven'])
    expect(causesOf(judge(without(evidence(story), 'keys-read')))).toEqual(['ledger-unproven'])
  })

  it('is not looked at unless the rehearsal asks', () => {
    const expectations = rehearsal.expectations.filter((each) => each.kind !== 'ledger')
    const judgment = judge(without(evidence({ rehearsal: withRehearsal({ expectations }) }), 'book-read'))
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.ledger).toBeUndefined()
  })
})

describe('a run that did not go as planned', () => {
  const stopped = (by: 'operator' | 'guardrail' | 'failure', changes: Partial<Story> = {}): Judgment =>
    told({ lasts: 60, outcome: 'stopped', stop: { by, reason: 'the operator asked to stop' }, ...changes })

  it('is aborted by the operator, with what is missing as gaps', () => {
    const judgment = stopped('operator')
    expect(judgment.verdict).toMatchObject({ kind: 'aborted', by: 'operator', at: secondAt(59.9) })
    expect(judgment.exitCode).toBe(4)
    expect(judgment.summary).toBe('Stopped by the operator.')
    expect(causesOf(judgment, 'breach')).toEqual([])
    expect(causesOf(judgment)).toContain('fault-unproven')
  })

  it('is aborted by the guardrail that tripped', () => {
    const trip: Evidence = {
      kind: 'guardrail-tripped',
      at: secondAt(59),
      id: 'deposit-90',
      sli: 'deposit',
      measured: ratio(0.8),
      below: ratio(0.9),
      forMs: millis(10_000),
    }
    const records = evidence({
      lasts: 60,
      outcome: 'stopped',
      stop: { by: 'guardrail', reason: 'guardrail deposit-90: deposit at 80 %' },
    })
    expect(judge([...records, trip])).toMatchObject({
      verdict: { kind: 'aborted', by: 'deposit-90' },
      summary: 'Stopped by guardrail deposit-90: deposit at 80 %.',
    })
  })

  it('fails when an objective was already missed beyond doubt, and only then', () => {
    const bad = (each: number): Partial<Story> => ({
      load: (second, load) => second >= 50 && toBad(load.deposit, each),
    })
    // 0.15 % of 6,683 planned deposits are 10.
    expect(causesOf(stopped('guardrail', bad(2)), 'breach')).toEqual(['slo-missed'])
    expect(stopped('guardrail', bad(2)).verdict.kind).toBe('fail')
    expect(stopped('guardrail', bad(1)).verdict.kind).toBe('aborted')
    expect(causesOf(stopped('guardrail', bad(1)))).toContain('slo-unproven')
  })

  it('is inconclusive when a failure stopped it', () => {
    const judgment = stopped('failure')
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)[0]).toBe('run-stopped')
  })

  it('is inconclusive when k6 crashed, and says that money is unknown', () => {
    const judgment = told({ lasts: 100, outcome: 'crashed' })
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toEqual(['load-crashed', 'ledger-unproven', 'ledger-unproven'])
  })

  it('is inconclusive when the load never started', () => {
    const records = without(
      evidence(),
      'load-started',
      'load-ended',
      'load-frame',
      'generator-health',
      'fault-step',
      'sample',
    )
    const judgment = judge(records)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)[0]).toBe('load-missing')
  })

  it('is incomplete when its journal ends early', () => {
    const records = evidence()
    const judgment = judge(records.slice(0, 700))
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(causesOf(judgment)).toContain('run-incomplete')
  })

  it('ends with exit code 6 when something is left, whatever the verdict', () => {
    const left = { what: 'NetworkChaos psp-down', where: 'casino', next: 'matchday heal' }
    const judgment = told({ residue: [left], healed: false })
    expect(judgment).toMatchObject({ healed: false, exitCode: 6, verdict: { kind: 'inconclusive' } })
    expect(told({ residue: [left], load: (_, load) => toBad(load.login, 3) })).toMatchObject({
      exitCode: 6,
      verdict: { kind: 'fail' },
    })
    expect(judge(without(evidence(), 'undo-done'))).toMatchObject({ healed: false, exitCode: 6 })
  })

  it('is healed again once a later heal undid what a killed run left', () => {
    const killed = evidence().filter((record) => record.at < secondAt(80))
    expect(judge(killed)).toMatchObject({ healed: false, exitCode: 6 })
    const done: Evidence = {
      kind: 'undo-done',
      at: secondAt(200),
      id: 'psp-down-at-peak-1/psp-down',
      by: 'heal',
      outcome: 'undone',
    }
    expect(judge([...killed, done])).toMatchObject({ healed: true, exitCode: 3 })
  })

  it.each<[string, Evidence[], string]>([
    [
      'lost evidence',
      [...evidence(), { kind: 'evidence-lost', at: instant(0), about: 'watch of pods', problem: 'broke' }],
      'evidence-lost',
    ],
    ['a missing audit', without(evidence(), 'residue'), 'no-evidence'],
    [
      'a hole of 8 s in the frames',
      evidence().filter((r) => r.kind !== 'load-frame' || r.at < secondAt(100) || r.at > secondAt(108)),
      'evidence-lost',
    ],
  ])('is inconclusive by %s', (_, records, cause) => {
    expect(causesOf(judge(records))).toEqual([cause])
  })

  it('does not mind one lost frame, for counts are cumulative', () => {
    const records = evidence().filter((r) => r.kind !== 'load-frame' || r.at < secondAt(100) || r.at > secondAt(101))
    expect(judge(records).verdict.kind).toBe('pass')
  })

  it('cannot be judged without its head', () => {
    expect(() => judge(evidence().slice(1))).toThrow('run-started')
    expect(() => judging().result()).toThrow('run-started')
  })
})
