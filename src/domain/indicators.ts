/** Indicators that have no samples of their own: each is the union of others. `wire/metrics.ts` has the same for scenarios. */
export const compositeIndicators: Readonly<Record<string, readonly string[]>> = { api: ['login', 'deposit', 'bet'] }

/** The indicators of which `sli` is made; itself, if it is none of the unions. */
export const partsOfIndicator = (sli: string): readonly string[] => compositeIndicators[sli] ?? [sli]
