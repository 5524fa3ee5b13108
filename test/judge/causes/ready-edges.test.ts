/** Causes of pods that are Ready and fail, and of the only pod of a Service, where there are two of a thing. */
import { describe } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { ActionSpec } from '../../../src/domain/rehearsal.ts'
import { readyButFailing } from '../../../src/judge/causes/readiness.ts'
import { noRedundancy } from '../../../src/judge/causes/redundancy.ts'
import { acted, bad, type Case, check, inActions } from '../../support/causes-run.ts'
import { actionOf, drainA, endpoints, nodes, readyPod, seen, standing } from '../../support/evidence.ts'
import { it } from '../../support/reviewed.ts'
import { causesIn, counted, listOf, seenIn } from '../../support/small-run.ts'

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
