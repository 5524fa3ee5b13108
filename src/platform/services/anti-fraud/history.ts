/** Recent deposits of players, each key once. Bounded: the player seen longest ago is forgotten first. */

export type History = {
  /** The player's sum within the window, this deposit included. */
  add(player: string, key: string, amountCents: number, nowMs: number): number
}

type Seen = { readonly amountCents: number; readonly atMs: number }

const WINDOW_MS = 600_000
const MAX_PLAYERS = 20_000

export function createHistory(): History {
  const players = new Map<string, Map<string, Seen>>()
  return {
    add: (player, key, amountCents, nowMs) => {
      const seen = players.get(player) ?? new Map<string, Seen>()
      for (const [old, { atMs }] of seen) if (nowMs - atMs > WINDOW_MS) seen.delete(old)
      if (!seen.has(key)) seen.set(key, { amountCents, atMs: nowMs })
      // Deleted first, so that the map stays ordered by last use.
      players.delete(player)
      players.set(player, seen)
      const [oldest] = players.keys()
      if (players.size > MAX_PLAYERS && oldest !== undefined) players.delete(oldest)
      return [...seen.values()].reduce((sum, each) => sum + each.amountCents, 0)
    },
  }
}
