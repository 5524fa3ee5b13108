import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { FaultSpec, Rehearsal } from '../../src/domain/rehearsal.ts'
import { judge } from '../../src/judge/judge.ts'
import {
  actionOf,
  actionSteps,
  budget,
  endpoints,
  evidence,
  mapped,
  nodes,
  podLife,
  rehearsal,
  type Story,
  scrapes,
  secondAt,
  seen,
  standing,
  toBad,
  together,
  withActions,
} from '../support/evidence.ts'
import { causesOf, sentenceOf } from '../support/judged.ts'

/** Judges the stock run with more that the cluster showed. */
const shown = (more: readonly Evidence[], changes: Partial<Story> = {}) => judge(together(evidence(changes), more))
const badAt =
  (...on: readonly number[]): Story['load'] =>
  (second, load) =>
    on.includes(second) && toBad(load.login, 2, 'http-502')

const drainA = actionOf('drain zone a', { kind: 'drain', nodes: { zone: 'a', pool: 'api' } })
const rollout = actionOf('roll gateway', { kind: 'rollout', workload: { kind: 'Deployment', name: 'gateway' } })
const drained = (...pods: readonly string[]): Evidence[] =>
  actionSteps(
    'drain zone a',
    [
      100,
      { is: 'admitted', targets: ['Node/zone-a-api'], pods: pods.map((pod) => `casino/${pod}`), limit: 9, note: '' },
    ],
    [100, { is: 'begun', targets: ['Node/zone-a-api'] }],
    ...pods.map((pod, n) => [101 + n / 10, { is: 'evicted', pod: `casino/${pod}`, node: 'zone-a-api' }] as const),
    [115, { is: 'done', note: 'drained' }],
    [130, { is: 'heal-requested' }],
    [130.2, { is: 'healed' }],
  )
const rolledOut = actionSteps(
  'roll gateway',
  [100, { is: 'begun', targets: ['Deployment/casino/gateway'] }],
  [120, { is: 'done', note: 'rolled out' }],
)

describe('a service with one pod', () => {
  const alone: Story['load'] = (second, load) => second >= 102 && second < 108 && toBad(load.login, 40)
  const story = (drain: Rehearsal, ...more: readonly (readonly Evidence[])[]) =>
    shown(together(nodes(), ...more, drained('wallet-1')), { rehearsal: drain, load: alone })
  const causes = (judgment: ReturnType<typeof story>) => causesOf(judgment).filter((cause) => cause === 'no-redundancy')
  const falls = [endpoints(-1, 'wallet', 1), endpoints(102, 'wallet', 0), endpoints(108, 'wallet', 1)]
  const only = podLife({
    name: 'wallet-1',
    app: 'wallet',
    node: 'zone-a-api',
    born: -2,
    ready: -1,
    ends: 101,
    gone: 103,
  })

  it('that a drain takes has no redundancy, and for so long nobody answered', () => {
    const judgment = story(withActions(drainA), falls, only)
    expect(causes(judgment)).toEqual(['no-redundancy'])
    expect(sentenceOf(judgment, 'no-redundancy')).toBe(
      'wallet had one ready pod, drain zone a took it, and for 6.0 s there was nobody to answer: 240 of 420 attempts of login went wrong.',
    )
  })

  it('that nobody misses is worth a warning', () => {
    const quiet = shown(together(nodes(), falls, only, drained('wallet-1')), { rehearsal: withActions(drainA) })
    expect(causesOf(quiet)).toEqual(['no-redundancy'])
    expect(quiet.verdict.kind).toBe('pass')
  })

  it.each<[string, Evidence[]]>([
    [
      'whose second pod still serves',
      together(falls, only, podLife({ name: 'wallet-2', app: 'wallet', node: 'zone-b-api', born: -2, ready: -1 })),
    ],
    ['that nothing takes', [endpoints(-1, 'wallet', 1), ...standing('wallet', 'zone-b-api')]],
    [
      'of another namespace',
      together(
        [
          {
            ...seen(-1, {
              resource: 'EndpointSlice',
              namespace: 'providers',
              name: 's',
              uid: 's',
              service: 'wallet',
              ready: 1,
              notReady: 0,
            }),
          },
          {
            ...seen(102, {
              resource: 'EndpointSlice',
              namespace: 'providers',
              name: 's',
              uid: 's',
              service: 'wallet',
              ready: 0,
              notReady: 0,
            }),
          },
        ],
        only,
      ),
    ],
    [
      'that was scaled to nothing on purpose',
      together(falls, only, [
        seen(101, {
          resource: 'Deployment',
          namespace: 'casino',
          name: 'wallet',
          uid: 'w',
          wanted: 0,
          current: 0,
          ready: 0,
          updated: 0,
        }),
      ]),
    ],
  ])('%s is no finding', (_, more) => {
    expect(causes(story(withActions(drainA), more))).toEqual([])
  })

  it('that a fault on this app alone was meant to take is no finding', () => {
    const meant = mapped(evidence(), 'fault-step', (record) =>
      record.step.is === 'injected' ? { ...record, step: { is: 'injected', pods: ['casino/wallet-1'] } } : record,
    )
    const fallsThen = [endpoints(-1, 'wallet', 1), endpoints(67, 'wallet', 0), endpoints(92, 'wallet', 1)]
    expect(causesOf(judge(together(meant, fallsThen, standing('wallet', 'zone-a-api'))))).toEqual([])
  })
})

