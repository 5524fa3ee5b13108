/**
 * A gauge over a table that all replicas share: each shows the whole table, so read the greatest value, not the sum. It is
 * refreshed in the background: a scrape must neither wait for the database nor fail with it. While the database is away the
 * series is absent, since an old number would look like a fresh one.
 */
import { Gauge } from 'prom-client'
import type { Database } from './database.ts'
import { repeat } from './loop.ts'
import type { Service } from './service.ts'

const REFRESH_MS = 1_000

/** `sql` yields one row with a `count`. Starts to refresh at once, so the table must exist. */
export function gaugeTable(
  service: Service,
  database: Database,
  gauge: { name: string; help: string; sql: string },
): void {
  const shown = new Gauge({ name: gauge.name, help: gauge.help, registers: [service.metrics.registry] })
  shown.remove()
  const loop = repeat(service.log, gauge.name, REFRESH_MS, async () => {
    try {
      const [row] = await database.query<{ count: number }>(gauge.name, gauge.sql)
      shown.set(row?.count ?? 0)
    } catch (thrown) {
      shown.remove()
      throw thrown
    }
  })
  service.onStop(loop.stop)
}
