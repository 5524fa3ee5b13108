/** What a comparison says in one sentence, and the words for its figures. */
import type { Comparison, Measure } from '../../domain/comparison.ts'

type Made = Omit<Comparison, 'summary' | 'limits'>

export function summaryOf(made: Made): string {
  const { outcome, a, b, aa, objectives, pairs, pairsMore } = made
  const names = aa ? `${a.name} against itself` : `${b.name} against ${a.name}`
  switch (outcome) {
    case 'regressed': {
      const worse = objectives.filter(({ state }) => state === 'regressed').map(lossText)
      return `${names}: worse, proven with ${pairsText(pairs)}: ${worse.join('; ')}.`
    }
    case 'not-worse':
      return `${names}: not worse, proven with ${pairsText(pairs)}: every objective is within its margin.`
    case 'undecided': {
      const open = objectives.filter(({ state }) => state === 'undecided').map(lossText)
      const more = pairsMore === undefined ? '' : ` It needs about ${pairsText(pairsMore)} more.`
      return `${names}: undecided after ${pairsText(pairs)}${open.length > 0 ? `: ${open.join('; ')}` : ''}.${more}`
    }
  }
}

const pairsText = (n: number): string => `${n} ${n === 1 ? 'pair' : 'pairs'}`

/** `checkout p95 21 % slower (90 %: 15 % to 27 % slower)`. */
export function lossText(measure: Measure): string {
  const { sli, statistic, estimate, interval } = measure
  if (estimate === undefined || interval === undefined) return `${sli} ${statistic} not measured in two pairs`
  return `${sli} ${statistic} ${changeText(measure, estimate)} (90 %: ${changeText(measure, interval[0])} to ${changeText(measure, interval[1])})`
}

/** A ratio of latencies or a difference of shares in words: `12 % slower`, `0.3 points more`. */
export function changeText({ kind }: Pick<Measure, 'kind'>, value: number): string {
  if (kind === 'latency') {
    const change = (value - 1) * 100
    return `${digits(Math.abs(change))} % ${change < 0 ? 'faster' : 'slower'}`
  }
  return `${digits(Math.abs(value) * 100)} points ${value < 0 ? 'fewer' : 'more'}`
}

/** Two significant digits below 10, whole numbers above. */
const digits = (value: number): string => (value >= 10 ? value.toFixed(0) : String(Number(value.toPrecision(2))))