describe('the loss of a zone', () => {
  const lost = (nodesOf: readonly string[], more: readonly Evidence[] = []) => {
    const powerOff = actionOf('zone a dark', { kind: 'power-off', nodes: { zone: 'a' } })
    const steps = actionSteps(
      'zone a dark',
      [100, { is: 'begun', targets: ['Node/zone-a-api'] }],
      [101, { is: 'done', note: 'dark' }],
      [125, { is: 'heal-requested' }],
      [126, { is: 'healed' }],
    )
    return shown(together(nodes(), standing('wallet', ...nodesOf), steps, more), { rehearsal: withActions(powerOff) })
  }
  const [a, b, c] = ['zone-a-api', 'zone-b-api', 'zone-c-api']

  it.each([
    ['both of two pods', [a, a]],
    ['all of three', [a, a, a]],
    ['five of six', [a, a, a, a, a, b]],
  ])('that held %s of an app shows them concentrated', (_, on) => {
    expect(causesOf(lost(on))).toEqual(['zone-concentrated'])
  })

  it('says how many stood there, and where they might have', () => {
    expect(sentenceOf(lost([a, a]), 'zone-concentrated')).toBe(
      '2 of 2 pods of wallet stood in zone a when zone a dark began, although it might have used 3 zones.',
    )
  })

  it.each([
    ['one of two pods', [a, b]],
    ['two of three', [a, a, b]],
    ['three of six', [a, a, a, b, b, c]],
    ['none', [b, c]],
    ['the only one', [a]],
  ])('that held %s is no finding', (_, on) => {
    expect(causesOf(lost(on))).toEqual([])
  })

  it('is not what a taint that keeps newcomers out makes of it', () => {
    const taint = actionOf('keep out', { kind: 'taint', nodes: { zone: 'a' }, key: 'lost', effect: 'NoSchedule' })
    const steps = actionSteps('keep out', [100, { is: 'begun', targets: [] }], [101, { is: 'done', note: '' }])
    expect(
      causesOf(shown(together(nodes(), standing('wallet', a, a), steps), { rehearsal: withActions(taint) })),
    ).toEqual([])
  })

  it('after which pods find no node shows that there was no headroom', () => {
    const waits = podLife({ name: 'wallet-9', app: 'wallet', born: 103 })
    const judgment = lost([a, b], waits)
    expect(causesOf(judgment)).toEqual(['headroom-missing'])
    expect(sentenceOf(judgment, 'headroom-missing')).toBe(
      '1 pod of wallet found no node during zone a dark: the other zones had no room for them.',
    )
    expect(
      causesOf(lost([a, b], podLife({ name: 'wallet-9', app: 'wallet', node: b, born: 103, ready: 110 }))),
    ).toEqual([])
  })

  it('under which the survivors stay at their maximum and over target shows the same', () => {
    const hpa = (second: number, desired: number, value: number) =>
      seen(second, {
        resource: 'HorizontalPodAutoscaler',
        namespace: 'casino',
        name: 'gateway',
        uid: 'h',
        of: 'gateway',
        min: 2,
        max: 4,
        current: 2,
        desired,
        conditions: [],
        metrics: [{ metric: 'Pods/rps_per_pod', target: 10, value }],
      })
    expect(causesOf(lost([a, b], [hpa(0, 3, 9), hpa(104, 4, 16)]))).toEqual(['headroom-missing'])
    expect(causesOf(lost([a, b], [hpa(0, 3, 9), hpa(104, 4, 16), hpa(110, 4, 9)]))).toEqual([])
    expect(causesOf(lost([a, b], [hpa(0, 4, 16), hpa(104, 4, 17)]))).toEqual([])
  })
})

