/** Tries mutants on each test while it runs, and writes down what it finds. It knows nothing of vitest. */
import { createHash } from 'node:crypto'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { type Attempt, killsAmong } from './groups.ts'
import { type AttemptLimits, Endless, type Switches, UNLIMITED } from './switches.ts'

/** What a run of the tests is asked for. */
export type Order = {
  /** The file of each mutant of the room, by index. */
  readonly files: readonly string[]
  /** Indices of the mutants to try. */
  readonly tried: readonly number[]
  /** Where findings are written, one JSON object a line. */
  readonly log: string
  /** Each mutant is tried with this share of the tests that run it, and with those of the same name as its file; with 0 with none at all. */
  readonly share: number
  /** A test that takes more CPU than this without a mutant is not repeated. */
  readonly testCpuMs: number
  /** The largest number of mutants that a test is repeated with at once; 1 after a run got stuck with more. */
  readonly groupMax: number
  /** Holds the indices of the mutants that are being tried, as a JSON list. */
  readonly current: string
}

export type Finding =
  | { readonly kind: 'killed'; readonly index: number; readonly by: string }
  | { readonly kind: 'endless'; readonly index: number; readonly by: string }
  /** The first test that runs these. */
  | { readonly kind: 'reached'; readonly indices: readonly number[] }
  /** The first test that can notice these: they give another value. */
  | { readonly kind: 'different'; readonly indices: readonly number[] }
  /** The test file itself runs these while its tests are collected, which a switch cannot repeat. */
  | { readonly kind: 'collected'; readonly indices: readonly number[]; readonly testFile: string }
  /** Parts of values that modules make when they are loaded. */
  | { readonly kind: 'constants'; readonly indices: readonly number[] }
  /** Only a run of its own tells whether these are killed. */
  | { readonly kind: 'doubtful'; readonly indices: readonly number[]; readonly testFile: string }
  /** How long a test takes without a mutant. */
  | {
      readonly kind: 'took'
      readonly testFile: string
      readonly name: string
      readonly ms: number
      readonly cpuMs: number
    }
  /** Fails when it is repeated without a mutant, so that it tells nothing. */
  | { readonly kind: 'unsteady'; readonly test: string }

export type Named = { readonly testFile: string; readonly name: string }
type Run = () => unknown
type Kill = { readonly kind: 'killed' | 'endless'; readonly index: number; readonly by: string }

/** An attempt may run 20 times as many places as the test does without a mutant, and take 20 times as long. */
const HITS_FACTOR = 20
const HITS_LEAST = 200_000
const WAIT_FACTOR = 20
const WAIT_LEAST_MS = 10_000

class Late extends Error {}

async function withinMs(limitMs: number, run: Run): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Late()), limitMs)
  })
  await Promise.race([Promise.resolve().then(run), late]).finally(() => clearTimeout(timer))
}

const nameOf = (path: string): string => basename(path).split('.')[0] ?? ''

/** Tests of the same name, and others by a hash, so that the choice does not depend on their order. */
function isChosen({ share, files }: Order, index: number, testFile: string, name: string): boolean {
  if (share <= 0) return false
  if (share >= 1 || nameOf(files[index] ?? '') === nameOf(testFile)) return true
  const drawn = createHash('sha256').update(`${index} ${testFile} ${name}`).digest().readUInt32BE()
  return drawn < share * 2 ** 32
}

export class Trying {
  readonly #order: Order
  readonly #switches: Switches
  readonly #report: (finding: Finding) => void
  readonly #begin: (group: readonly number[]) => void
  readonly #alive: Set<number>
  readonly #known = { reached: new Set<number>(), different: new Set<number>() }
  /** Mutants in what modules evaluate when they are loaded. */
  readonly #constants = new Set<number>()
  #evaluated = 0

  constructor(
    order: Order,
    switches: Switches,
    report: (finding: Finding) => void,
    begin: (group: readonly number[]) => void,
  ) {
    this.#order = order
    this.#switches = switches
    this.#report = report
    this.#begin = begin
    this.#alive = new Set(order.tried)
  }

