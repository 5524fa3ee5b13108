/** Good files in memory, with edits: what a user sees when one thing in a good file is wrong. They are copies of the stock files, so that tuning those moves no line here. */
import { readFileSync } from 'node:fs'
import { formatIssue, type Parsed } from '../../src/domain/issue.ts'
import type { Rehearsal, Target } from '../../src/domain/rehearsal.ts'
import { parseRehearsal } from '../../src/files/rehearsal.ts'
import { parseTarget } from '../../src/files/target.ts'

export const REHEARSAL = 'scenarios/psp-down-at-peak.rehearsal.yaml'
export const EVERYTHING = 'scenarios/everything.rehearsal.yaml'
export const TARGET = 'scenarios/targets/lab.yaml'
export const CHAOS = 'chaos/psp-down.yaml'
const GOOD = {
  [REHEARSAL]: 'test/files/good/rehearsal.yaml',
  [EVERYTHING]: 'test/files/good/everything.yaml',
  [TARGET]: 'test/files/good/target.yaml',
  [CHAOS]: 'test/files/good/chaos.yaml',
}
const SCRIPT = 'scenarios/promo-peak.ts'

/** `[text, replacement]`; the text must be there, so that a case can't outlive the file that it was written for. */
export type Edit = readonly [string, string]
export type Edits = Readonly<Record<string, readonly Edit[]>>

export function stockFiles(edits: Edits = {}): Map<string, string> {
  const files = new Map(Object.entries(GOOD).map(([path, copy]) => [path, readFileSync(copy, 'utf8')]))
  files.set(SCRIPT, 'export default () => {}')
  files.set('scenarios/short.csv', 'time,rate\n0,5\n30,5\n')
  for (const [path, replacements] of Object.entries(edits)) {
    const edited = replacements.reduce((text, [from, to]) => {
      if (!text.includes(from)) throw new Error(`${path} has no ${JSON.stringify(from)} to replace`)
      return text.replace(from, () => to)
    }, files.get(path) ?? '')
    files.set(path, edited)
  }
  return files
}

/** Reads the file that is edited: the stock rehearsal, if it is none of the others. */
export function parseStock(edits: Edits = {}): Parsed<Rehearsal> {
  return parseNamed(EVERYTHING in edits ? EVERYTHING : REHEARSAL, edits)
}

export function parseNamed(path: string, edits: Edits = {}): Parsed<Rehearsal> {
  const files = stockFiles(edits)
  return parseRehearsal({ read: (each) => files.get(each) }, path)
}

export function parseText(text: string): Parsed<Rehearsal> {
  return parseRehearsal({ read: (path) => (path === REHEARSAL ? text : undefined) }, REHEARSAL)
}

export function parseStockTarget(edits: Edits = {}): Parsed<Target> {
  const files = stockFiles(edits)
  return parseTarget({ read: (path) => files.get(path) }, TARGET)
}

export const stockPair = (edits: Edits = {}) => pairOf(REHEARSAL, edits)
/** A rehearsal with one of everything that the format has. */
export const everythingPair = (edits: Edits = {}) => pairOf(EVERYTHING, edits)

function pairOf(path: string, edits: Edits): { rehearsal: Rehearsal; target: Target } {
  const [rehearsal, target] = [parseNamed(path, edits), parseStockTarget(edits)]
  if (!rehearsal.ok || !target.ok) throw new Error([...printed(rehearsal), ...printed(target)].join('\n'))
  return { rehearsal: rehearsal.value, target: target.value }
}

/** `code:line` of each issue, in order. */
export const codesOf = (parsed: Parsed<unknown>): readonly string[] =>
  parsed.ok ? [] : parsed.issues.map(({ code, at }) => `${code}:${at.line}`)

export const printed = (parsed: Parsed<unknown>): readonly string[] =>
  parsed.ok ? ['(no issue)'] : parsed.issues.map(formatIssue)
