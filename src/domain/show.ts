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

/**
 * A share that somebody wrote, exact and in the form of the files, so that it can be parsed again: 0.9985 → `99.85%`. For what was measured: below.
 */
export const showPercent = (share: number): string => `${Number((share * 100).toPrecision(12))}%`

/**
 * A share that was measured, for people: 0.99853 → `99.853 %`. It is rounded down: a share just below 99.9 % never reads as 99.9 %. The tiny addend
 * keeps 0.57 at 57 %, which binary fractions store as slightly less.
 */
export const showMeasuredPercent = (share: number, digits = 3): string =>
  `${Math.floor(share * 100 * 10 ** digits + 1e-6) / 10 ** digits} %`

/** Cents as an amount: 123450 → `1,234.50 EUR`. */
export function money(cents: number): string {
  const whole = Math.abs(Math.round(cents))
  const amount = `${showCount(Math.floor(whole / 100))}.${String(whole % 100).padStart(2, '0')}`
  return `${cents < 0 ? '-' : ''}${amount} EUR`
}

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