describe('a drain', () => {
  const pods = ['bets-1', 'bets-2', 'bets-3']
  const taken = (readyAgain: number) =>
    pods.flatMap((name, n) => [
      ...podLife({ name, app: 'bets', node: 'zone-a-api', born: -2, ready: -1, ends: 101 + n / 10, gone: 106 }),
      ...podLife({ name: `${name}-new`, app: 'bets', node: 'zone-b-api', born: 101.2, runs: 103, ready: readyAgain }),
    ])
  const drain = (more: readonly Evidence[], action = drainA) =>
    shown(together(nodes(), drained(...pods), more), { rehearsal: withActions(action) })

  it('that takes all pods of an app at once shows that no budget covers it', () => {
    const judgment = drain(taken(110))
    expect(causesOf(judgment)).toEqual(['budget-missing'])
    expect(sentenceOf(judgment, 'budget-missing')).toBe(
      'drain zone a evicted 3 pods of bets, which no disruption budget covers: 0 of 3 were Ready at worst.',
    )
  })

  it.each<[string, Evidence[]]>([
    ['with a budget of its name', [...taken(110), budget(-1, 'bets', { healthy: 3, expected: 3, wantedHealthy: 2 })]],
    ['with a budget whose selector fits', [...taken(110), budget(-1, 'money', { selector: {} })]],
    [
      'whose other pods stay',
      [
        ...taken(110),
        ...podLife({ name: 'bets-7', app: 'bets', node: 'zone-c-api', born: -2, ready: -1 }),
        ...podLife({ name: 'bets-8', app: 'bets', node: 'zone-c-api', born: -2, ready: -1 }),
        ...podLife({ name: 'bets-9', app: 'bets', node: 'zone-c-api', born: -2, ready: -1 }),
      ],
    ],
  ])('of an app %s is no such finding', (_, more) => {
    expect(causesOf(drain(more))).not.toContain('budget-missing')
  })

  const refused = (...more: Parameters<typeof actionSteps>[1][]) =>
    actionSteps(
      'drain zone a',
      [100, { is: 'begun', targets: ['Node/zone-a-api'] }],
      [101, { is: 'eviction-refused', pod: 'casino/bets-1', node: 'zone-a-api', problem: 'needs 2 healthy pods' }],
      [106, { is: 'eviction-refused', pod: 'casino/bets-1', node: 'zone-a-api', problem: 'needs 2 healthy pods' }],
      ...more,
    )
  const standingBets = standing('bets', 'zone-a-api', 'zone-b-api')
  const strict = [90, 101, 110].map((second) => budget(second, 'bets', { healthy: 2, wantedHealthy: 2, allowed: 0 }))

  it('that a budget refuses to the end, although every pod is healthy, shows that it blocks', () => {
    const story = together(
      nodes(),
      standingBets,
      strict,
      refused([130, { is: 'heal-requested' }], [130.1, { is: 'healed' }]),
    )
    const judgment = shown(story, { rehearsal: withActions(drainA) })
    expect(causesOf(judgment)).toEqual(['budget-blocks', 'action-not-done'])
    expect(sentenceOf(judgment, 'budget-blocks')).toBe(
      'drain zone a could not evict casino/bets-1: refused 2 times, for bets allows no disruption even while every pod is healthy.',
    )
    expect(judgment.actions[0]).toMatchObject({ state: 'not-done', refusedEvictions: 2, evicted: 0 })
  })

  it('that is refused for a while and then let through is no finding', () => {
    const story = together(
      nodes(),
      standingBets,
      strict.slice(0, 1),
      refused(
        [110, { is: 'evicted', pod: 'casino/bets-1', node: 'zone-a-api' }],
        [115, { is: 'done', note: '' }],
        [130, { is: 'heal-requested' }],
        [130.1, { is: 'healed' }],
      ),
    )
    expect(causesOf(shown(story, { rehearsal: withActions(drainA) }))).toEqual([])
  })
})

