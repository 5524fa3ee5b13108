/** Causes of pods that end, begin or fail where there are two of a thing: two apps, two pods, two harms, two indicators. */
import { describe, expect } from 'vitest'
import type { Termination } from '../../../src/domain/cluster.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { ActionSpec } from '../../../src/domain/rehearsal.ts'
import { drainMissing, slowTermination } from '../../../src/judge/causes/endings.ts'
import { podErrors } from '../../../src/judge/causes/pod-errors.ts'
import { readyButFailing } from '../../../src/judge/causes/readiness.ts'
import { noRedundancy } from '../../../src/judge/causes/redundancy.ts'
import { containerRestarted } from '../../../src/judge/causes/restarts.ts'
import { acted, bad, type Case, check, dark, inActions } from '../../support/causes-run.ts'
import {
  actionOf,
  drainA,
  endpoints,
  nodes,
  podLife,
  readyPod,
  rollout,
  seen,
  standing,
} from '../../support/evidence.ts'
import { it } from '../../support/reviewed.ts'
import { causesIn, counted, framesOf, listOf, seenIn } from '../../support/small-run.ts'

describe('a container that is started again', () => {
  const restart = (name: string, second: number, ended?: Termination, restarts = 1, app = 'gateway') => [
    ...(restarts === 1 ? [seen(-2, readyPod(name, app), 'present')] : []),
    seen(second, readyPod(name, app, { restarts, ...(ended === undefined ? {} : { lastTermination: ended }) })),
  ]
  const ended = (exitCode: number, reason = 'Error'): Termination => ({ container: 'app', reason, exitCode })
  const found = (...records: readonly (readonly Evidence[])[]) =>
    causesIn(containerRestarted(seenIn([...nodes(), ...records.flat()], { rehearsal: { faults: [] } })))
  const warned = 'warning container-restarted'
  it.each<Case>([
    ['by SIGKILL', () => found(restart('a', 50, ended(137))), [warned]],
    ['by SIGTERM', () => found(restart('a', 50, ended(143))), [warned]],
    ['by SIGSEGV', () => found(restart('a', 50, ended(139))), [warned]],
    ['by an error', () => found(restart('a', 50, ended(1))), [warned]],
    ['for its memory', () => found(restart('a', 50, ended(137, 'OOMKilled'))), [warned]],
    [
      'three times at once',
      () => found(restart('a', 50, ended(1), 3), [seen(-2, readyPod('a', 'gateway'), 'present')]),
      [warned],
    ],
    ['in two pods', () => found(restart('a', 50, ended(1)), restart('b', 60)), [warned]],
    ['in two apps', () => found(restart('a', 50, ended(1)), restart('b', 60, undefined, 1, 'bets')), [warned, warned]],
    [
      'around which attempts went wrong',
      () => found(restart('a', 50), bad('login', [48_000, 0], [49_000, 2], [50_000, 2])),
      ['breach container-restarted'],
    ],
    [
      'in a Job',
      () =>
        found([
          seen(-2, readyPod('a', 'gateway', { owner: { kind: 'Job', name: 'j' } })),
          seen(50, readyPod('a', 'gateway', { owner: { kind: 'Job', name: 'j' }, restarts: 1 })),
        ]),
      [],
    ],
    ['without an app', () => found(restart('a', 50, undefined, 1, '')), []],
  ])('%s', check)
  it('by a promotion of its database is expected', () => {
    const promote = actionOf('promote', { kind: 'promote', database: 'orders-db', to: 'orders-db-1' })
    const of = (app: string, owner: string) =>
      causesIn(
        containerRestarted(
          inActions(
            [promote],
            [
              acted(promote),
              [
                seen(-2, readyPod('x', app, { owner: { kind: 'StatefulSet', name: owner } })),
                seen(110, readyPod('x', app, { owner: { kind: 'StatefulSet', name: owner }, restarts: 1 })),
              ],
            ],
          ),
        ),
      )
    expect([of('orders-db', 'y'), of('y', 'orders-db'), of('y', 'z')]).toEqual([[], [], [warned]])
  })
})

