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

type TableGauges = {
  /** Yields one row with a column of numbers for each name in `help`. */
  readonly sql: string
  /** By the name of the metric, which is the name of its column too. */
  readonly help: Readonly<Record<string, string>>
  readonly everyMs?: number
}

/** One statement for all of them: each costs every replica a round trip a second. Starts to refresh at once, so the tables must exist. */
export function gaugeTable(
  service: Service,
  database: Database,
  { sql, help, everyMs = REFRESH_MS }: TableGauges,
): void {
  const gauges = Object.entries(help).map(([name, text]) => {
    const gauge = new Gauge({ name, help: text, registers: [service.metrics.registry] })
    gauge.remove()
    return { name, gauge }
  })
  const [first] = Object.keys(help)
  const loop = repeat(service.log, `gauges ${first}`, everyMs, async () => {
    try {
      const [row] = await database.query<Readonly<Record<string, number>>>(`gauges-${first}`, sql)
      for (const { name, gauge } of gauges) gauge.set(row?.[name] ?? 0)
    } catch (thrown) {
      for (const { gauge } of gauges) gauge.remove()
      throw thrown
    }
  })
  service.onStop(loop.stop)
}
