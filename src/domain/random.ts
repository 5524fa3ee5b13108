/**
 * Seeded random numbers, so that a run can be repeated with the same choices. The generator is xoroshiro128+ of pure-rand. Not for secrets.
 */
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64'
import { uniformInt } from 'pure-rand/distribution/uniformInt'
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus'

export type Random = {
  /** A number in [0, 1). */
  fraction(): number
  /** An integer in [0, bound); `bound` is a whole number from 1 to 2^32. */
  below(bound: number): number
}

/**
 * A sequence for one purpose. Each purpose has its own, so that an extra draw for one purpose does not change the others.
 * @throws RangeError where the seed is no safe integer
 */
export function random(seed: number, purpose = ''): Random {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed must be a safe integer, got ${seed}`)
  const generator = xoroshiro128plusFromState(stateOf(`${seed} ${purpose}`))
  return {
    fraction: () => uniformFloat64(generator),
    below: (bound) => uniformInt(generator, 0, bound - 1),
  }
}

/** The same seed for every process that is told `seed` and `purpose`: from 0 to 2^32 - 1, so that it fits an environment variable. */
export const seedFor = (seed: number, purpose: string): number => random(seed, purpose).below(2 ** 32)

/**
 * Four words that depend on every character. pure-rand's own seeding takes 32 bits, and neighbouring seeds give similar first draws. So each word is
 * an FNV-1a hash with another start, passed through MurmurHash3's finalizer.
 */
function stateOf(text: string): readonly number[] {
  return [0x811c9dc5, 0x9e3779b9, 0x85ebca6b, 0xc2b2ae35].map((start) => {
    let hash = start
    for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
    const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
    const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
    return twice ^ (twice >>> 16)
  })
}