describe('errors at the edges of a pod', () => {
  const old = (n: number, ends: number) =>
    podLife({ name: `gateway-old-${n}`, app: 'gateway', node: 'zone-a-api', born: -2, ready: -1, ends, gone: ends + 5 })
  const fresh = (n: number, runs: number, ready: number) =>
    podLife({ name: `gateway-new-${n}`, app: 'gateway', node: 'zone-a-api', born: runs - 1, runs, ready })
  const roll = (edges: readonly Evidence[], bad: readonly number[]) =>
    shown(together(nodes(), rolledOut, edges), { rehearsal: withActions(rollout), load: badAt(...bad) })

  it.each<[string, Evidence[], number[], string[]]>([
    [
      'right after pods that were Ready as soon as they ran',
      [...fresh(1, 105, 105), ...old(1, 105.2)],
      [105, 106],
      ['early-errors-at-rollout'],
    ],
    [
      'right after pods became Ready, with nobody ending then',
      fresh(1, 103, 105),
      [105, 106],
      ['early-errors-at-rollout'],
    ],
    ['as a pod ends, with nobody beginning then', old(1, 103), [103, 104], ['errors-at-shutdown']],
    [
      'as a pod ends in the moment another, probed one begins',
      [...fresh(1, 103, 105), ...old(1, 105.2)],
      [105, 106],
      ['errors-at-shutdown'],
    ],
    ['as a pod is killed at the end of its grace', old(1, 105), [109, 110], ['errors-at-shutdown']],
    ['away from any edge', [...fresh(1, 103, 105), ...old(1, 105.2)], [115, 116], []],
    [
      'all through the run',
      [...fresh(1, 103, 105), ...old(1, 105.2)],
      Array.from({ length: 30 }, (_, n) => 10 + n * 5),
      [],
    ],
    ['of one attempt or two', [...fresh(1, 105, 105)], [106], []],
  ])('%s', (_, edges, bad, causes) => {
    expect(causesOf(roll(edges, bad)).filter((cause) => !cause.startsWith('slo'))).toEqual(causes)
  })

  it('are told of the disruption in which most of them fell', () => {
    // The rollout lasts to 120 and the drain, begun later, to 160; fallen are 2 attempts in the one and 4 in the other.
    const draining = actionSteps(
      'drain zone a',
      [140, { is: 'begun', targets: ['Node/zone-a-api'] }],
      [160, { is: 'done', note: 'drained' }],
    )
    const judgment = shown(together(nodes(), rolledOut, draining, old(1, 103), old(2, 143)), {
      rehearsal: withActions(rollout, drainA),
      load: badAt(103, 143, 144),
    })
    expect(sentenceOf(judgment, 'errors-at-shutdown')).toMatch(/^6 attempts went wrong .* during drain zone a:/)
  })

  it('are counted once, although the union of the indicators counts them too', () => {
    const told = together(
      evidence({ rehearsal: withActions(rollout), load: badAt(103, 104) }),
      nodes(),
      rolledOut,
      old(1, 103),
    )
    const withUnion = mapped(told, 'load-frame', (frame) => {
      const { login } = frame.slis
      return login === undefined ? frame : { ...frame, slis: { ...frame.slis, api: login } }
    })
    expect(sentenceOf(judge(withUnion), 'errors-at-shutdown')).toMatch(/^4 attempts went wrong /)
  })

  it('of pods that elsewhere end without harm are those of the new ones', () => {
    const both = [...fresh(1, 103, 105), ...old(1, 105.2), ...fresh(2, 112, 114), ...old(2, 114.2)]
    expect(causesOf(roll([...both, ...old(3, 140)], [105, 106, 114, 115]))).toContain('early-errors-at-rollout')
    expect(causesOf(roll([...both, ...old(3, 140)], [105, 106, 114, 115, 140, 141]))).toContain('errors-at-shutdown')
  })

  it('names early errors by the counters of the new pod itself', () => {
    const answers = (code: string, value: (s: number) => number) =>
      scrapes('gateway', 'gateway-new-1', 'http_requests_total', value, { code })
    const own = together(answers('500', (s) => (s < 105 ? 0 : 8)))
    expect(causesOf(roll([...fresh(1, 103, 105), ...old(1, 105.2), ...own], [105, 106]))).toContain(
      'early-errors-at-rollout',
    )
  })

  it('only warns where pods came and went by themselves', () => {
    const judgment = shown(together(nodes(), fresh(1, 112, 112)), { load: badAt(112, 113, 114) })
    expect(causesOf(judgment, 'warning')).toEqual(['early-errors-at-rollout'])
  })

  it('are the fault’s while a fault lasts', () => {
    const judgment = shown(together(nodes(), fresh(1, 70, 70)), { load: badAt(70, 71, 72) })
    expect(causesOf(judgment).filter((cause) => !cause.startsWith('slo'))).toEqual([])
  })
})

