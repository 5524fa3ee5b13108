/** Runs with harms on purpose, for causes: one test says which evidence there is, and which causes are told. */
import { expect } from 'vitest'
import type { Evidence, SliCounts } from '../../src/domain/evidence.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { actionOf, actionSteps, nodes } from './evidence.ts'
import { framesOf, type SmallRun, seenIn } from './small-run.ts'

export const dark = actionOf('zone a dark', { kind: 'power-off', nodes: { zone: 'a' } })

export const acted = (spec: ActionSpec, until = 120, from = 100, ...between: Parameters<typeof actionSteps>[1][]) =>
  actionSteps(
    spec.name,
    [from, { is: 'begun', targets: [] }],
    ...between,
    [until, { is: 'done', note: '' }],
    [until, { is: 'heal-requested' }],
    [until, { is: 'healed' }],
  )

export const inActions = (
  specs: readonly ActionSpec[],
  records: readonly (readonly Evidence[] | Evidence)[],
  run: SmallRun = {},
) => seenIn([...nodes(), ...records.flat()], { ...run, rehearsal: { actions: specs, faults: [], ...run.rehearsal } })

/** Ten good attempts in each row, and so many bad ones. */
export const bad = (
  sli: string,
  ...rows: readonly (readonly [ms: number, bad: number, badBy?: SliCounts['badBy']])[]
) =>
  framesOf(
    sli,
    rows.map(([ms, n, badBy]) => [ms, { good: 10, bad: n, badBy: badBy ?? { 'http-502': n } }] as const),
  ).map((each) => ({ ...each, instance: sli }))

export type Case = readonly [string, () => readonly string[], readonly string[]]
export const check = (_: string, is: () => readonly string[], expected: readonly string[]) =>
  expect(is()).toEqual(expected)
