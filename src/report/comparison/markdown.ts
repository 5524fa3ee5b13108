/** The short form of a comparison, for a pull request. */
import type { Comparison, Measure } from '../../domain/comparison.ts'
import { type Markdown, md } from '../escape/markdown.ts'
import { changeText, lossSize, outcomeWords, reactionValue, sides, stateWords, unitWords, valueText } from './words.ts'

export function comparisonMarkdown(comparison: Comparison): string {
  const { icon, word } = outcomeWords[comparison.outcome]
  const { objectives, others, reactions, gaps, limits } = comparison
  const lines: readonly Markdown[] = [
    md`# ${icon} ${word}: ${comparison.rehearsal}`,
    md``,
    md`${comparison.summary}`,
    md``,
    md`${sides(comparison)}; ${unitWords[comparison.unit]}; ${comparison.pairs} of at most ${comparison.pairsMost} pairs.`,
    md``,
    ...tableOf('Objectives that gate', objectives),
    ...tableOf('Shown, and not gating', others),
    ...listOf(
      'Under faults',
      reactions.map(({ what, unit, a, b }) => {
        const side = (values: readonly number[]) => values.map((each) => reactionValue(unit, each)).join(', ') || '–'
        return `${what}: A ${side(a)}; B ${side(b)}`
      }),
    ),
    ...listOf('Why it is undecided', gaps),
    ...listOf('What this cannot show', limits),
  ]
  return `${lines.map(({ text }) => text).join('\n')}`
}

function tableOf(title: string, measures: readonly Measure[]): readonly Markdown[] {
  if (measures.length === 0) return []
  return [
    md`## ${title}`,
    md``,
    md`| statistic | verdict | A | B | change | 90 % interval | margin | could see |`,
    md`| --- | --- | --- | --- | --- | --- | --- | --- |`,
    ...measures.map((each) => {
      const { estimate, interval } = each
      const change = estimate === undefined ? '–' : changeText(each, estimate)
      const range =
        interval === undefined ? '–' : `${changeText(each, interval[0])} to ${changeText(each, interval[1])}`
      return md`| ${`${each.sli} ${each.statistic}`} | ${stateWords(each)[0]} | ${valueText(each, each.a)} | ${valueText(each, each.b)} | ${change} | ${range} | ${lossSize(each, each.margin)} | ${lossSize(each, each.smallest)} |`
    }),
    md``,
  ]
}

const listOf = (title: string, sentences: readonly string[]): readonly Markdown[] =>
  sentences.length === 0 ? [] : [md`## ${title}`, md``, ...sentences.map((each) => md`- ${each}`), md``]