describe('a pod that ends', () => {
  const ending = (gone: number, changes: object = {}) =>
    shown(
      together(
        nodes(),
        podLife({
          name: 'bets-1',
          app: 'bets',
          node: 'zone-a-api',
          born: -2,
          ready: -1,
          ends: 100,
          gone,
          grace: 10,
          ...changes,
        }),
      ),
    )

  it('at the end of its grace was killed', () => {
    const judgment = ending(110.2, { killed: true })
    expect(causesOf(judgment)).toEqual(['slow-termination'])
    expect(sentenceOf(judgment, 'slow-termination')).toBe(
      '1 pod of bets took all of the grace of 10.0 s to end (up to 10.2 s) and had to be killed.',
    )
  })

  it.each<[string, number, object]>([
    ['before that', 106, {}],
    ['at once, because nobody gave it grace', 100.1, { grace: 0 }],
    ['without a grace that anybody saw', 130, { grace: undefined }],
    ['in another namespace', 110.2, { namespace: 'providers' }],
  ])('%s is no finding', (_, gone, changes) => {
    expect(causesOf(ending(gone, changes))).toEqual([])
  })

  it('on a node that is down is not slow by itself', () => {
    const dark = seen(99, {
      resource: 'Node',
      namespace: '',
      name: 'zone-a-api',
      uid: 'n',
      zone: 'a',
      pool: 'api',
      ready: false,
      unschedulable: false,
      taints: [],
    })
    const life = podLife({
      name: 'bets-1',
      app: 'bets',
      node: 'zone-a-api',
      born: -2,
      ready: -1,
      ends: 100,
      gone: 111,
      grace: 10,
    })
    expect(causesOf(shown(together(nodes(), life, [dark])))).toEqual([])
  })
})

describe('readiness that lies', () => {
  const counts = (pod: string, failing: (second: number) => boolean): Evidence[] => {
    let [good, bad] = [0, 0]
    return Array.from({ length: 161 }, (_, second) => {
      if (failing(second)) bad += 5
      else good += 5
      const of = (code: string, value: number) => ({ name: 'http_requests_total', labels: { code }, value })
      return {
        kind: 'sample',
        at: secondAt(second),
        source: 'bets',
        pod,
        ok: true,
        series: [of('200', good), of('500', bad)],
      }
    })
  }
  const two = standing('bets', 'zone-a-api', 'zone-b-api')
  const run = (...more: readonly (readonly Evidence[])[]) => shown(together(nodes(), two, ...more))

  it('is named where a pod is Ready and most of its answers are errors', () => {
    const judgment = run(
      counts('bets-1', (s) => s > 100 && s < 130),
      counts('bets-2', () => false),
    )
    expect(causesOf(judgment)).toEqual(['ready-but-failing'])
    expect(sentenceOf(judgment, 'ready-but-failing')).toMatch(
      /^Pods of bets stayed Ready .*: bets-1 \(1\d\d of 1\d\d in \d+\.\d s\)\.$/,
    )
  })

  it.each<[string, Evidence[]]>([
    [
      'for as long as a probe needs to notice',
      together(
        counts('bets-1', (s) => s > 100 && s < 110),
        counts('bets-2', () => false),
      ),
    ],
    [
      'all together while a fault lasts',
      together(
        counts('bets-1', (s) => s > 66 && s < 95),
        counts('bets-2', (s) => s > 66 && s < 95),
      ),
    ],
    [
      'now and then',
      together(
        counts('bets-1', (s) => s % 4 === 0),
        counts('bets-2', () => false),
      ),
    ],
  ])('is not named where pods fail %s', (_, more) => {
    expect(causesOf(run(more))).toEqual([])
  })

  it('is named during a fault where others of the same app do not fail', () => {
    expect(
      causesOf(
        run(
          counts('bets-1', (s) => s > 66 && s < 95),
          counts('bets-2', () => false),
        ),
      ),
    ).toEqual(['ready-but-failing'])
  })
})

