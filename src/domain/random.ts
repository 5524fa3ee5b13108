/**
 * Seeded random numbers, so that a run can be planned again exactly. The generator is xoshiro128** 1.1 by Blackman and Vigna
 * (https://prng.di.unimi.it/xoshiro128starstar.c, public domain); its state is spread from the seed by SplitMix32, as its
 * authors advise for a seed of few bits. Not for secrets.
 */

export type Random = {
  /** An unsigned 32-bit integer. */
  uint32(): number
  /** A number in [0, 1) with 32 random bits. */
  fraction(): number
  /** An integer in [0, bound); `bound` is a whole number from 1 to 2^32. */
  below(bound: number): number
}

const TWO_32 = 2 ** 32

export function random(seed: number): Random {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`a seed must be a safe integer, got ${seed}`)
  return fromState(spread(seed))
}

export type State = readonly [number, number, number, number]

/** The bare generator, for whoever has a state already. A state of zeros stays zero for ever, so it is refused. */
export function fromState(state: State): Random {
  if (state.every((word) => word === 0)) throw new RangeError('the state of xoshiro128** must not be all zero')
  const uint32 = generator(state)
  const fraction = () => uint32() / TWO_32
  return { uint32, fraction, below: (bound) => Math.floor(fraction() * bound) }
}

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

/** SplitMix32: a Weyl sequence through MurmurHash3's finalizer. Both halves of the seed count. */
function spread(seed: number): State {
  let weyl = (seed ^ Math.imul(Math.floor(seed / TWO_32), 0x85ebca6b)) | 0
  const next = (): number => {
    weyl = (weyl + 0x9e3779b9) | 0
    const once = Math.imul(weyl ^ (weyl >>> 16), 0x85ebca6b)
    const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35)
    return twice ^ (twice >>> 16)
  }
  return [next(), next(), next(), next()]
}
