import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import type { Rehearsal } from '../../../src/domain/rehearsal.ts'
import {
  drainA,
  drained,
  endpoints,
  evidence,
  mapped,
  nodes,
  podLife,
  type Story,
  seen,
  standing,
  toBad,
  together,
  withActions,
} from '../../support/evidence.ts'
import { causesOf, sentenceOf, shown } from '../../support/judged.ts'
import { it, judge } from '../../support/reviewed.ts'

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

  it('that a drain evicts has no redundancy; the finding says how long no pod was Ready', () => {
    const judgment = story(withActions(drainA), falls, only)
    expect(causes(judgment)).toEqual(['no-redundancy'])
    expect(sentenceOf(judgment, 'no-redundancy')).toBe(
      'wallet had one ready pod, drain zone a took it, and for 6.0 s no pod could answer: 240 of 420 attempts of login went wrong.',
    )
  })

  it('that no request needs is a warning', () => {
    const quiet = shown(together(nodes(), falls, only, drained('wallet-1')), { rehearsal: withActions(drainA) })
    expect(causesOf(quiet)).toEqual(['no-redundancy'])
    expect(quiet.verdict.kind).toBe('pass')
  })

  it.each<[string, Evidence[]]>([
    [
      'whose second pod still serves',
      together(falls, only, podLife({ name: 'wallet-2', app: 'wallet', node: 'zone-b-api', born: -2, ready: -1 })),
    ],
    ['that nothing disrupts', [endpoints(-1, 'wallet', 1), ...standing('wallet', 'zone-b-api')]],
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
      'that was scaled to 0 on purpose',
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

  it('that is the only target of a fault is no finding', () => {
    const meant = mapped(evidence(), 'fault-step', (record) =>
      record.step.is === 'injected' ? { ...record, step: { is: 'injected', pods: ['casino/wallet-1'] } } : record,
    )
    const fallsThen = [endpoints(-1, 'wallet', 1), endpoints(67, 'wallet', 0), endpoints(92, 'wallet', 1)]
    expect(causesOf(judge(together(meant, fallsThen, standing('wallet', 'zone-a-api'))))).toEqual([])
  })
})
