/** A restore of the orders' database, and a run whose target says how its copy is requested and read. */
import type { Evidence } from '../../src/domain/evidence.ts'
import type { RestorePlace } from '../../src/domain/restore.ts'
import { seconds } from '../../src/domain/units.ts'
import { actionOf, evidence, mapped, withActions } from './evidence.ts'

const call = { service: 'orders-db', port: 8080, path: '/points/<point>' }
const place: RestorePlace = {
  book: 'wallet',
  point: call,
  archived: call,
  copy: { plural: 'clusters', object: { apiVersion: 'postgresql.cnpg.io/v1' }, ready: 'Ready' },
  read: { service: 'copy', port: 8080 },
}
const act = {
  kind: 'restore',
  from: 'orders',
  backup: 'now',
  pointAfterMs: seconds(5),
  archivedWithinMs: seconds(15),
  withinMs: seconds(20),
} as const

/** `action`: the name of the restore. */
export const restoreRun = (action: string): readonly Evidence[] =>
  mapped(evidence({ rehearsal: withActions(actionOf(action, act)) }), 'run-started', (record) => ({
    ...record,
    target: { ...record.target, restores: { orders: place } },
  }))