  #tell(kind: 'collected' | 'doubtful', indices: readonly number[], testFile: string): void {
    if (indices.length > 0) this.#report({ kind, indices, testFile })
  }

  /** Call it before the tests of a file run, after their modules are loaded. */
  loaded(testFile: string): void {
    const atLoad = this.#switches.takeReached()
    this.#evaluated = this.#switches.evaluateConstants(this.#evaluated)
    const again = this.#switches.takeReached()
    const alive = [...this.#alive]
    const constants = alive.filter((index) => (again[index] ?? 0) > 0)
    for (const index of constants) this.#constants.add(index)
    if (constants.length > 0) this.#report({ kind: 'constants', indices: constants })
    const collected = alive.filter((index) => (atLoad[index] ?? 0) > (again[index] ?? 0))
    this.#tell('collected', collected, testFile)
  }

  /** Mutants that the test may notice: they give another value somewhere, or are parts of constants, at which any test may look. */
  #candidates(different: Uint8Array): readonly number[] {
    return [...this.#alive].filter((index) => this.#constants.has(index) || different[index] === 1)
  }

  /** Tells which mutants are reached or different for the first time. */
  #note(kind: 'reached' | 'different', indices: readonly number[]): void {
    const known = this.#known[kind]
    const news = indices.filter((index) => !known.has(index))
    for (const index of news) known.add(index)
    if (news.length > 0) this.#report({ kind, indices: news })
  }

  async #attempt(group: readonly number[], limits: AttemptLimits, by: string, run: Run): Promise<Attempt<Kill>> {
    this.#begin(group)
    const isConstant = group.some((index) => this.#constants.has(index))
    this.#switches.takeReached()
    try {
      await this.#switches.withMutants(group, isConstant, limits, () => withinMs(limits.ms, run))
      const reached = this.#switches.takeReached()
      return { kill: undefined, hidden: group.filter((index) => reached[index] === 0) }
    } catch (error) {
      const kind = error instanceof Late || error instanceof Endless ? 'endless' : 'killed'
      return { kill: { kind, index: group[0] ?? 0, by }, hidden: [] }
    } finally {
      await setImmediate() // vitest's worker must answer its parent
    }
  }

  /** Constants by themselves: for them all modules are evaluated anew. In the last pass most of what could be killed is killed, so its groups begin large. */
  async #killsOf(chosen: readonly number[], attempt: (group: readonly number[]) => Promise<Attempt<Kill>>) {
    const { share, groupMax } = this.#order
    const first = share < 1 ? 1 : chosen.length
    const [constants, others] = [true, false].map((is) => chosen.filter((index) => this.#constants.has(index) === is))
    return [
      ...(await killsAmong(others ?? [], attempt, first, groupMax)),
      ...(await killsAmong(constants ?? [], attempt, chosen.length, groupMax)),
    ]
  }

  /** Whether the test passes without a mutant, as before. */
  async #passes(isConstant: boolean, waitMs: number, run: Run): Promise<boolean> {
    try {
      await this.#switches.withMutants([], isConstant, UNLIMITED, () => withinMs(waitMs, run))
      return true
    } catch {
      return false
    }
  }

  /** Runs a test, and again for each mutant that it can notice. Throws what the test throws without a mutant. */
  async test({ testFile, name }: Named, run: Run): Promise<void> {
    this.#switches.takeReached()
    this.#switches.takeDifferent()
    const [started, before] = [performance.now(), process.cpuUsage()]
    await run()
    const ms = performance.now() - started
    const { user, system } = process.cpuUsage(before)
    const cpuMs = (user + system) / 1000
    this.#report({ kind: 'took', testFile, name, ms, cpuMs })
    const reached = this.#switches.takeReached()
    const hits = reached.reduce((sum, each) => sum + each, 0)
    const waitMs = WAIT_LEAST_MS + WAIT_FACTOR * ms
    const candidates = this.#candidates(this.#switches.takeDifferent())
    this.#note(
      'reached',
      [...this.#alive].filter((index) => (reached[index] ?? 0) > 0),
    )
    this.#note('different', candidates)
    const chosen = candidates.filter((index) => isChosen(this.#order, index, testFile, name))
    if (cpuMs > this.#order.testCpuMs) return
    const limits = { hits: HITS_LEAST + HITS_FACTOR * hits, ms: waitMs }
    const kills = await this.#killsOf(chosen, (group) => this.#attempt(group, limits, `${testFile} ${name}`, run))
    await this.#confirm({ testFile, name }, kills, (isConstant) => this.#passes(isConstant, waitMs, run))
    this.#switches.takeReached()
  }

  /** A kill counts if the test then passes without a mutant: nothing of the attempts may be left behind. */
  async #confirm(
    named: Named,
    kills: readonly Kill[],
    passes: (isConstant: boolean) => Promise<boolean>,
  ): Promise<void> {
    const { testFile, name } = named
    if (kills.length === 0) return
    if (!(await passes(false))) return this.#report({ kind: 'unsteady', test: `${testFile} ${name}` })
    const ofConstants = kills.filter(({ index }) => this.#constants.has(index))
    const isSure = ofConstants.length === 0 || (await passes(true))
    const sure = isSure ? kills : kills.filter(({ index }) => !this.#constants.has(index))
    for (const kill of sure) {
      this.#alive.delete(kill.index)
      this.#report(kill)
    }
    if (!isSure)
      this.#tell(
        'doubtful',
        ofConstants.map(({ index }) => index),
        testFile,
      )
  }
}
