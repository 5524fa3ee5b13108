/** Which counters and gauges the rules of a rehearsal need, and what those of two releases count between two moments. */
import { describe, expect } from 'vitest'
import type { CanarySide } from '../../src/domain/canary.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Expectation, Reaction, Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import { perSecond, seconds } from '../../src/domain/units.ts'
import {
  canaryCounters,
  countsBetween,
  firstError,
  isCounted,
  lastAnswer,
} from '../../src/judge/seen/canary-counters.ts'
import { createCounters } from '../../src/judge/seen/counters.ts'
import { followCounters, followedBetween } from '../../src/judge/seen/follow-counters.ts'
import { wantedCounters, wantedGauges } from '../../src/judge/seen/wanted-counters.ts'
import { blueGreenAct, canaryAct } from '../support/canary.ts'
import { actionOf, place as at, rehearsal, target, withActions, withReactions } from '../support/evidence.ts'
import { cutoverAct, eastward } from '../support/evidence-cutover.ts'
import { followAct } from '../support/evidence-follow.ts'
import { migratingAct, migratingTarget } from '../support/evidence-migration.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs } from '../support/small-run.ts'

describe('counters that are wanted', () => {
  const ids = (told: Rehearsal, of: Target = target) => noted(wantedCounters(told, of)).map(({ id }) => id)
  const bare: Rehearsal = { ...rehearsal, faults: [], expectations: [] }
  const scaler = rehearsal.expectations.filter((each) => each.kind === 'autoscaler')
  const reacting = (...reactions: readonly Reaction[]) => ({ ...withReactions(...reactions), expectations: [] })
  const calls = ['approved:psp-a', 'vain:psp-a:unknown', 'vain:psp-a:error', 'open:psp-a', 'ended:psp-a']

  it.each<[string, () => readonly string[], readonly string[]]>([
    ['by no rule', () => ids(bare), []],
    ['by the witness of a fault', () => ids({ ...rehearsal, expectations: [] }).slice(0, 1), ['witness:psp-a down']],
    [
      'by no witness of readiness',
      () =>
        ids({
          ...bare,
          faults: rehearsal.faults.map((each) => ({
            ...each,
            expect: [],
            witness: { kind: 'ready', what: 'pods', becomes: 1, withinMs: seconds(1), at } as const,
          })),
        }),
      [],
    ],
    [
      'by an autoscaler with a source of its name',
      () => ids({ ...bare, expectations: scaler }),
      ['requests:payments-api'],
    ],
    [
      'by no autoscaler whose source lacks requests',
      () => ids({ ...bare, expectations: scaler.map((each) => ({ ...each, name: 'other' })) }),
      [],
    ],
    [
      'by an autoscaler that scales on a rate',
      () => {
        const scalesOn = { kind: 'rate', of: 'broker', metric: 'm', where: { q: 'x' }, above: perSecond(5) } as const
        return ids({
          ...bare,
          expectations: scaler.map((each) => ({ ...each, name: 'other', scalesOn }) as unknown as Expectation),
        })
      },
      ['scales-on:other:promo peak'],
    ],
    [
      'by a rate that must be reached, not by a gauge',
      () =>
        ids({
          ...bare,
          reaches: [
            { kind: 'rate', of: 'bets', metric: 'm', where: {}, atLeast: perSecond(1), at },
            { kind: 'gauge', of: 'bets', metric: 'g', where: {}, pods: 'max', atLeast: 1, at },
            { kind: 'at-maximum', autoscaler: 'x', at },
          ],
        }),
      ['required:rate of m of bets:'],
    ],
    [
      'by a failover',
      () => ids(reacting({ kind: 'failover', from: 'psp-a', to: 'none', withinMs: seconds(1), at })).slice(1),
      calls,
    ],
    [
      'by a circuit that must open',
      () =>
        ids(
          reacting({
            kind: 'backs-off',
            of: 'bets',
            metric: 'm',
            where: { to: 'a' },
            becomes: perSecond(1),
            withinMs: seconds(1),
            at,
          }),
        ).slice(1),
      ['backs-off:psp-a down:bets:m:{"to":"a"}'],
    ],
    [
      'by attempts and operations',
      () =>
        ids(reacting({ kind: 'amplification', of: 'bets', attempts: 'a', operations: 'o', atMost: 1, at })).slice(1),
      ['attempts:psp-a down:bets:a', 'operations:psp-a down:bets:o'],
    ],
    [
      'by no other reaction',
      () => ids(reacting({ kind: 'recovers', sli: 'bet', withinMs: seconds(1), at })).slice(1),
      [],
    ],
    [
      'by a cutover',
      () => ids({ ...bare, actions: [actionOf('go', cutoverAct)] }, { ...target, cutovers: { eastward } }),
      ['served:eastward:from', 'served:eastward:to'],
    ],
    ['by no cutover whose plan is not there', () => ids({ ...bare, actions: [actionOf('go', cutoverAct)] }), []],
    [
      'by no cutover whose plan counts no requests',
      () => {
        const { served: _, ...place } = eastward
        return ids({ ...bare, actions: [actionOf('go', cutoverAct)] }, { ...target, cutovers: { eastward: place } })
      },
      [],
    ],
  ])('%s', (_, is, expected) => expect(is()).toEqual(expected))

  it('leave out calls of an open circuit if no outcome counts them', () => {
    const [calls_] = target.providerCalls
    if (calls_ === undefined) throw new Error('the stock target has calls')
    const { keptAway: _, ...outcomes } = calls_.outcomes
    const failover = { kind: 'failover', from: 'psp-a', to: 'none', withinMs: seconds(1), at } as const
    expect(ids(reacting(failover), { ...target, providerCalls: [{ ...calls_, outcomes }] })).not.toContain('open:psp-a')
  })

  const gauges = (told: Rehearsal, of: Target = target) =>
    noted(wantedGauges(told, of)).map(({ id, pods }) => `${id} ${pods}`)
  const promotes = { kind: 'promotes', database: 'db', sli: 'bet', rtoMs: seconds(1), at } as const
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['none', () => gauges(bare), []],
    [
      'connections',
      () =>
        gauges({
          ...bare,
          expectations: [{ kind: 'connections', of: 'db', metric: 'm', where: {}, pods: 'max', atMost: 5, at }],
        }),
      ['connections:max:db:m:{} max'],
    ],
    [
      'who takes writes, once',
      () => gauges({ ...reacting(promotes, promotes), expectations: [] }),
      ['writable:db undefined'],
    ],
    [
      'a gauge that must be reached, not a rate',
      () =>
        gauges({
          ...bare,
          reaches: [
            { kind: 'gauge', of: 'bets', metric: 'g', where: {}, pods: 'max', atLeast: 1, at },
            { kind: 'rate', of: 'bets', metric: 'm', where: {}, atLeast: perSecond(1), at },
          ],
        }),
      ['required:g of bets:max max'],
    ],
    [
      'what an autoscaler scales on',
      () => {
        const scalesOn = { kind: 'gauge', of: 'broker', metric: 'm', where: {}, pods: 'sum', above: 5 } as const
        return gauges({
          ...bare,
          expectations: scaler.map((each) => ({ ...each, scalesOn }) as unknown as Expectation),
        })
      },
      ['scales-on:payments-api:promo peak sum'],
    ],
    [
      'waits for locks',
      () => gauges({ ...bare, actions: [actionOf('v2', migratingAct())] }, migratingTarget),
      ['lock-wait:orders-schema max'],
    ],
    [
      'no waits of a migration that is not there',
      () => gauges({ ...bare, actions: [actionOf('v2', migratingAct())] }),
      [],
    ],
  ])('are gauges: %s', (_, is, expected) => expect(is()).toEqual(expected))
})

