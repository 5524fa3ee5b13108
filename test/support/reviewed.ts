/**
 * Whole answers of rules. A test says in a few words what a rule must find. The figures, the sentence and the lines of the journal of the same answer stand
 * in a snapshot beside it, as reviewed: evidence that is stored must be judged the same years later, so a change there is to be looked at, case by case
 * (mend with `vitest -u`). Of a judgment stands there what differs from that of the usual run, without windows and next steps.
 */
import { readFileSync } from 'node:fs'
import { expect, it as plain } from 'vitest'
import type { Finding, Judgment } from '../../src/domain/verdict.ts'
import { judge as judgeRun } from '../../src/judge/judge.ts'
import { lineOf, shortText, textUnlike } from './judgment-text.ts'

let answers: unknown[] | undefined

/** Keeps what a rule answered, so that the end of the test compares it. Returns it. */
export function noted<T>(answer: T): T {
  answers?.push(answer)
  return answer
}

export const judge: typeof judgeRun = (records) => noted(judgeRun(records))

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isFinding = (value: unknown): value is Finding => isRecord(value) && 'cause' in value && 'evidence' in value
const isRuled = (value: unknown): value is { readonly result: unknown; readonly findings: readonly Finding[] } =>
  isRecord(value) && 'result' in value && 'findings' in value
const isJudgment = (value: unknown): value is Judgment => isRecord(value) && 'verdict' in value && 'slos' in value

/** Next steps stand in a table of their own, by cause. */
const findingText = ({ weight, cause, subject, sentence, evidence, next: _, ...more }: Finding): string => {
  const rest = Object.keys(more).length === 0 ? '' : ` ${lineOf(more)}`
  return `${weight} ${cause} of ${subject}: ${sentence}${rest} (lines ${evidence.join(', ')})`
}

const withoutWindows = (line: string): string =>
  line.startsWith('slos ') ? `slos ${lineOf({ ...JSON.parse(line.slice('slos '.length)), windows: [] })}` : line
const usual = readFileSync('test/judge/golden/healthy.txt', 'utf8').split('\n').map(withoutWindows).join('\n')

function linesOf(answer: unknown): readonly string[] {
  if (isJudgment(answer)) return ['A judgment', textUnlike(shortText(answer), usual)]
  if (isFinding(answer)) return [findingText(answer)]
  if (isRuled(answer)) return [lineOf(answer.result), ...answer.findings.map(findingText)]
  if (!Array.isArray(answer)) return [lineOf(answer)]
  return answer.length === 0 ? ['nothing'] : answer.flatMap(linesOf)
}

function compareNoted(all: readonly unknown[]): void {
  const texts = new Set(all.map((each) => linesOf(each).join('\n')))
  if (texts.size > 0) expect([...texts].join('\n---\n')).toMatchSnapshot()
}

type Run = (...given: readonly unknown[]) => unknown

const reviewing =
  (run: Run): Run =>
  async (...given) => {
    const own: unknown[] = []
    answers = own
    try {
      await run(...given)
    } finally {
      answers = undefined
    }
    compareNoted(own)
  }

const each = (...table: Parameters<typeof plain.each>) => {
  const add = plain.each(...table) as (name: string, run: Run) => void
  return (name: string, run: Run) => add(name, reviewing(run))
}

/** As that of vitest; what rules answered in the test is compared, whole, at its end. */
export const it = Object.assign((name: string, run: Run) => plain(name, () => reviewing(run)()), {
  each,
}) as unknown as typeof plain
