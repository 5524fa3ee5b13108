// Keep-alive connections to pods, a pool for each endpoint. The pool of an endpoint that no route leads to any more ends when its
// last request has.
import { Pool } from 'undici'
import type { Endpoint } from '../topology/addresses.ts'

export type Pools = {
  to(endpoint: Endpoint, connectMs: number): Pool
  /** Closes the pools of endpoints that are not among these. */
  keepOnly(endpoints: readonly Endpoint[]): void
  close(): void
}

// Node's servers close an idle connection after 5 s; the margin keeps a request from meeting the close half-way.
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
