// Keep-alive connections to pods, one pool per endpoint. When no route uses an endpoint any more, its pool closes after its last request.
import { Pool } from 'undici'
import type { Endpoint } from '../topology/addresses.ts'

export type Pools = {
  to(endpoint: Endpoint, connectMs: number): Pool
  /** Closes the pools of all other endpoints. */
  keepOnly(endpoints: readonly Endpoint[]): void
  close(): void
}

// Node's servers close an idle connection after 5 s. The margin keeps a request from meeting the close.
const IDLE_MS = 4_000

export function createPools(): Pools {
  const pools = new Map<string, { pool: Pool; endpoint: string }>()
  return {
    to(endpoint, connectMs) {
      const key = `${endpoint.join(':')} ${connectMs}`
      const known = pools.get(key)
      if (known) return known.pool
      const pool = new Pool(`http://${endpoint.join(':')}`, {
        pipelining: 1,
        keepAliveTimeout: IDLE_MS,
        connect: { timeout: connectMs },
      })
      pools.set(key, { pool, endpoint: endpoint.join(':') })
      return pool
    },
    keepOnly(endpoints) {
      const wanted = new Set(endpoints.map((endpoint) => endpoint.join(':')))
      for (const [key, { pool, endpoint }] of pools) {
        if (wanted.has(endpoint)) continue
        pools.delete(key)
        void pool.close()
      }
    },
    close() {
      for (const { pool } of pools.values()) void pool.close()
    },
  }
}
