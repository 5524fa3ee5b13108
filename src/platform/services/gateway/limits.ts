/** Token buckets per name (a player, a client address), in the memory of one pod: generous, against runaways, not a quota. */

export type Limiter = { /** True when the name may go on. */ allow(name: string, nowMs: number): boolean }

type Bucket = { tokens: number; atMs: number }

/** Names remembered at most; beyond it the one unused for longest is forgotten, which only ever errs in its favour. */
const MAX_NAMES = 50_000

export function createLimiter(perSecond: number, burst: number): Limiter {
  const buckets = new Map<string, Bucket>()
  return {
    allow: (name, nowMs) => {
      const bucket = buckets.get(name) ?? { tokens: burst, atMs: nowMs }
      const tokens = Math.min(bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond, burst)
      const allowed = tokens >= 1
      // Deleted first, so that the map stays ordered by last use.
      buckets.delete(name)
      buckets.set(name, { tokens: allowed ? tokens - 1 : tokens, atMs: nowMs })
      const [oldest] = buckets.keys()
      if (buckets.size > MAX_NAMES && oldest !== undefined) buckets.delete(oldest)
      return allowed
    },
  }
}
