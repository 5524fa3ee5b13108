/** A judgment as text that people can review line by line: one line for each result, and three for each finding. */
import type { Finding, Judgment } from '../../src/domain/verdict.ts'

/**
 * Nine digits are more than any report shows, and fewer than differ between machines. A field that holds nothing is told: it must not be there, because
 * files leave it out.
 */
function plain(_: string, value: unknown): unknown {
  if (value === undefined) return 'undefined'
  if (value instanceof Set || value instanceof Map) return [...value]
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(9)) : value
}

export const lineOf = (value: unknown): string => JSON.stringify(value, plain)

function findingText({ weight, cause, subject, sentence, next, evidence, ...more }: Finding): readonly string[] {
  const rest = Object.keys(more).length === 0 ? [] : [`  ${lineOf(more)}`]
  return [`${weight} ${cause} of ${subject}: ${sentence}`, `  Next: ${next}`, `  lines ${evidence.join(', ')}`, ...rest]
}

export function judgmentText({ findings, verdict, ...results }: Judgment): string {
  const lines = Object.entries(results).flatMap(([name, value]: [string, unknown]) =>
    Array.isArray(value) ? value.map((each) => `${name} ${lineOf(each)}`) : [`${name} ${lineOf(value)}`],
  )
  return [`verdict ${verdict.kind}`, ...lines, ...findings.flatMap(findingText), ''].join('\n')
}

/** The judgment without the windows of its objectives, which are most of it, and without next steps. */
export const shortText = (judgment: Judgment): string =>
  judgmentText({ ...judgment, slos: judgment.slos.map((each) => ({ ...each, windows: [] })) })
    .split('\n')
    .filter((line) => !line.startsWith('  Next: '))
    .join('\n')

/** The text without the lines that another one has too. */
export function textUnlike(text: string, other: string): string {
  const known = new Set(other.split('\n').filter((line) => line !== ''))
  return text
    .split('\n')
    .filter((line) => !known.has(line))
    .join('\n')
}
