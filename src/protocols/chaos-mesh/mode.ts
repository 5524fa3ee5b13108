/** How many of the matching pods a mode selects, and which. */

import { parseGoInteger } from './go-text.ts'
import type { Mode } from './objects.ts'

/** The fewest and the most pods that a mode can select from `matches`; the blast radius counts the most. Undefined: the value is invalid. */
export function countBounds(
  mode: Mode,
  value: string | undefined,
  matches: number,
): { readonly least: number; readonly most: number } | undefined {
  const most = chosenCount(mode, value, matches, () => 1 - Number.EPSILON)
  const least = chosenCount(mode, value, matches, () => 0)
  return typeof most === 'string' || typeof least === 'string' ? undefined : { least, most }
}

/** How many pods are taken, or why none can be. */
export function chosenCount(mode: Mode, value = '', matches: number, random: () => number): number | string {
  if (matches === 0) return 0
  if (mode === 'one') return 1
  if (mode === 'all') return matches
  const number = parseGoInteger(value)
  if (!number.ok) return number.error
  if (mode === 'fixed') {
    if (number.value <= 0) return 'cannot select any object as value below or equal 0'
    return Math.min(matches, number.value)
  }
  if (number.value <= 0 || number.value > 100) return `percentage value of ${number.value} is invalid, must be (0,100]`
  // The most that may be taken is drawn with both ends included, so zero is possible.
  const percent = mode === 'fixed-percent' ? number.value : Math.floor(random() * (number.value + 1))
  return Math.ceil((matches * percent) / 100)
}

/** `count` different indexes below `length`, in the order in which they were drawn. */
export function chosenIndexes(count: number, length: number, random: () => number): number[] {
  const left = Array.from({ length }, (_, index) => index)
  if (count >= length) return left
  return Array.from({ length: count }, () => left.splice(Math.floor(random() * left.length), 1)).flat()
}
