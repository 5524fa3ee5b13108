/** The console output of a comparison: outcome and reason first, then each objective with its interval, then what it cannot show. */
import type { Comparison, Measure } from '../domain/comparison.ts'
import {
  changeText,
  lossSize,
  outcomeWords,
  reactionValue,
  sides,
  stateWords,
  unitWords,
  valueText,
} from '../report/comparison/words.ts'
import { type Paint, type TerminalText, term, wrapped } from './terminal.ts'
import { table } from './verdict-text.ts'

const colours = { regressed: 'red', 'not-worse': 'green', undecided: 'yellow' } as const
const looks = { good: 'green', bad: 'red', warn: 'yellow' } as const

export function comparisonText(
  comparison: Comparison,
  files: readonly string[],
  paint: Paint,
  columns: number,
): readonly TerminalText[] {
  const { icon, word } = outcomeWords[comparison.outcome]
  const { objectives, others, gaps, limits, reactions, voidPairs } = comparison
  return [
    term``,
    term`${paint(['bold', colours[comparison.outcome]], `${icon} ${word}`)}  ${comparison.rehearsal}`,
    ...wrapped(comparison.summary, columns, '  ', '  '),
    ...wrapped(`${sides(comparison)}; ${unitWords[comparison.unit]}.`, columns, '  ', '  '),
    term``,
    ...table(objectives.map((each) => cells(each, paint))),
    ...titled('shown, and not gating', table(others.map((each) => cells(each, paint)))),
    ...titled(
      'under faults',
      table(
        reactions.map(({ what, unit, a, b }) => {
          const side = (values: readonly number[]) => values.map((each) => reactionValue(unit, each)).join(', ') || '–'
          return [what, `A ${side(a)}`, `B ${side(b)}`]
        }),
      ),
    ),
    ...sentences(
      'void pairs',
      voidPairs.map(({ pair, reasons }) => `pair ${pair}: ${reasons.join('; ')}`),
      columns,
    ),
    ...sentences('undecided because', gaps, columns),
    ...sentences('what this cannot show', limits, columns),
    term``,
    ...files.map((file) => term`  ${file}`),
  ]
}

function cells(measure: Measure, paint: Paint): readonly (string | TerminalText)[] {
  const { sli, statistic, a, b, estimate, interval, margin, smallest } = measure
  const [words, look] = stateWords(measure)
  const range =
    interval === undefined ? '' : `90 %: ${changeText(measure, interval[0])} to ${changeText(measure, interval[1])}`
  return [
    `${sli} ${statistic}`,
    look === '' ? words : paint(looks[look], words),
    `${valueText(measure, a)} → ${valueText(measure, b)}`,
    estimate === undefined ? '' : changeText(measure, estimate),
    range,
    `margin ${lossSize(measure, margin)}`,
    smallest === undefined ? '' : `could see ${lossSize(measure, smallest)}`,
  ]
}

const titled = (title: string, lines: readonly TerminalText[]): readonly TerminalText[] =>
  lines.length === 0 ? [] : [term``, term`  ${title}`, ...lines]

const sentences = (title: string, all: readonly string[], columns: number): readonly TerminalText[] =>
  titled(
    title,
    all.flatMap((each) => wrapped(each, columns, '    - ', '      ')),
  )
