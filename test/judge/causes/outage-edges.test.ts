/** Causes of drains and power cuts where there are two of a thing: two apps, two pods, two budgets. */
import { describe } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { budgetBlocks, budgetMissing } from '../../../src/judge/causes/budgets.ts'
import { headroomMissing, zoneConcentrated } from '../../../src/judge/causes/zones.ts'
import { acted, type Case, check, dark, inActions } from '../../support/causes-run.ts'
import {
  actionOf,
  actionSteps,
  budget,
  drainA,
  node,
  podLife,
  readyPod,
  seen,
  standing,
} from '../../support/evidence.ts'
import { it } from '../../support/reviewed.ts'
import { causesIn, seenIn } from '../../support/small-run.ts'

describe('a drain', () => {
  const evicted = (app: string, n: number) =>
    [101, { is: 'evicted', pod: `casino/${app}-${n}`, node: 'zone-a-api' }] as const
  const life = (app: string, n: number, ends?: number) =>
    podLife({
      name: `${app}-${n}`,
      app,
      node: 'zone-a-api',
      born: -2,
      ready: -1,
      ...(ends === undefined ? {} : { ends, gone: ends + 1 }),
    })
  const both = (app: string) => [life(app, 1, 101), life(app, 2, 101)]
  const [one, two] = ['breach budget-missing', 'breach budget-missing']
  const missing = (...records: readonly (readonly Evidence[] | Evidence)[]) =>
    causesIn(
      budgetMissing(
        inActions(
          [drainA],
          [
            acted(drainA, 115, 100, evicted('bets', 1), evicted('bets', 2), evicted('shop', 1), evicted('shop', 2)),
            ...records,
          ],
        ),
      ),
    )
  const refused = (pod: string, n: number) =>
    Array.from(
      { length: n },
      (_, index) => [101 + index, { is: 'eviction-refused', pod, node: 'n', problem: 'budget' }] as const,
    )
  const blocks = (
    steps: Parameters<typeof actionSteps>[1][],
    ...records: readonly (readonly Evidence[] | Evidence)[]
  ) =>
    causesIn(
      budgetBlocks(
        inActions(
          [drainA],
          [
            actionSteps(drainA.name, [100, { is: 'begun', targets: [] }], ...steps, [130, { is: 'healed' }]),
            ...records,
          ],
        ),
      ),
    )
  const stuck = (name: string) => budget(110, name, { healthy: 1, wantedHealthy: 1, expected: 1, allowed: 0 })

  it.each<Case>([
    ['of two apps without budgets', () => missing(...both('bets'), ...both('shop')), [one, two]],
    ['of which one has a budget', () => missing(...both('bets'), ...both('shop'), budget(-1, 'shop', {})), [one]],
    [
      'of pods of a Job',
      () =>
        missing(
          ...['bets-1', 'bets-2'].map((name) => [
            seen(-1, readyPod(name, 'bets', { owner: { kind: 'Job', name: 'j' } })),
            seen(101, readyPod(name, 'bets', { owner: { kind: 'Job', name: 'j' }, deleting: true })),
          ]),
        ),
      [],
    ],
    ['of pods that were not evicted', () => missing(life('other', 1, 101), life('other', 2, 101)), []],
    [
      'that two budgets block',
      () =>
        blocks(
          [...refused('casino/bets-1', 2), ...refused('casino/shop-1', 1)],
          life('bets', 1),
          life('shop', 1),
          stuck('shop'),
          stuck('bets'),
        ),
      ['breach budget-blocks'],
    ],
    [
      'that evicts in the end',
      () =>
        blocks(
          [...refused('casino/bets-1', 2), [120, { is: 'evicted', pod: 'casino/bets-1', node: 'n' }]],
          life('bets', 1),
          stuck('bets'),
        ),
      [],
    ],
    [
      'that is refused for another reason',
      () =>
        blocks(
          [...refused('casino/bets-1', 2)],
          life('bets', 1),
          budget(110, 'bets', { healthy: 1, wantedHealthy: 1, expected: 1, allowed: 1 }),
        ),
      [],
    ],
    ['that is refused for a pod that nobody saw', () => blocks([...refused('casino/bets-1', 2)], stuck('bets')), []],
  ])('%s', check)
})

describe('a power cut', () => {
  const spent = (name: string, ms: number) =>
    [0, ms].map((at, index) =>
      seen(at / 1000, {
        resource: 'HorizontalPodAutoscaler',
        namespace: 'casino',
        name,
        uid: name,
        of: name,
        min: 1,
        max: 4,
        current: 2,
        desired: index === 0 ? 2 : 4,
        metrics: [{ metric: 'x', target: 10, value: index === 0 ? 5 : 20 }],
        conditions: [],
      }),
    )
  it.each<Case>([
    [
      'of two apps in one zone',
      () =>
        causesIn(
          zoneConcentrated(
            inActions(
              [dark],
              [
                acted(dark),
                standing('wallet', 'zone-a-api', 'zone-a-api'),
                standing('bets', 'zone-a-api', 'zone-a-api'),
                standing('shop', 'zone-a-api', 'zone-b-api'),
              ],
            ),
          ),
        ),
      ['breach zone-concentrated', 'breach zone-concentrated'],
    ],
    [
      'of an app with one pod',
      () => causesIn(zoneConcentrated(inActions([dark], [acted(dark), standing('wallet', 'zone-a-api')]))),
      [],
    ],
    [
      'where there is one zone',
      () =>
        causesIn(
          zoneConcentrated(
            seenIn([node(-2, 'a'), ...acted(dark), ...standing('wallet', 'zone-a-api', 'zone-a-api')], {
              rehearsal: { actions: [dark], faults: [] },
            }),
          ),
        ),
      [],
    ],
    [
      'that leaves pods of two apps without a node',
      () =>
        causesIn(
          headroomMissing(
            inActions(
              [dark],
              [
                acted(dark),
                podLife({ name: 'b', app: 'bets', born: 101 }),
                podLife({ name: 'a', app: 'wallet', born: 102 }),
              ],
            ),
          ),
        ),
      ['breach headroom-missing'],
    ],
    [
      'that leaves a pod which ends',
      () =>
        causesIn(
          headroomMissing(
            inActions([dark], [acted(dark), podLife({ name: 'b', app: 'bets', born: 101, ends: 110.999 })]),
          ),
        ),
      [],
    ],
    [
      'that leaves a pod which ends later',
      () =>
        causesIn(
          headroomMissing(inActions([dark], [acted(dark), podLife({ name: 'b', app: 'bets', born: 101, ends: 111 })])),
        ),
      ['breach headroom-missing'],
    ],
    [
      'that overwhelms two autoscalers',
      () => causesIn(headroomMissing(inActions([dark], [acted(dark), spent('b', 101_000), spent('a', 105_000)]))),
      ['breach headroom-missing', 'breach headroom-missing'],
    ],
    [
      'of one pool',
      () =>
        causesIn(
          headroomMissing(
            inActions(
              [actionOf('pool', { kind: 'power-off', nodes: { zone: 'a', pool: 'api' } })],
              [acted(actionOf('pool', dark.act)), spent('b', 101_000)],
            ),
          ),
        ),
      [],
    ],
  ])('%s', check)
})
