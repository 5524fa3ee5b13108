/**
 * Which mutant is active, and which places a test runs. Code of switched.ts calls `__mutant` and `__constant`; both are global because that code must
 * not import anything new.
 */

type Restore = () => void
type Constant = { readonly anew: () => void; readonly keep: () => Restore }

/** What an attempt may use: places that it runs, and milliseconds. A loop whose steps are slow does not reach many places. */
export type AttemptLimits = { readonly hits: number; readonly ms: number }
export const UNLIMITED: AttemptLimits = { hits: Number.POSITIVE_INFINITY, ms: Number.POSITIVE_INFINITY }

/** How often the time is looked at: once for so many places. */
const LOOK_EVERY = 256

/** Thrown in an endless loop: a mutant made the code run many times the usual number of places, or many times as long. */
export class Endless extends Error {}

type Compared = string | number

function isTrue(operator: string, left: Compared, right: Compared): boolean {
  switch (operator) {
    case '<':
      return left < right
    case '<=':
      return left <= right
    case '>':
      return left > right
    case '>=':
      return left >= right
    case '===':
      return left === right
    default:
      return left !== right
  }
}

export class Switches {
  readonly count: number
  /** 1 for each mutant that is active. */
  #active: Uint8Array
  #hits = 0
  #limits = UNLIMITED
  #began = 0
  #reached: Uint32Array
  #different: Uint8Array
  #constants: Constant[] = []

  constructor(count: number) {
    this.count = count
    this.#active = new Uint8Array(count)
    this.#reached = new Uint32Array(count)
    this.#different = new Uint8Array(count)
  }

  /** Marks the mutant as well: it gives another value wherever it runs. */
  readonly isActive = (index: number): boolean => {
    this.#different[index] = 1
    return this.isActiveIfLooked(index)
  }

  /** For a mutant that only some values mark. */
  readonly isActiveIfLooked = (index: number): boolean => {
    this.#reached[index] = (this.#reached[index] ?? 0) + 1
    this.#hits += 1
    if (this.#hits > this.#limits.hits || (this.#hits % LOOK_EVERY === 0 && this.#isLate()))
      throw new Endless('a mutant does not end')
    return this.#active[index] === 1
  }

  #isLate(): boolean {
    return this.#limits !== UNLIMITED && performance.now() - this.#began > this.#limits.ms
  }

  /** `left operator right`. Marks the mutant with the other kind of limit where both sides are equal, and numbers on the right with which the result is another. */
  readonly compared = (
    operator: string,
    limit: number,
    left: Compared,
    right: Compared,
    others: readonly number[],
  ): boolean => {
    const result = isTrue(operator, left, right)
    if (limit >= 0 && isTrue('<=', left, right) && isTrue('>=', left, right)) this.#different[limit] = 1
    for (let each = 0; each < others.length; each += 2)
      if (isTrue(operator, left, others[each + 1] ?? 0) !== result) this.#different[others[each] ?? 0] = 1
    return result
  }

  /** Marks the mutant that decides otherwise than the value. */
  readonly decided = <T>(whenTrue: number, whenFalse: number, value: T): T => {
    const index = value ? whenTrue : whenFalse
    if (index >= 0) this.#different[index] = 1
    return value
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

  /** Mutants that would have given another value since the last call. */
  takeDifferent(): Uint8Array {
    const different = this.#different
    this.#different = new Uint8Array(this.count)
    return different
  }

  /** Evaluates the constants from the given one on as their modules did, without a lasting effect. Returns how many there are. */
  evaluateConstants(from: number): number {
    const restores = this.#constants.slice(from).map(({ keep }) => keep())
    for (const { anew } of this.#constants.slice(from)) anew()
    for (const restore of restores) restore()
    return this.#constants.length
  }

  /** Runs something with these mutants. Constants are evaluated anew where a mutant is part of one. */
  async withMutants(
    indices: readonly number[],
    isConstant: boolean,
    limits: AttemptLimits,
    run: () => unknown,
  ): Promise<void> {
    const restores = isConstant ? this.#constants.map(({ keep }) => keep()) : []
    for (const index of indices) this.#active[index] = 1
    this.#hits = 0
    this.#limits = limits
    this.#began = performance.now()
    try {
      if (isConstant) for (const { anew } of this.#constants) anew()
      await run()
    } finally {
      this.#active.fill(0)
      this.#limits = UNLIMITED
      for (const restore of restores) restore()
    }
  }
}

/** The functions that code of switched.ts calls. */
export const switchGlobals = (switches: Switches) => ({
  __mutant: switches.isActive,
  __looked: switches.isActiveIfLooked,
  __compared: switches.compared,
  __decided: switches.decided,
  __constant: switches.addConstant,
})

export function install(switches: Switches): Switches {
  Object.assign(globalThis, switchGlobals(switches))
  return switches
}