describe('sockets in a rollout', () => {
  const falling = (perSecond: (second: number) => number): Evidence[] => {
    let dropped = 0
    return mapped(evidence({ rehearsal: withActions(rollout) }), 'load-frame', (frame) => {
      dropped += perSecond(Math.floor((frame.at - secondAt(0)) / 1000))
      return { ...frame, sockets: { open: 100, connected: 100 + dropped, failed: 0, dropped } }
    })
  }

  it('that fall in one second were not drained', () => {
    const judgment = judge(
      together(
        falling((s) => (s === 105 ? 40 : 0)),
        rolledOut,
      ),
    )
    expect(causesOf(judgment)).toEqual(['sockets-not-drained'])
    expect(sentenceOf(judgment, 'sockets-not-drained')).toBe(
      '40 of 100 sockets (40 %) fell within 1.0 s during roll gateway, instead of being sent away one by one.',
    )
  })

  it.each<[string, (second: number) => number]>([
    ['over five seconds, although one pod has them all', (s) => (s >= 105 && s < 110 ? 20 : 0)],
    ['as a few of a pod that has few', (s) => (s === 105 ? 4 : 0)],
  ])('that leave %s were', (_, perSecond) => {
    expect(causesOf(judge(together(falling(perSecond), rolledOut)))).toEqual([])
  })

  it('that fall pod by pod were not', () => {
    const judgment = judge(
      together(
        falling((s) => (s > 103 && s < 112 && s % 2 === 0 ? 25 : 0)),
        rolledOut,
      ),
    )
    expect(causesOf(judgment)).toEqual(['sockets-not-drained'])
  })

  it('that leave over ten seconds were', () => {
    expect(
      causesOf(
        judge(
          together(
            falling((s) => (s >= 105 && s < 115 ? 4 : 0)),
            rolledOut,
          ),
        ),
      ),
    ).toEqual([])
  })

  it('that fall without a disruption on purpose are no such finding', () => {
    expect(
      causesOf(
        judge(
          together(
            falling((s) => (s === 140 ? 40 : 0)),
            rolledOut,
          ),
        ),
      ),
    ).toEqual([])
  })
})

describe('calls to a dead provider', () => {
  const vain = (perSecond: number, outcome = 'unknown'): Evidence[] =>
    scrapes(
      'payments-api',
      'payments-api-2',
      'payments_charges_total',
      (s) => Math.max(0, Math.min(s, 90) - 65) * perSecond,
      { psp: 'psp-a', outcome },
    )

  it.each(['unknown', 'error'])('that go on, and end as %s, miss a breaker', (outcome) => {
    const judgment = shown(vain(50, outcome))
    expect(causesOf(judgment)).toEqual(['breaker-missing'])
    expect(sentenceOf(judgment, 'breaker-missing')).toBe(
      'Calls to psp-a went on in vain at 50.0/s (payments_charges_total) from 10.0 s after psp-a down on; 54.2/s were made before it.',
    )
  })

  it('that a breaker tries now and then are no finding', () => {
    expect(causesOf(shown(vain(3)))).toEqual([])
    expect(causesOf(shown(vain(50, 'open')))).toEqual([])
  })

  it('that approves some of them is not dead', () => {
    const flaky: Story['approved'] = (s) =>
      s > 65.4 && s <= 90 ? { a: 25, b: 30 } : { a: s < 25 || s > 130 ? 22 : 55, b: 0 }
    expect(causesOf(shown(vain(30, 'error'), { approved: flaky }))).not.toContain('breaker-missing')
  })
})

