import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { ReadyWitness, Rehearsal } from '../../src/domain/rehearsal.ts'
import { perSecond, seconds } from '../../src/domain/units.ts'
import {
  place as at,
  evidence,
  node,
  nodes,
  podLife,
  rehearsal,
  type Story,
  standing,
  together,
} from '../support/evidence.ts'
import { causesOf } from '../support/judged.ts'
import { it, judge } from '../support/reviewed.ts'

const witnessedBy = (changes: object): Rehearsal => ({
  ...rehearsal,
  faults: rehearsal.faults.map((fault) => ({ ...fault, expect: [], witness: { ...fault.witness, ...changes } })),
})

describe('a witness of readiness', () => {
  const ready = (changes: Partial<ReadyWitness>): Rehearsal => {
    const witness: ReadyWitness = { kind: 'ready', what: 'pods', becomes: 0, withinMs: seconds(3), at, ...changes }
    return { ...rehearsal, faults: rehearsal.faults.map((fault) => ({ ...fault, expect: [], witness })) }
  }
  const told = (witness: Partial<ReadyWitness>, ...more: readonly (readonly Evidence[])[]) => {
    const judgment = judge(together(evidence({ rehearsal: ready(witness) }), nodes(), ...more))
    return { causes: causesOf(judgment), fault: judgment.faults[0] }
  }
  const pod = (unready?: number, again?: number, name = 'bets-1') =>
    podLife({
      name,
      app: 'bets',
      node: 'zone-a-api',
      born: -2,
      ready: -1,
      ...(unready ? { unready } : {}),
      ...(again ? { again } : {}),
    })
  const dark = (from: number, to?: number) => [
    node(from, 'a', 'api', false),
    node(from, 'a', 'realtime', false),
    ...(to ? [node(to, 'a', 'api'), node(to, 'a', 'realtime')] : []),
  ]

  it.each<[string, Partial<ReadyWitness>, Evidence[], string[]]>([
    ['sees the pods of an app leave and come back', { app: 'bets' }, pod(67, 95), []],
    ['sees the pods of an app in a zone leave', { app: 'bets', zone: 'a' }, pod(67, 95), []],
    ['sees the nodes of a zone leave and come back', { what: 'nodes', zone: 'a' }, dark(68, 100), []],
    [
      'sees some pods leave, where only some are meant to',
      { app: 'bets', becomes: 1 },
      [...pod(67, 95), ...pod(undefined, undefined, 'bets-2')],
      [],
    ],
    ['does not prove a fault while the pods stay', { app: 'bets' }, pod(), ['fault-unproven']],
    ['does not count pods of another zone', { app: 'bets', zone: 'b' }, pod(67, 95), ['fault-unproven']],
    ['proves nothing when it comes too late', { app: 'bets' }, pod(75, 95), ['fault-unproven']],
    ['proves nothing for pods that were not Ready before', { app: 'bets' }, pod(60, 95), ['fault-unproven']],
    ['proves nothing for pods that were never seen', { app: 'ghost' }, [], ['fault-unproven']],
    ['waits for the pods to come back', { app: 'bets' }, pod(67), ['fault-not-recovered']],
    ['waits for the nodes to come back', { what: 'nodes', zone: 'a' }, dark(68), ['fault-not-recovered']],
  ])('%s', (_, witness, more, causes) => {
    expect(told(witness, more).causes).toEqual(causes)
  })

  it('does not need pods to return to a zone whose nodes are back', () => {
    const left = pod(67)
    expect(told({ app: 'bets', zone: 'a' }, left, dark(68, 100)).causes).toEqual([])
    expect(told({ app: 'bets', zone: 'a' }, left, dark(68)).causes).toEqual(['fault-not-recovered'])
  })

  it('says what it saw, and when', () => {
    const { fault } = told({ app: 'bets', zone: 'a' }, pod(67, 95))
    expect(fault).toMatchObject({
      state: 'proven',
      witness: { metric: 'Ready pods', of: 'bets in a', before: 1, during: 0 },
    })
    expect(fault?.witness.sentence).toBe('Ready pods of bets in zone a fell from 1 to 0 within 1.6 s.')
  })

  it('does not count a pod that is terminating', () => {
    const ends = podLife({ name: 'bets-1', app: 'bets', node: 'zone-a-api', born: -2, ready: -1, ends: 66, gone: 80 })
    const later = podLife({ name: 'bets-2', app: 'bets', node: 'zone-a-api', born: 81, ready: 85 })
    expect(told({ app: 'bets' }, ends, later).causes).toEqual([])
  })
})

describe('a witness that rises', () => {
  const rises = witnessedBy({ direction: 'rises', becomes: perSecond(5) })
  const told = (calls: Story['pspCalls']) => causesOf(judge(evidence({ rehearsal: rises, pspCalls: calls })))

  it.each<[string, (second: number) => number, string[]]>([
    ['proves a fault by a counter that other pods raise', (s) => (s > 65.5 && s <= 90 ? 20 : 0), []],
    ['may fall while the fault lasts, like errors behind a breaker', (s) => (s > 65.5 && s <= 70 ? 20 : 0), []],
    ['proves nothing when it rises too little', (s) => (s > 65.5 && s <= 90 ? 3 : 0), ['fault-unproven']],
    ['proves nothing when it was as high before', (s) => (s <= 90 ? 20 : 0), ['fault-unproven']],
    ['proves nothing when it rises too late', (s) => (s > 75 && s <= 90 ? 20 : 0), ['fault-unproven']],
    ['has to fall after healing', (s) => (s > 65.5 ? 20 : 0), ['fault-not-recovered']],
  ])('%s', (_, calls, causes) => {
    expect(told(calls)).toEqual(causes)
  })

  it('counts only series with its labels', () => {
    const labelled = (psp: string) => witnessedBy({ where: { psp } })
    const asked = (psp: string) => judge(evidence({ rehearsal: labelled(psp) })).faults[0]
    expect(asked('psp-a')?.state).toBe('proven')
    expect(asked('psp-b')?.state).toBe('unproven')
    expect(asked('psp-b')?.witness.sentence).toContain('psp_requests_total{psp="psp-b"} of psp-a')
  })
})

it('pods that already exist are seen before the load begins', () => {
  expect(
    standing('bets', 'zone-a-api').every(
      (each) => each.at < (evidence().find((one) => one.kind === 'load-started')?.at ?? 0),
    ),
  ).toBe(true)
})
