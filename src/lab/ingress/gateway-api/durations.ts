const UNITS_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }

/** A duration of GEP-2257, `1h30m` or `500ms`, in milliseconds; undefined where it is none. */
export function durationMs(text: string): number | undefined {
  if (!/^(\d{1,5}(h|m|s|ms)){1,4}$/.test(text)) return undefined
  const parts = text.matchAll(/(\d+)(ms|h|m|s)/g)
  return [...parts].reduce((sum, [, count, unit]) => sum + Number(count) * (UNITS_MS[unit ?? ''] ?? 0), 0)
}