/** A scrape of `codes`, which says what was counted of each. */
const scraped = (
  ms: number,
  source: string,
  pod: string,
  codes: Readonly<Record<string, number>>,
  timed?: number,
): Evidence & { kind: 'sample' } => ({
  kind: 'sample',
  at: atMs(ms),
  source,
  pod,
  ok: true,
  series: [
    ...Object.entries(codes).map(([code, value]) => ({ name: 'http_requests_total', labels: { code }, value })),
    ...(timed === undefined
      ? []
      : [
          { name: 'http_request_duration_seconds_count', labels: {}, value: timed },
          { name: 'http_request_duration_seconds_sum', labels: {}, value: timed / 10 },
        ]),
  ],
})

describe('the counters of a canary', () => {
  const named_ = { action: 'v2', release: canaryAct() }
  const counters = (samples: readonly (Evidence & { kind: 'sample' })[], of = named_) => {
    const all = createCounters()
    for (const wanted of canaryCounters(withActions(actionOf(of.action, of.release)))) all.want(wanted)
    for (const [index, each] of samples.entries()) all.add(each, index + 1)
    return all
  }
  const fresh = [
    scraped(0, 'gateway-canary', 'c-1', { 200: 0, 500: 0, 501: 0, 505: 0, 429: 0 }, 0),
    scraped(1000, 'gateway-canary', 'c-1', { 200: 10, 500: 0, 501: 0, 505: 5, 429: 5 }, 10),
    scraped(2000, 'gateway-canary', 'c-1', { 200: 20, 500: 2, 501: 1, 505: 5, 429: 5 }, 33),
    scraped(3000, 'gateway-canary', 'c-1', { 200: 20, 500: 2, 501: 1, 505: 5, 429: 5 }, 33),
  ]
  const old = [
    scraped(0, 'gateway', 's-1', { 200: 0 }, 0),
    scraped(2000, 'gateway', 's-1', { 200: 100, 502: 3, 503: 4, 504: 5 }, 112),
  ]

  it('are those of the actions that are canaries', () => {
    const wanted = noted(canaryCounters(withActions(actionOf('v2', canaryAct()), actionOf('x', followAct))))
    expect(wanted.map(({ id }) => id).slice(0, 8)).toEqual(
      ['requests:0', '500:0', '501:0', '502:0', '503:0', '504:0', 'timed:0', 'seconds:0'].map(
        (what) => `canary:v2:stable:${what}`,
      ),
    )
    expect(canaryCounters(withActions(actionOf('v2', blueGreenAct())))).toHaveLength(12)
  })

  it.each<[string, CanarySide, number, number, number, number, number]>([
    ['all of the new one', 'canary', 0, 3000, 33, 3, 33],
    ['its first second', 'canary', 0, 1000, 20, 0, 10],
    ['half of its second one', 'canary', 1000, 1500, 7, 2, 12],
    ['none without time', 'canary', 1000, 1000, 0, 0, 0],
    ['none backwards', 'canary', 2000, 1000, 0, 0, 0],
    ['all of the old one', 'stable', 0, 3000, 112, 12, 112],
  ])('count requests, errors and times: %s', (_, side, from, to, requests, bad, timed) => {
    const counts = noted(countsBetween(counters([...fresh, ...old]), named_)(side, atMs(from), atMs(to)))
    expect([counts.requests, counts.bad, Math.round(counts.timed)]).toEqual([requests, bad, timed])
  })

  it('never count more errors than requests', () => {
    const odd = [
      scraped(0, 'gateway-canary', 'c-1', { 500: 0 }),
      scraped(1000, 'gateway-canary', 'c-1', { 500: 1 }),
      scraped(1000, 'gateway-canary', 'c-2', { 500: 9 }),
    ]
    const { requests, bad } = countsBetween(counters(odd), named_)('canary', atMs(0), atMs(500))
    expect(bad).toBeLessThanOrEqual(requests)
  })

  it('show the last answer and the first error', () => {
    const all = counters(fresh)
    expect(noted(lastAnswer(all, named_))).toEqual({ at: atMs(2000), line: 3 })
    expect(noted(firstError(all, named_, atMs(0)))).toEqual({ at: atMs(2000), line: 3 })
    expect([firstError(all, named_, atMs(1999))?.line, firstError(all, named_, atMs(2000))]).toEqual([3, undefined])
    expect([lastAnswer(counters([]), named_), firstError(counters([]), named_, 0)]).toEqual([undefined, undefined])
  })

  it('are there once a pod of the new release was read twice', () => {
    expect(
      [counters(fresh.slice(0, 1)), counters(fresh.slice(0, 2)), counters(old)].map((all) => isCounted(all, named_)),
    ).toEqual([false, true, false])
  })

  const { gate } = canaryAct().canary
  const shared = { action: 'v2', release: canaryAct({ gate: { ...gate, stable: 'gateway', canary: 'gateway' } }) }
  it.each([
    ['gateway-canary-7c9d8f6b54-fghij', 5, 0],
    ['gateway-7c9d8f6b54-fghij', 0, 5],
    ['gateway-canary-7c9d8f6b54-fghi', 0, 5],
    ['gateway-canary', 5, 0],
    ['gateway-canary-fghij', 0, 5],
  ])('of one source are split by the name of the pod: %s', (pod, ofFresh, ofOld) => {
    const all = counters([scraped(0, 'gateway', pod, { 200: 1 }), scraped(1000, 'gateway', pod, { 200: 6 })], shared)
    const of = (side: CanarySide) => countsBetween(all, shared)(side, atMs(0), atMs(1000)).requests
    expect([of('canary'), of('stable')]).toEqual([ofFresh, ofOld])
  })
})

