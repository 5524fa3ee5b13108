/** Draws for test data that is the same each time: a number names a run, and the run does not depend on REHEARSAL_SEED. */
import { createRandom } from '../../src/domain/random.ts'

export type Draw = {
  /** One of these. */
  of<const T>(...values: readonly T[]): T
  /** True in so many of 100 cases. */
  chance(percent: number): boolean
  /** A whole number from `least` to `most`. */
  whole(least: number, most: number): number
  /** Up to `most` of what `make` gives. */
  some<T>(most: number, make: (index: number) => T): readonly T[]
}

export function createDraw(purpose: string, n: number): Draw {
  const random = createRandom(n, purpose)
  const whole = (least: number, most: number): number => least + random.below(most - least + 1)
  return {
    of: (...values) => values[random.below(values.length)] as (typeof values)[number],
    chance: (percent) => random.below(100) < percent,
    whole,
    some: (most, make) => Array.from({ length: whole(0, most) }, (_, index) => make(index)),
  }
}
