/** Numbers as the findings say them: short, and with enough digits to show the difference that decided. */

/** 1234 → "1.2 s"; below a second in ms. */
export const duration = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

/** 12.345 → "12.3/s". */
export const perSecondText = (rate: number): string => `${rate.toFixed(1)}/s`

export const count = (n: number, what: string, many = `${what}s`): string => `${n} ${n === 1 ? what : many}`

/** "a, b and c", at most `max` of them. */
export function listed(items: readonly string[], max = 5): string {
  const shown = items.slice(0, max)
  const more = items.length - shown.length
  if (more > 0) return `${shown.join(', ')} and ${more} more`
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