describe('clients behind something slow', () => {
  const waits =
    (share: number, reason = 'timeout'): Story['load'] =>
    (second, load) => {
      if (second > 66 && second < 90) toBad(load.bet, Math.round(load.bet.good * share), reason)
    }
  const slo = (cause: string) => !cause.startsWith('slo') && !cause.startsWith('ledger') && !cause.startsWith('unrec')

  it('that give up waiting show that a time-out is missing', () => {
    const judgment = shown([], { load: waits(0.5) })
    expect(causesOf(judgment).filter(slo)).toContain('time-out-missing')
    expect(sentenceOf(judgment, 'time-out-missing')).toMatch(
      /^During psp-a down clients waited until they gave up: \d+ of \d+ bets \(\d\d/,
    )
  })

  it.each<[string, Story['load']]>([
    ['are answered with errors in time', waits(0.5, 'http-503')],
    ['give up now and then', waits(0.02)],
    ['gave up before the fault', (s, load) => s > 40 && s < 60 && toBad(load.bet, 9, 'timeout')],
  ])('that %s do not', (_, load) => {
    expect(causesOf(shown([], { load }))).not.toContain('time-out-missing')
  })

  it('are left hanging by pods that die, whatever time-outs there are', () => {
    const kill = (fault: FaultSpec): FaultSpec => ({ ...fault, object: { ...fault.object, kind: 'PodChaos' } })
    const killing = { ...rehearsal, faults: rehearsal.faults.map(kill) }
    expect(causesOf(shown([], { rehearsal: killing, load: waits(0.5) }))).not.toContain('time-out-missing')
  })
})

describe('work that waits', () => {
  const backlog = (value: (second: number) => number) =>
    shown(scrapes('wallet', 'wallet-1', 'wallet_payouts_pending', value))

  it('and grows to the end of the load is named', () => {
    const judgment = backlog((s) => s * 3)
    expect(causesOf(judgment)).toEqual(['backlog-growing'])
    expect(sentenceOf(judgment, 'backlog-growing')).toMatch(
      /^wallet\/wallet_payouts_pending still grew at the end of the load: never below 37\d in the first half of recovery and never below 42\d in the second\.$/,
    )
  })

  it.each<[string, (second: number) => number]>([
    ['is done in the end', (s) => (s < 130 ? s * 3 : Math.max(0, 390 - (s - 130) * 30))],
    ['stays as it is', () => 50],
    ['goes up and down', (s) => (s % 10) * 30],
    ['is a handful', (s) => s / 10],
  ])('and %s is not', (_, value) => {
    expect(causesOf(backlog(value))).toEqual([])
  })

  it('is read from the greatest replica, for each shows the whole', () => {
    const halves = [1, 2, 3].flatMap((n) => scrapes('wallet', `wallet-${n}`, 'wallet_outbox_lag', () => 12))
    expect(causesOf(shown(halves))).toEqual([])
  })
})

describe('a forgery', () => {
  const forged = (reason: string, bad: number) =>
    judge(
      mapped(evidence(), 'load-frame', (frame) => ({
        ...frame,
        slis: {
          ...frame.slis,
          'forged-webhook': {
            good: 50,
            bad,
            badBy: bad > 0 ? { [reason]: bad } : {},
            slow: 0,
            overCeiling: 0,
            histogram: [],
          },
        },
      })),
    )

  it.each(['accepted', 'http-200', '201'])('that is answered with %s was let in', (reason) => {
    const judgment = forged(reason, 1)
    expect(causesOf(judgment)).toEqual(['forgery-accepted'])
    expect(sentenceOf(judgment, 'forgery-accepted')).toBe(
      '1 of 51 attempts of forged-webhook were taken although they must be refused.',
    )
  })

  it.each(['timeout', 'http-500', 'http-404'])('that ended in %s was not', (reason) => {
    expect(causesOf(forged(reason, 3))).toEqual([])
  })

  it('that is refused is as it should be', () => {
    expect(causesOf(forged('accepted', 0))).toEqual([])
  })
})

it('every rule of causes is quiet about the stock run', () => {
  expect(
    causesOf(
      judge(together(evidence(), nodes(), standing('bets', 'zone-a-api', 'zone-b-api'), [endpoints(0, 'bets', 2)])),
    ),
  ).toEqual([])
})

describe('sockets that are replaced while all is well', () => {
  const replaced = (kept: number, moved: number): Evidence[] => {
    let second = 0
    return mapped(evidence(), 'load-frame', (frame) => {
      second++
      const grown = (each: number) => Math.min(each, Math.floor((each * second) / 60))
      return {
        ...frame,
        sockets: { open: 100, connected: 100, failed: 0, dropped: 0, kept: grown(kept), moved: grown(moved) },
      }
    })
  }

  it('and land anywhere show that nothing keeps players where their session is', () => {
    const judgment = judge(replaced(12, 48))
    expect(causesOf(judgment)).toEqual(['routing-not-sticky'])
    expect(sentenceOf(judgment, 'routing-not-sticky')).toContain('48 of 60 sockets (80 %)')
  })

  it.each([
    ['mostly return to their server', 50, 10],
    ['are too few to say anything', 0, 9],
    ['say nothing of servers', 0, 0],
  ])('and %s are no finding', (_, kept, moved) => expect(causesOf(judge(replaced(kept, moved)))).toEqual([]))
})
