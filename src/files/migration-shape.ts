/** `migrations` of a target file: the Job that changes the schema of a database, and the metric that shows how long statements wait for locks. */
import type { MigrationPlace } from '../domain/migration.ts'
import { metricName, name } from './name-shapes.ts'
import { need, record } from './record.ts'
import { manifest } from './restore-shape.ts'
import { refuse, type Shape } from './shape.ts'

const JOB = { form: 'a Job of batch/v1', example: 'kind: Job' }

const job: Shape<Readonly<Record<string, unknown>>> = {
  schema: { ...manifest.schema, properties: { apiVersion: { const: 'batch/v1' }, kind: { const: 'Job' } } },
  decode: (node, report) => {
    const decoded = manifest.decode(node, report)
    if (decoded === undefined) return undefined
    const { apiVersion, kind } = decoded.value
    return apiVersion === 'batch/v1' && kind === 'Job' ? decoded : refuse(node, report, 'wrong-value', JOB)
  },
}

export const migrationPlace: Shape<MigrationPlace> = record({
  job: need(job, 'Job that changes the schema. It is deleted after the run, and the schema stays.'),
  waits: need(
    record({
      source: need(name('the name of a source', 'orders-db'), 'Source that shows it.'),
      metric: need(
        metricName,
        'Gauge in seconds: how long the statement that waits longest has waited for the lock of a table (pg_locks.waitstart in PostgreSQL).',
      ),
    }),
    'Where the waits for locks are seen.',
  ),
})
