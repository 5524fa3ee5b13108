/**
 * Which mutant is active, and which places a test runs. Code of switched.ts calls `__mutant` and `__constant`; both are global because that code must
 * not import anything new.
 */

type Restore = () => void
type Constant = { readonly anew: () => void; readonly keep: () => Restore }

/** Thrown in an endless loop: a mutant made the code run many times the usual number of places. */
export class Endless extends Error {}

const NONE = -1

export class Switches {
  readonly count: number
  #active = NONE
  #hits = 0
  #limit = Number.POSITIVE_INFINITY
  #reached: Uint32Array
  #constants: Constant[] = []

  constructor(count: number) {
    this.count = count
    this.#reached = new Uint32Array(count)
  }

  readonly isActive = (index: number): boolean => {
    this.#reached[index] = (this.#reached[index] ?? 0) + 1
    this.#hits += 1
    if (this.#hits > this.#limit) throw new Endless('a mutant does not end')
    return index === this.#active
  }

  readonly addConstant = (anew: () => void, keep: () => Restore): void => {
    this.#constants.push({ anew, keep })
  }

  /** How often each place ran since the last call. */
  takeReached(): Uint32Array {
    const reached = this.#reached
    this.#reached = new Uint32Array(this.count)
    return reached
  }

  /** Evaluates the constants from the given one on as their modules did, without a lasting effect. Returns how many there are. */
  evaluateConstants(from: number): number {
    const restores = this.#constants.slice(from).map(({ keep }) => keep())
    for (const { anew } of this.#constants.slice(from)) anew()
    for (const restore of restores) restore()
    return this.#constants.length
  }

  /** Runs something with one mutant; none where `index` is undefined. Constants are evaluated anew where the mutant is part of one. */
  async withMutant(index: number | undefined, isConstant: boolean, hitsMax: number, run: () => unknown): Promise<void> {
    const restores = isConstant ? this.#constants.map(({ keep }) => keep()) : []
    this.#active = index ?? NONE
    this.#hits = 0
    this.#limit = hitsMax
    try {
      if (isConstant) for (const { anew } of this.#constants) anew()
      await run()
    } finally {
      this.#active = NONE
      this.#limit = Number.POSITIVE_INFINITY
      for (const restore of restores) restore()
    }
  }
}

/** Makes the two functions global, for code of switched.ts. */
export function install(switches: Switches): Switches {
  Object.assign(globalThis, { __mutant: switches.isActive, __constant: switches.addConstant })
  return switches
}
