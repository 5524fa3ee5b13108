/** Quantile of a sparse histogram `[upper bound, count]`: the bound of the bucket that holds it; undefined when it is empty. */
export function quantileOf(buckets: readonly (readonly [number, number])[], quantile: number): number | undefined {
  const sorted = [...buckets].sort((a, b) => a[0] - b[0])
  const all = sorted.reduce((sum, [, count]) => sum + count, 0)
  if (all === 0) return undefined
  let seen = 0
  for (const [bound, count] of sorted) {
    seen += count
    if (seen >= all * quantile) return bound
  }
  return sorted.at(-1)?.[0]
}
