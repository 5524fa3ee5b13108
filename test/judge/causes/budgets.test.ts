import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import {
  actionSteps,
  budget,
  drainA,
  drained,
  nodes,
  podLife,
  standing,
  together,
  withActions,
} from '../../support/evidence.ts'
import { causesOf, sentenceOf, shown } from '../../support/judged.ts'
import { it } from '../../support/reviewed.ts'

describe('a drain', () => {
  const pods = ['bets-1', 'bets-2', 'bets-3']
  const taken = (readyAgain: number) =>
    pods.flatMap((name, n) => [
      ...podLife({ name, app: 'bets', node: 'zone-a-api', born: -2, ready: -1, ends: 101 + n / 10, gone: 106 }),
      ...podLife({ name: `${name}-new`, app: 'bets', node: 'zone-b-api', born: 101.2, runs: 103, ready: readyAgain }),
    ])
  const drain = (more: readonly Evidence[], action = drainA) =>
    shown(together(nodes(), drained(...pods), more), { rehearsal: withActions(action) })

  it('that evicts all pods of an app at once is budget-missing', () => {
    const judgment = drain(taken(110))
    expect(causesOf(judgment)).toEqual(['budget-missing'])
    expect(sentenceOf(judgment, 'budget-missing')).toBe(
      'drain zone a evicted 3 pods of bets, which no disruption budget covers: 0 of 3 were Ready at worst.',
    )
  })

  it('that evicts both pods of an app is budget-missing too', () => {
    const both = ['bets-1', 'bets-2'].flatMap((name) =>
      podLife({ name, app: 'bets', node: 'zone-a-api', born: -2, ready: -1, ends: 101, gone: 106 }),
    )
    const judgment = shown(together(nodes(), drained('bets-1', 'bets-2'), both), { rehearsal: withActions(drainA) })
    expect(sentenceOf(judgment, 'budget-missing')).toContain('0 of 2 were Ready at worst.')
  })

  it.each<[string, Evidence[]]>([
    [
      'with a budget of the same name',
      [...taken(110), budget(-1, 'bets', { healthy: 3, expected: 3, wantedHealthy: 2 })],
    ],
    ['with a budget whose selector matches', [...taken(110), budget(-1, 'money', { selector: {} })]],
    [
      'whose other pods stay',
      [
        ...taken(110),
        ...podLife({ name: 'bets-7', app: 'bets', node: 'zone-c-api', born: -2, ready: -1 }),
        ...podLife({ name: 'bets-8', app: 'bets', node: 'zone-c-api', born: -2, ready: -1 }),
        ...podLife({ name: 'bets-9', app: 'bets', node: 'zone-c-api', born: -2, ready: -1 }),
      ],
    ],
  ])('of an app %s is no finding', (_, more) => {
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

  it('that a budget refuses to the end although every pod is healthy is budget-blocks', () => {
    const story = together(
      nodes(),
      standingBets,
      strict,
      refused([130, { is: 'heal-requested' }], [130.1, { is: 'healed' }]),
    )
    const judgment = shown(story, { rehearsal: withActions(drainA) })
    expect(causesOf(judgment)).toEqual(['budget-blocks', 'action-not-done'])
    expect(sentenceOf(judgment, 'budget-blocks')).toBe(
      'drain zone a could not evict casino/bets-1: refused 2 times, because bets allows no disruption even while every pod is healthy.',
    )
    expect(judgment.actions[0]).toMatchObject({ state: 'not-done', refusedEvictions: 2, evicted: 0 })
  })

  it('that is refused for a while and then allowed is no finding', () => {
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
