// Shares outlive the compiled rules. Endpoints change often, and a share that restarted each time would not stay within one request.
import { type Chance, createShare, createWeightedChoice } from './weights.ts'

export type WeightedName = { readonly name: string; readonly weight: number }

export type Shares = {
  /** Chooses an index by weight. `place` names the rule; other weights begin a new count. */
  choice(place: string, weights: readonly WeightedName[]): () => number | undefined
  share(place: string, part: number, whole: number): () => boolean
  /** Forgets places that were not asked for since the last call. */
  sweep(): void
}

export function createShares(chance: Chance = Math.random): Shares {
  const choices = createKept<() => number | undefined>()
  const shares = createKept<() => boolean>()
  return {
    choice(place, weights) {
      const values = weights.map(({ weight }, value) => ({ value, weight }))
      return choices.keep(place, JSON.stringify(weights), () => createWeightedChoice(values, chance))
    },
    share: (place, part, whole) => shares.keep(place, `${part}/${whole}`, () => createShare(part, whole, chance)),
    sweep() {
      choices.sweep()
      shares.sweep()
    },
  }
}

/** Values by place, each for as long as its signature stays the same. */
function createKept<T>() {
  const all = new Map<string, { signature: string; value: T; isUsed: boolean }>()
  return {
    keep(place: string, signature: string, create: () => T): T {
      const known = all.get(place)
      const value = known?.signature === signature ? known.value : create()
      all.set(place, { signature, value, isUsed: true })
      return value
    },
    sweep() {
      for (const [place, each] of all) {
        if (!each.isUsed) all.delete(place)
        each.isUsed = false
      }
    },
  }
}