describe('pods that are replaced', () => {
  const gateway = (n: number, changes: Partial<Parameters<typeof podLife>[0]>, app = 'gateway') =>
    podLife({ name: `${app}-${n}`, app, node: 'zone-a-api', born: -2, ready: -1, ...changes })
  const second = actionOf('roll bets', { kind: 'rollout', workload: { kind: 'Deployment', name: 'bets' } })
  const errors = (records: readonly (readonly Evidence[])[], specs: readonly ActionSpec[] = [rollout]) =>
    causesIn(podErrors(inActions(specs, [acted(rollout), ...records])))
  const [began, over] = ['early-errors-at-rollout', 'errors-at-shutdown']
  it.each<Case>([
    [
      'with errors at both edges',
      () =>
        errors([
          gateway(1, { ends: 103, gone: 104 }),
          gateway(2, { born: 112, runs: 113, ready: 115 }),
          bad('login', [102_500, 0], [103_500, 4], [114_500, 0], [115_500, 4]),
        ]),
      [`breach ${began}`, `breach ${over}`],
    ],
    [
      'of two apps, with errors of two indicators',
      () =>
        errors([
          gateway(1, { ends: 103, gone: 104 }),
          gateway(1, { ends: 103, gone: 104 }, 'bets'),
          bad('login', [102_500, 0], [103_500, 2]),
          bad('bet', [102_500, 0], [103_500, 2]),
        ]),
      [`breach ${over}`],
    ],
    [
      'with errors as they are gone',
      () => errors([gateway(1, { ends: 103, gone: 110, grace: 30 }), bad('login', [109_600, 0], [110_400, 4])]),
      [`breach ${over}`],
    ],
    [
      'with errors of a union',
      () =>
        errors([
          gateway(1, { ends: 103, gone: 104 }),
          framesOf('api', [
            [102_500, {}],
            [103_500, { good: 1, bad: 9, badBy: { x: 9 } }],
          ]),
        ]),
      [],
    ],
    [
      'with errors of what must be refused',
      () => errors([gateway(1, { ends: 103, gone: 104 }), bad('forged-webhook', [102_500, 0], [103_500, 9])]),
      [],
    ],
    [
      'with errors all the time',
      () =>
        errors([
          gateway(1, { ends: 103, gone: 104 }),
          bad('login', ...Array.from({ length: 150 }, (_, n) => [n * 1000 + 500, 3] as const)),
        ]),
      [],
    ],
    [
      'with errors outside of any disruption: four',
      () => errors([gateway(1, { ends: 50, gone: 51 }), bad('login', [49_500, 0], [50_500, 4])]),
      [],
    ],
    [
      'with errors outside of any disruption: five',
      () => errors([gateway(1, { ends: 50, gone: 51 }), bad('login', [49_500, 0], [50_500, 5])]),
      [`warning ${over}`],
    ],
    [
      'in two disruptions, of which the second was felt more',
      () =>
        errors(
          [
            acted(second, 145, 130),
            gateway(1, { ends: 103, gone: 104 }),
            gateway(1, { ends: 133, gone: 134 }, 'bets'),
            bad('login', [102_500, 0], [103_500, 3], [132_500, 0], [133_500, 5]),
          ],
          [rollout, second],
        ),
      [`breach ${over}`],
    ],
  ])('%s', check)

  const hasty = (n: number, app: string, requests = true) => [
    ...gateway(n, { ends: 101, gone: 101.1, grace: 10 }, app),
    ...(requests
      ? counted(
          'x',
          'http_requests_total',
          { code: '200' },
          listOf([90_000, 0], [99_000, 9], [100_500, 18]),
          `${app}-${n}`,
        )
      : []),
  ]
  it.each<Case>([
    [
      'too soon, in two apps',
      () =>
        causesIn(
          drainMissing(
            inActions([rollout], [acted(rollout), hasty(1, 'gateway'), hasty(2, 'gateway'), hasty(1, 'bets')]),
          ),
        ),
      ['breach drain-missing', 'breach drain-missing'],
    ],
    [
      'too soon, and nobody called them',
      () => causesIn(drainMissing(inActions([rollout], [acted(rollout), hasty(1, 'gateway', false)]))),
      [],
    ],
    [
      'too soon, in no disruption on purpose',
      () => causesIn(drainMissing(inActions([dark], [acted(dark), hasty(1, 'gateway')]))),
      [],
    ],
    [
      'too slowly, in two apps',
      () =>
        causesIn(
          slowTermination(
            seenIn([
              ...nodes(),
              ...gateway(1, { ends: 100, gone: 110, grace: 10 }),
              ...gateway(2, { ends: 100, gone: 130, grace: 30 }),
              ...gateway(1, { ends: 100, gone: 110, grace: 10 }, 'bets'),
            ]),
          ),
        ),
      ['breach slow-termination', 'breach slow-termination'],
    ],
    [
      'too slowly, without a known node',
      () => causesIn(slowTermination(seenIn(gateway(1, { ends: 100, gone: 110, grace: 10 })))),
      ['breach slow-termination'],
    ],
    [
      'in time, without a grace',
      () => causesIn(slowTermination(seenIn([...nodes(), ...gateway(1, { ends: 100, gone: 110 })]))),
      [],
    ],
    [
      'and never gone',
      () => causesIn(slowTermination(seenIn([...nodes(), ...gateway(1, { ends: 100, grace: 10 })]))),
      [],
    ],
  ])('end %s', check)
})

