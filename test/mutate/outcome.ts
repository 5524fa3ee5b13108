/** What became of each mutant, and the figure for each room. */
import { showMeasuredPercent } from '../../src/domain/show.ts'
import { lowerBound } from '../../src/domain/statistics.ts'
import type { Mutant } from './mutants.ts'

export type Outcome =
  | { readonly kind: 'killed'; readonly by: string }
  | { readonly kind: 'timed-out' }
  | { readonly kind: 'survived' }
  /** No test of the room runs the place. */
  | { readonly kind: 'no-test' }
  /** Tests run the place, but with no values for which the mutant gives another one. */
  | { readonly kind: 'no-difference' }
  /** The tests failed for another reason than the mutant. It does not count. */
  | { readonly kind: 'unclear'; readonly why: string }

export type Trial = {
  readonly id: string
  readonly mutant: Mutant
  readonly outcome: Outcome
}

export type Figure = {
  readonly killed: number
  readonly counted: number
  /** Exact 95 % interval (Clopper–Pearson) of the share that is killed. */
  readonly low: number
  readonly high: number
}

/** 2.5 % on each side. */
const ONE_SIDED = 0.975

export function figureOf(trials: readonly Trial[]): Figure {
  const counted = trials.filter(({ outcome }) => outcome.kind !== 'unclear')
  const killed = counted.filter(({ outcome }) => outcome.kind === 'killed' || outcome.kind === 'timed-out').length
  return {
    killed,
    counted: counted.length,
    low: lowerBound(killed, counted.length, ONE_SIDED),
    high: 1 - lowerBound(counted.length - killed, counted.length, ONE_SIDED),
  }
}

export function isSurvivor({ outcome }: Pick<Trial, 'outcome'>): boolean {
  return ['survived', 'no-test', 'no-difference'].includes(outcome.kind)
}

const oneLine = (text: string): string => {
  const flat = text.replaceAll(/\s+/g, ' ')
  return flat.length > 70 ? `${flat.slice(0, 67)}...` : flat
}

const wordsOf = (outcome: Outcome): string => {
  switch (outcome.kind) {
    case 'killed':
      return `killed by ${oneLine(outcome.by)}`
    case 'timed-out':
      return 'timed out (counts as killed)'
    case 'survived':
      return 'SURVIVED'
    case 'no-test':
      return 'SURVIVED: no test runs it'
    case 'no-difference':
      return 'SURVIVED: it makes no difference in any test'
    case 'unclear':
      return `unclear: ${oneLine(outcome.why)}`
  }
}

export function changeOf({ file, line, kind, from, to }: Mutant): string {
  return `${file}:${line} ${kind}: ${oneLine(from)} -> ${to === ';' ? '(removed)' : oneLine(to)}`
}

export const trialText = ({ mutant, outcome }: Trial): string => `${changeOf(mutant)}  ${wordsOf(outcome)}`

function figureText(name: string, trials: readonly Trial[]): string {
  const { killed, counted, low, high } = figureOf(trials)
  if (counted === 0) return `${name}: nothing counted`
  const unclear = trials.length - counted
  const rest = unclear === 0 ? '' : `; ${unclear} unclear, not counted`
  return `${name}: ${killed} of ${counted} killed, ${showMeasuredPercent(killed / counted, 0)} (95 % interval ${showMeasuredPercent(low, 0)} to ${showMeasuredPercent(high, 0)})${rest}`
}

export function summary(trials: readonly Trial[], roomOf: (file: string) => string): string {
  const byRoom = Map.groupBy(trials, ({ mutant }) => roomOf(mutant.file))
  const byKind = Map.groupBy(trials, ({ mutant }) => mutant.kind)
  const survivors = trials.filter(isSurvivor).map(({ mutant }) => `  ${changeOf(mutant)}`)
  return [
    ...[...byRoom].map(([room, each]) => figureText(room, each)),
    ...[...byKind].map(([kind, each]) => `  ${figureText(kind, each)}`),
    survivors.length === 0 ? 'no survivors' : 'survivors:',
    ...survivors.sort(),
  ].join('\n')
}
