/** Quantities as text for messages and reports: `1m30s`, `99.85%`, `12,345`. */

/** `20s`, `1m30s`, `1h`, `1500ms`; exact, so that it can be parsed again. */
export function showDuration(ms: number): string {
  if (ms === 0) return '0s'
  if (ms % 1000 !== 0) return `${Number(ms.toPrecision(12))}ms`
  const total = ms / 1000
  const parts = [
    [Math.floor(total / 3600), 'h'],
    [Math.floor(total / 60) % 60, 'm'],
    [total % 60, 's'],
  ] as const
  return parts.flatMap(([count, unit]) => (count > 0 ? [`${count}${unit}`] : [])).join('')
}

/** A share in per cent, without rounding errors of binary fractions. */
export const showPercent = (share: number): string => `${Number((share * 100).toPrecision(12))}%`

/** A moment of the plan as a clock: `1:05`, with tenths if there are any. */
export function showClock(ms: number): string {
  const seconds = Math.round(ms / 100) / 10
  const rest = Number((seconds % 60).toFixed(1))
  return `${Math.floor(seconds / 60)}:${rest < 10 ? '0' : ''}${rest}`
}

/** A count with thousands separators. */
export const showCount = (count: number): string => String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',')

/** Series as Prometheus writes them: `db_connections{state="idle"}`. */
export function showSeries(metric: string, labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return pairs.length === 0 ? metric : `${metric}{${pairs.join(',')}}`
}
