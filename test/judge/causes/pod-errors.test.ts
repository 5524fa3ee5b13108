import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import {
  actionSteps,
  drainA,
  evidence,
  mapped,
  nodes,
  podLife,
  rolledOut,
  rollout,
  scrapes,
  together,
  withActions,
} from '../../support/evidence.ts'
import { badAt, causesOf, sentenceOf, shown } from '../../support/judged.ts'
import { it, judge } from '../../support/reviewed.ts'

describe('errors when a pod starts or ends', () => {
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
    ['right after pods became Ready while no pod ends', fresh(1, 103, 105), [105, 106], ['early-errors-at-rollout']],
    ['as a pod ends while no pod starts', old(1, 103), [103, 104], ['errors-at-shutdown']],
    [
      'as a pod ends at the moment when another one with a probe starts',
      [...fresh(1, 103, 105), ...old(1, 105.2)],
      [105, 106],
      ['errors-at-shutdown'],
    ],
    ['as a pod is killed at the end of its grace period', old(1, 105), [109, 110], ['errors-at-shutdown']],
    ['away from any start or end', [...fresh(1, 103, 105), ...old(1, 105.2)], [115, 116], []],
    [
      'all through the run',
      [...fresh(1, 103, 105), ...old(1, 105.2)],
      Array.from({ length: 30 }, (_, n) => 10 + n * 5),
      [],
    ],
    ['of only one or two attempts', [...fresh(1, 105, 105)], [106], []],
  ])('%s', (_, edges, bad, causes) => {
    expect(causesOf(roll(edges, bad)).filter((cause) => !cause.startsWith('slo'))).toEqual(causes)
  })

  it.each<[string, Evidence[], RegExp]>([
    [
      'the pod’s callers, where the pod went on long enough',
      old(1, 103),
      /^The pods gave their callers time to stop calling them/,
    ],
    [
      'the pod, where the pod ended at once',
      podLife({ name: 'gateway-old-1', app: 'gateway', node: 'zone-a-api', born: -2, ready: -1, ends: 103, gone: 104 }),
      /^On SIGTERM stop being ready/,
    ],
  ])('name as the next step %s', (_, edges, next) => {
    const found = roll(edges, [103, 104]).findings.find(({ cause }) => cause === 'errors-at-shutdown')
    expect(found?.next).toMatch(next)
  })

  it('are reported for the disruption with most of the errors', () => {
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

  it('are counted once, although a union of indicators counts them too', () => {
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

  it('are blamed on the new pods where pods elsewhere end without errors', () => {
    const both = [...fresh(1, 103, 105), ...old(1, 105.2), ...fresh(2, 112, 114), ...old(2, 114.2)]
    expect(causesOf(roll([...both, ...old(3, 140)], [105, 106, 114, 115]))).toContain('early-errors-at-rollout')
    expect(causesOf(roll([...both, ...old(3, 140)], [105, 106, 114, 115, 140, 141]))).toContain('errors-at-shutdown')
  })

  it('are early errors where the new pod itself counts them', () => {
    const answers = (code: string, value: (s: number) => number) =>
      scrapes('gateway', 'gateway-new-1', 'http_requests_total', value, { code })
    const own = together(answers('500', (s) => (s < 105 ? 0 : 8)))
    expect(causesOf(roll([...fresh(1, 103, 105), ...old(1, 105.2), ...own], [105, 106]))).toContain(
      'early-errors-at-rollout',
    )
  })

  it('are only a warning where pods started and ended without a harm', () => {
    const judgment = shown(together(nodes(), fresh(1, 112, 112)), { load: badAt(112, 113, 114) })
    expect(causesOf(judgment, 'warning')).toEqual(['early-errors-at-rollout'])
    expect(judgment.findings.find(({ weight }) => weight === 'warning')?.follows).toBeUndefined()
  })

  it('are no warning of their own on a starved machine', () => {
    const busy = { load: badAt(112, 113, 114), health: () => ({ cpuCores: 0.8, hostBusy: 0.99 }) }
    const judgment = shown(together(nodes(), fresh(1, 112, 112)), busy)
    const warned = judgment.findings.find(({ cause }) => cause === 'early-errors-at-rollout')
    expect(warned?.follows?.cause).toBe('generator-starved')
  })

  it('are blamed on the fault while it lasts', () => {
    const judgment = shown(together(nodes(), fresh(1, 70, 70)), { load: badAt(70, 71, 72) })
    expect(causesOf(judgment).filter((cause) => !cause.startsWith('slo'))).toEqual([])
  })
})
