/** Rehearsals for property tests: any phases and faults that `files` would let through. */
import fc from 'fast-check'
import type { FaultSpec, Phase, Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import { isSome, millis, perSecond, ratio } from '../../src/domain/units.ts'
import { stockPair } from '../files/stock.ts'

export const at = { file: 'x.rehearsal.yaml', line: 1, column: 1 }
export const stock = stockPair()
export const stockFault = stock.rehearsal.faults[0] ?? fail()

function fail(): never {
  throw new Error('the stock rehearsal has no fault')
}

const phase = fc.record({
  rampMs: fc.integer({ min: 0, max: 60_000 }).map(millis),
  forMs: fc.integer({ min: 1000, max: 120_000 }).map(millis),
  factor: fc.double({ min: 0, max: 10, noNaN: true }),
})

const phases = fc
  .array(phase, { minLength: 1, maxLength: 6 })
  .map((list) => list.map((each, index): Phase => ({ ...each, name: `phase ${index}`, at })))

const fault = (among: readonly Phase[]): fc.Arbitrary<FaultSpec> =>
  fc
    .record({
      phase: fc.constantFrom(...among),
      start: fc.double({ min: 0, max: 0.5, noNaN: true }),
      share: fc.double({ min: 0.01, max: 0.5, noNaN: true }),
      name: fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,57}[A-Za-z0-9]$/),
    })
    .map(({ phase: { name: during, forMs }, start, share, name }) => ({
      ...stockFault,
      name,
      during,
      atMs: millis(Math.floor(forMs * start)),
      forMs: millis(Math.ceil(forMs * share)),
    }))

const arrivals = fc.dictionary(
  fc.constantFrom('login', 'deposit', 'bet', 'payout'),
  fc.double({ min: 0.01, max: 1000, noNaN: true }).map(perSecond),
  { minKeys: 1 },
)

export const rehearsals: fc.Arbitrary<Rehearsal> = phases.chain((list) =>
  fc
    .record({ faults: fc.uniqueArray(fault(list), { maxLength: 4, selector: ({ name }) => name }), arrivals })
    .map((parts) => {
      if (!isSome(list)) throw new Error('no phases')
      return {
        ...stock.rehearsal,
        phases: list,
        faults: parts.faults,
        load: { ...stock.rehearsal.load, arrivals: parts.arrivals },
      }
    }),
)

export const targets: fc.Arbitrary<Target> = fc
  .double({ min: 0.1, max: 20, noNaN: true })
  .map((loadFactor) => ({ ...stock.target, loadFactor }))

/** The stock rehearsal with another blast radius. */
export const within = (pods: number | { share: number }, zones = 1): Rehearsal => ({
  ...stock.rehearsal,
  blastRadius: {
    ...stock.rehearsal.blastRadius,
    pods: typeof pods === 'number' ? { kind: 'count', of: pods } : { kind: 'share', of: ratio(pods.share) },
    zones,
  },
})