describe('pods that stay Ready and fail', () => {
  const failing = (pod: string, from = 110) =>
    counted(
      'bets',
      'http_requests_total',
      { code: '500' },
      listOf([from * 1000, 0], [(from + 5) * 1000, 6], [(from + 10) * 1000, 12], [(from + 20) * 1000, 24]),
      pod,
    )
  const found = (...records: readonly (readonly Evidence[])[]) =>
    causesIn(
      readyButFailing(
        seenIn([
          ...nodes(),
          ...standing('bets', 'zone-a-api', 'zone-b-api'),
          ...standing('wallet', 'zone-a-api'),
          ...records.flat(),
        ]),
      ),
    )
  const one = 'breach ready-but-failing'
  it.each<Case>([
    ['two of one app', () => found(failing('bets-1'), failing('bets-2')), [one]],
    ['in two apps', () => found(failing('bets-1'), failing('wallet-1')), [one, one]],
    [
      'twice, of which the longer counts',
      () =>
        found(
          failing('bets-1'),
          counted(
            'bets',
            'http_requests_total',
            { code: '500' },
            listOf([40_000, 0], [45_000, 6], [70_000, 40]),
            'bets-1',
          ),
        ),
      [one],
    ],
    [
      'of which one was not Ready',
      () => found(failing('bets-1'), [seen(112, readyPod('bets-1', 'bets', { ready: false }))]),
      [],
    ],
    [
      'with nine requests',
      () =>
        found(counted('bets', 'http_requests_total', { code: '500' }, listOf([110_000, 0], [130_000, 9]), 'bets-1')),
      [],
    ],
    [
      'with ten requests',
      () =>
        found(counted('bets', 'http_requests_total', { code: '500' }, listOf([110_000, 0], [130_000, 10]), 'bets-1')),
      [one],
    ],
  ])('%s', check)
})

describe('the only pod of a Service', () => {
  const alone = (
    service: string,
    records: readonly (readonly Evidence[] | Evidence)[],
    specs: readonly ActionSpec[] = [drainA],
  ) =>
    causesIn(
      noRedundancy(
        inActions(specs, [acted(drainA, 115), endpoints(-1, service, 1), endpoints(105, service, 0), ...records]),
      ),
    )
  const wallet = standing('wallet', 'zone-a-api')
  const wanted = (second: number, n: number) =>
    seen(second, {
      resource: 'Deployment',
      namespace: 'casino',
      name: 'wallet',
      uid: 'd',
      wanted: n,
      current: n,
      ready: n,
      updated: n,
    })
  const warned = ['warning no-redundancy']
  it.each<Case>([
    ['of its name', () => alone('wallet', [wallet]), warned],
    ['of a longer name', () => alone('wallet-pods', [wallet]), warned],
    ['of another name', () => alone('wallets', [wallet]), []],
    ['of the longer of two apps', () => alone('wallet-db-pods', [wallet, standing('wallet-db', 'zone-a-api')]), warned],
    ['that comes back', () => alone('wallet', [wallet, endpoints(109, 'wallet', 1)]), warned],
    [
      'that falls twice',
      () => alone('wallet', [wallet, endpoints(107, 'wallet', 1), endpoints(108, 'wallet', 0)]),
      warned,
    ],
    ['that should have no pod', () => alone('wallet', [wallet, wanted(104, 0)]), []],
    ['that should have one', () => alone('wallet', [wallet, wanted(104, 1)]), warned],
    ['of two pods', () => alone('wallet', [standing('wallet', 'zone-a-api', 'zone-b-api')]), []],
    [
      'that was never there',
      () => causesIn(noRedundancy(inActions([drainA], [acted(drainA, 115), wallet, endpoints(105, 'wallet', 0)]))),
      [],
    ],
    [
      'that two indicators feel',
      () => alone('wallet', [wallet, bad('login', [104_000, 0], [106_000, 9]), bad('bet', [104_000, 0], [106_000, 9])]),
      ['breach no-redundancy'],
    ],
    [
      'that is scaled',
      () =>
        causesIn(
          noRedundancy(
            inActions(
              [actionOf('scale', { kind: 'scale', workload: { kind: 'Deployment', name: 'wallet' }, replicas: 0 })],
              [
                acted(actionOf('scale', drainA.act), 115),
                wallet,
                endpoints(-1, 'wallet', 1),
                endpoints(105, 'wallet', 0),
              ],
            ),
          ),
        ),
      [],
    ],
  ])('%s', check)
})
