import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { actionOf, actionSteps, nodes, podLife, seen, standing, together, withActions } from '../../support/evidence.ts'
import { causesOf, sentenceOf, shown } from '../../support/judged.ts'
import { it } from '../../support/reviewed.ts'

describe('the loss of a zone', () => {
  const lost = (nodesOf: readonly string[], more: readonly Evidence[] = [], all = nodes()) => {
    const powerOff = actionOf('zone a dark', { kind: 'power-off', nodes: { zone: 'a' } })
    const steps = actionSteps(
      'zone a dark',
      [100, { is: 'begun', targets: ['Node/zone-a-api'] }],
      [101, { is: 'done', note: 'dark' }],
      [125, { is: 'heal-requested' }],
      [126, { is: 'healed' }],
    )
    return shown(together(all, standing('wallet', ...nodesOf), steps, more), { rehearsal: withActions(powerOff) })
  }
  const [a, b, c] = ['zone-a-api', 'zone-b-api', 'zone-c-api']

  it.each([
    ['both of two pods', [a, a]],
    ['all of three', [a, a, a]],
    ['five of six', [a, a, a, a, a, b]],
  ])('that held %s of an app is zone-concentrated', (_, on) => {
    expect(causesOf(lost(on))).toEqual(['zone-concentrated'])
  })

  it('is named where there are two zones, and not where there is one', () => {
    const within = (zones: string) =>
      causesOf(
        lost(
          [a, a],
          [],
          nodes().filter((each) => each.kind === 'object-seen' && zones.includes(each.object.name[5] ?? '')),
        ),
      )
    expect([within('ab'), within('a')]).toEqual([['zone-concentrated'], []])
  })

  it('says how many pods were there, and which other zones they could use', () => {
    expect(sentenceOf(lost([a, a]), 'zone-concentrated')).toBe(
      '2 of 2 pods of wallet stood in zone a when zone a dark began, although 3 zones were available.',
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

  it('is not assumed for a NoSchedule taint', () => {
    const taint = actionOf('keep out', { kind: 'taint', nodes: { zone: 'a' }, key: 'lost', effect: 'NoSchedule' })
    const steps = actionSteps('keep out', [100, { is: 'begun', targets: [] }], [101, { is: 'done', note: '' }])
    expect(
      causesOf(shown(together(nodes(), standing('wallet', a, a), steps), { rehearsal: withActions(taint) })),
    ).toEqual([])
  })

  it('after which pods cannot be scheduled is headroom-missing', () => {
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

  it('during which the survivors stay at their maximum and over target is headroom-missing too', () => {
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
