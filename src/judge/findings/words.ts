/** Numbers as the findings say them: short, and with enough digits to show the difference that decided. */

/** 0.99853 → "99.853 %". Never rounded up to 100 % while something is missing. */
export function percent(share: number): string {
  const cutDown = Math.floor(share * 100_000 + 1e-6) / 1000
  return `${cutDown} %`
}

/** 1234 → "1.2 s"; below a second in ms. */
export const duration = (ms: number): string => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

/** 12.345 → "12.3/s". */
export const perSecondText = (rate: number): string => `${rate.toFixed(1)}/s`

export const count = (n: number, what: string, many = `${what}s`): string => `${n} ${n === 1 ? what : many}`

/** Cents as an amount, with a sign only when negative. */
export const money = (cents: number): string => `${(cents / 100).toFixed(2)} EUR`

/** "a, b and c", at most `max` of them. */
export function listed(items: readonly string[], max = 5): string {
  const shown = items.slice(0, max)
  const more = items.length - shown.length
  if (more > 0) return `${shown.join(', ')} and ${more} more`
  if (shown.length < 2) return shown.join('')
  return `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
