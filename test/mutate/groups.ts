/**
 * Finds those of many mutants that a test kills, with few runs of the test: a test that passes with a whole group of mutants kills none of them. A group
 * with which it fails is halved until one mutant is left (group testing: R. Dorfman 1943). One mutant that hides what another one does makes the other
 * one live, so a figure can only be too low.
 */
export type Attempt<K> = {
  /** What is found if the test fails; it counts only for a group of one. */
  readonly kill: K | undefined
  /** Members whose places did not run, because of others of the group: they are tried without those. */
  readonly hidden: readonly number[]
}
export type Attempts<K> = (group: readonly number[]) => Promise<Attempt<K>>

async function killsWithin<K>(group: readonly number[], attempt: Attempts<K>): Promise<readonly K[]> {
  if (group.length === 0) return []
  const { kill, hidden } = await attempt(group)
  if (group.length === 1) return kill === undefined ? [] : [kill]
  if (kill === undefined) return hidden.length < group.length ? killsWithin(hidden, attempt) : []
  const half = Math.ceil(group.length / 2)
  return [...(await killsWithin(group.slice(0, half), attempt)), ...(await killsWithin(group.slice(half), attempt))]
}

/** Groups grow while nothing is killed and shrink where much is. `first`: the size of the first one, 1 where many kills are likely. */
export async function killsAmong<K>(
  all: readonly number[],
  attempt: Attempts<K>,
  first: number,
  most = Number.POSITIVE_INFINITY,
): Promise<readonly K[]> {
  const kills: K[] = []
  let size = Math.max(1, first)
  for (let at = 0; at < all.length; ) {
    const group = all.slice(at, at + Math.min(size, most))
    const found = await killsWithin(group, attempt)
    kills.push(...found)
    at += group.length
    size = found.length === 0 ? size * 2 : Math.ceil(size / 2)
  }
  return kills
}
