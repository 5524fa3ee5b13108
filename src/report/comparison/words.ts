/** Words for a comparison, the same on every page. */
import { templateWords } from '../../domain/change.ts'
import type { Comparison, ComparisonOutcome, Measure } from '../../domain/comparison.ts'
import type { Look } from '../words.ts'

export { changeText, lossText } from '../../judge/blocks/summary.ts'

export const outcomeWords: Readonly<
  Record<
    ComparisonOutcome,
    { readonly word: string; readonly icon: string; readonly look: Look; readonly kind: string }
  >
> = {
  regressed: { word: 'WORSE', icon: '✗', look: 'bad', kind: 'fail' },
  'not-worse': { word: 'NOT WORSE', icon: '✓', look: 'good', kind: 'pass' },
  undecided: { word: 'UNDECIDED', icon: '?', look: 'warn', kind: 'inconclusive' },
}

export const stateWords = ({ state, gates, pairs }: Measure): readonly [words: string, look: Look | ''] => {
  if (pairs < 2) return ['? too few pairs', gates ? 'warn' : '']
  const { icon, look } = outcomeWords[state]
  return [
    `${icon} ${state === 'regressed' ? 'worse' : state === 'not-worse' ? 'not worse' : 'undecided'}`,
    gates ? look : '',
  ]
}

/** `82 ms` or `0.12 %`. */
export const valueText = ({ kind }: Pick<Measure, 'kind'>, value: number | undefined): string => {
  if (value === undefined) return '–'
  if (kind === 'latency') return `${value < 10 ? value.toFixed(1) : value.toFixed(0)} ms`
  return `${Number((value * 100).toPrecision(3))} %`
}

/** A margin or the smallest loss that could be seen. */
export const lossSize = ({ kind }: Pick<Measure, 'kind'>, loss: number | undefined): string => {
  if (loss === undefined) return '–'
  const size = Number((loss * 100).toPrecision(2))
  return kind === 'latency' ? `${size} %` : `${size} points`
}

export const unitWords: Readonly<Record<Comparison['unit'], string>> = {
  pairs: 'blocks one after the other, in an order drawn from the seed',
  duet: 'blocks at the same time, half of the load each',
  runs: 'whole stored runs',
}

export const sides = ({ a, b, aa }: Comparison): string =>
  aa ? `${sideText(a)} against itself` : `A ${sideText(a)}, B ${sideText(b)}`

const sideText = ({ name, rolledOut }: Comparison['a']): string =>
  rolledOut === undefined ? name : `${name} (${rolledOut.deployment}: ${templateWords(rolledOut)})`

/** Values of a reaction to a fault, run by run. */
export const reactionValue = (unit: 'ms' | 'share', value: number): string =>
  unit === 'ms' ? `${(value / 1000).toFixed(1)} s` : `${Number((value * 100).toPrecision(2))} %`
