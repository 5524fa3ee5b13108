/**
 * Seeded random numbers, so that a run can be repeated with the same choices. The generator is xoshiro128** 1.1 by Blackman and Vigna
 * (https://prng.di.unimi.it/xoshiro128starstar.c, public domain). It is written here because scenarios import this file, and plain
 * `k6 run` resolves no npm packages (ADR 30). Not for secrets.
 */

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
export function createRandom(seed: number, purpose = ''): Random {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed must be a safe integer, got ${seed}`)
  const uint32 = generator(stateOf(`${seed} ${purpose}`))
  const fraction = () => uint32() / TWO_32
  return { fraction, below: (bound) => Math.floor(fraction() * bound) }
}

const TWO_32 = 2 ** 32
type State = readonly [number, number, number, number]

const rotateLeft = (word: number, by: number): number => (word << by) | (word >>> (32 - by))

function generator(state: State): () => number {
  let [a, b, c, d] = state
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0
    const shifted = b << 9
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = rotateLeft(d, 11)
    return result
  }
}

/** The same seed for every process that is told `seed` and `purpose`: from 0 to 2^32 - 1, so that it fits an environment variable. */
export const seedFor = (seed: number, purpose: string): number => createRandom(seed, purpose).below(2 ** 32)

/**
 * Four words that depend on every character, so that neighbouring seeds give unrelated draws: each word is an FNV-1a hash with another start, passed
 * through MurmurHash3's finalizer.
 */
function stateOf(text: string): State {
  return [word(text, 0x811c9dc5), word(text, 0x9e3779b9), word(text, 0x85ebca6b), word(text, 0xc2b2ae35)]
}

function word(text: string, start: number): number {
  let hash = start
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  const once = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
  return twice ^ (twice >>> 16)
}
