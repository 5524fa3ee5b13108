/** A restore of the orders' database, and a run whose target says how its copy is requested and read. */
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import type { RestorePlace, RestoreStep } from '../../src/domain/restore.ts'
import { seconds } from '../../src/domain/units.ts'
import { actionOf, actionSteps, evidence, mapped, secondAt, together, withActions } from './evidence.ts'
import { cells } from './evidence-cutover.ts'

const call = { service: 'orders-db', port: 8080, path: '/points/<point>' }
const place: RestorePlace = {
  book: 'wallet',
  point: call,
  archived: call,
  copy: { plural: 'clusters', object: { apiVersion: 'postgresql.cnpg.io/v1' }, ready: 'Ready' },
  read: { service: 'copy', port: 8080 },
}
export const restoreAct = {
  kind: 'restore',
  from: 'orders',
  backup: 'now',
  pointAfterMs: seconds(5),
  archivedWithinMs: seconds(15),
  withinMs: seconds(20),
} as const

/** `action`: the name of the restore. */
export const restoreRun = (action: string): readonly Evidence[] =>
  mapped(evidence({ rehearsal: withActions(actionOf(action, restoreAct)) }), 'run-started', (record) => ({
    ...record,
    target: { ...record.target, restores: { orders: place } },
  }))

/** A restore from second 70 on whose copy has the book of its point. */
export function restoredRun(): readonly Evidence[] {
  const moments: readonly (readonly [number, RestoreStep])[] = [
    [80, 'point-asked'],
    [80.2, 'point-set'],
    [88, 'archived'],
    [88.2, 'copy-asked'],
    [95, 'copy-ready'],
  ]
  const told = moments.map(([second, step]): readonly [number, ActionStepData] => [
    second,
    { is: 'restore-step', step, note: '' },
  ])
  const books = { live: cells(9_000, 20, 3, 4, 500), copy: cells(9_000, 15, 1, 0, 0), imbalanceCents: 0 }
  const cuts = [77, 80, 80.2, 80.7].map(secondAt)
  return together(
    restoreRun('restore'),
    actionSteps(
      'restore',
      [70, { is: 'begun', targets: ['Copy/orders'] }],
      ...told,
      [96, { is: 'copy-read', book: 'wallet', cuts, ...books }],
      [97, { is: 'done', note: '' }],
      [97.1, { is: 'heal-requested' }],
      [98, { is: 'healed' }],
    ),
  )
}