describe('the counters of a Rollout that is followed', () => {
  const { gate } = followAct
  if (gate === undefined) throw new Error('it has a gate')
  const where = [{ route: '/a' }, { route: '/b' }]
  const told = withActions(actionOf('shop 2', followAct), actionOf('v2', canaryAct()))
  it('are those of its routes', () => {
    expect(noted(followCounters(told)).map(({ id, source }) => `${source} ${id}`)).toEqual(
      ['requests', '500', '501', '502', '503', '504'].map((what) => `shop follow:shop 2:${what}:0`),
    )
    const routes = withActions(actionOf('shop 2', { ...followAct, gate: { ...gate, where } }))
    expect(noted(followCounters(routes))).toHaveLength(12)
    const { gate: _, ...bare } = followAct
    expect(followCounters(withActions(actionOf('shop 2', bare)))).toEqual([])
  })

  it.each([
    ['shop-b2-xxxxx', 'b2', 10, 0],
    ['shop-b2-xxxxx', 'b', 0, 10],
    ['shop-a1-xxxxx', 'b2', 0, 10],
    ['other-shop-b2-xxxxx', 'b2', 0, 10],
  ])('of the pod %s are those of release %s: %i', (pod, release, fresh, old) => {
    const all = createCounters()
    for (const wanted of followCounters(told)) all.want(wanted)
    for (const [ms, n] of [
      [0, 0],
      [1000, 10],
      [2000, 10],
    ] as const)
      all.add(scraped(ms, 'shop', pod, { 200: n / 2, 503: n / 2 }), ms)
    const between = followedBetween(all, { action: 'shop 2', act: followAct, gate, release })
    expect([between('canary', atMs(0), atMs(2000)), between('stable', atMs(0), atMs(2000))]).toEqual([
      { requests: fresh, bad: fresh / 2, timed: 0, seconds: 0 },
      { requests: old, bad: old / 2, timed: 0, seconds: 0 },
    ])
    expect(between('canary', atMs(0), atMs(500)).requests + between('stable', atMs(0), atMs(500)).requests).toBe(5)
    expect(between('canary', atMs(2000), atMs(0))).toEqual({ requests: 0, bad: 0, timed: 0, seconds: 0 })
  })
})
