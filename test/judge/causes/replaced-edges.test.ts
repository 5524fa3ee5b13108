/** Causes of pods that end or begin where there are two of a thing: two apps, two pods, two harms, two indicators. */
import { describe, expect } from 'vitest'
import type { Termination } from '../../../src/domain/cluster.ts'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { ActionSpec } from '../../../src/domain/rehearsal.ts'
import { drainMissing, slowTermination } from '../../../src/judge/causes/endings.ts'
import { podErrors } from '../../../src/judge/causes/pod-errors.ts'
import { containerRestarted } from '../../../src/judge/causes/restarts.ts'
import { acted, bad, type Case, check, dark, inActions } from '../../support/causes-run.ts'
import { actionOf, nodes, podLife, readyPod, rollout, seen } from '../../support/evidence.ts'
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
      'twice, of which one was felt',
      () => found(restart('a', 50), restart('b', 100), bad('login', [48_000, 0], [49_000, 2], [50_000, 2])),
      ['breach container-restarted'],
    ],
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
