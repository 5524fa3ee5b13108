/** One stored run as one side of a pair: what its load counted, and how it reacted to harms. */

import type { Cause } from '../domain/causes.ts'
import type { ReactionPair } from '../domain/comparison.ts'
import type { Evidence } from '../domain/evidence.ts'
import { type Unions, unionsIn } from '../domain/indicators.ts'
import type { Judgment } from '../domain/verdict.ts'
import type { BlockSums } from './blocks/measures.ts'
import { createWindows } from './seen/windows.ts'

export type RunSums = { add(record: Evidence): void; sums(): BlockSums }

const WHOLE = 'whole'

/** The whole load after its first ramp, until it ended. */
export function createRunSums(): RunSums {
  let unions: Unions = {}
  const counts = createWindows(() => unions)
  let rampMs = 0
  return {
    add(record) {
      if (record.kind === 'run-started') {
        rampMs = record.timeline.phases[0].rampEndMs
        unions = unionsIn(record.rehearsal.slis)
      }
      if (record.kind === 'load-started') {
        const fromAt = record.zeroAt + rampMs
        counts.open({ kind: 'phase', name: WHOLE, fromAt, toAt: Number.POSITIVE_INFINITY })
      }
      if (record.kind === 'load-frame') counts.add(record)
    },
    sums: () => Object.fromEntries(counts.sums('phase', WHOLE)),
  }
}

/** A run that was cut short had another load, and a journal that was changed proves nothing. */
const UNFIT: ReadonlySet<Cause> = new Set([
  'evidence-changed',
  'run-stopped',
  'run-incomplete',
  'load-missing',
  'load-crashed',
])

/** Why a run cannot be a side of a comparison; undefined when it can. */
export function unfitReason({ verdict, generator, slos, findings }: Judgment): string | undefined {
  if (verdict.kind === 'aborted') return 'it was stopped'
  if (!generator.trusted) return generator.sentence
  const unfit = findings.find(({ cause }) => UNFIT.has(cause))
  if (unfit !== undefined) return unfit.sentence
  return slos.every(({ state }) => state === 'no-evidence') ? 'nothing was measured in it' : undefined
}

/** Times of reactions and burnt budgets, by what they are of: in the order of the runs. */
export function reactionsOf(a: readonly Judgment[], b: readonly Judgment[]): readonly ReactionPair[] {
  const all = new Map<string, { unit: ReactionPair['unit']; a: number[]; b: number[] }>()
  const note = (side: 'a' | 'b', { what, unit, value }: Reacted) => {
    const known = all.get(what) ?? { unit, a: [], b: [] }
    all.set(what, known)
    known[side].push(value)
  }
  for (const judgment of a) for (const each of reacted(judgment)) note('a', each)
  for (const judgment of b) for (const each of reacted(judgment)) note('b', each)
  return [...all].map(([what, values]) => ({ what, ...values }))
}

type Reacted = { readonly what: string; readonly unit: ReactionPair['unit']; readonly value: number }

function reacted({ faults, actions, autoscalers }: Judgment): readonly Reacted[] {
  const harms = [
    ...faults.map((each) => ({ ...each, name: each.fault })),
    ...actions.map((each) => ({ ...each, name: each.action })),
  ]
  const ms = (what: string, value: number | undefined): readonly Reacted[] =>
    value === undefined ? [] : [{ what, unit: 'ms', value }]
  return [
    ...harms.flatMap(({ name, failovers, recoveries, costs }) => [
      ...failovers.flatMap(({ from, to, tookMs }) => ms(`${name}: failover ${from} → ${to}`, tookMs)),
      ...recoveries.flatMap(({ sli, tookMs }) => ms(`${name}: ${sli} recovers`, tookMs)),
      ...costs.map(
        ({ sli, kind, budgetBurnt }): Reacted => ({
          what: `${name}: budget burnt of ${sli} ${kind}`,
          unit: 'share',
          value: budgetBurnt,
        }),
      ),
    ]),
    ...autoscalers.flatMap(({ name, phase, steps }) =>
      ms(`${name} scales in ${phase}`, steps.find((step) => step.name === 'ready')?.afterMs),
    ),
  ]
}
