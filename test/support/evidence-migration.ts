/** A release of two pods with a change of the schema before it, and what its target says of that. */
import type { Evidence } from '../../src/domain/evidence.ts'
import type { ActionSpec, Target } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { scrape, seen } from './evidence-cluster.ts'
import { imagePod } from './evidence-images.ts'
import { target } from './evidence-rehearsal.ts'
import { type ActionMoment, asked, begun, healed, releaseAct } from './evidence-release.ts'

const database = { namespace: 'casino', selector: {}, port: 8080, path: '/metrics', metrics: ['db_lock_wait_seconds'] }

export const migratingTarget: Target = {
  ...target,
  sources: { ...target.sources, 'orders-db': database },
  migrations: {
    'orders-schema': {
      job: { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'orders-schema' }, spec: { backoffLimit: 0 } },
      waits: { source: 'orders-db', metric: 'db_lock_wait_seconds' },
    },
  },
}

export const migratingAct = (changes: object = {}): ActionSpec['act'] =>
  releaseAct({ migration: { run: 'orders-schema', withinMs: seconds(5), waitsMs: seconds(1) }, ...changes })

/** The Job runs from second 40 to this one; then the pods are replaced. */
export const migrated = (doneAt: number): readonly ActionMoment[] => [
  begun,
  [40, { is: 'migration-begun', migration: 'orders-schema', job: 'orders-schema' }],
  [doneAt, { is: 'migration-done', migration: 'orders-schema' }],
  [57, { is: 'done', note: '' }],
  asked,
  healed,
]

/** The two members of the database. */
export const members = ['orders-db-0', 'orders-db-1'].map((name) =>
  seen(-1.9, imagePod(name, {}, { app: 'orders-db', owner: { kind: 'StatefulSet', name: 'orders-db' } }), 'present'),
)

type Waited = (second: number) => number

/** One scrape a second of both; `other` is what the second of them shows. */
export const lockWaits = (waited: Waited, from = 0, to = 160, other: Waited = () => 0): Evidence[] =>
  ['orders-db-0', 'orders-db-1'].flatMap((pod) =>
    Array.from({ length: to - from }, (_, n) => {
      const value = (pod === 'orders-db-0' ? waited : other)(from + n)
      return scrape(from + n + 0.2, 'orders-db', pod, { name: 'db_lock_wait_seconds', labels: { pod }, value })
    }),
  )
