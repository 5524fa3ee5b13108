/**
 * The series behind a query of an SLI. Rules of alerts and SLOs wrap their counters in `sum(rate(…[5m]))`; matchday reads raw samples, and needs only
 * the selector inside. What changes the meaning of the samples (arithmetic, offsets, other functions) cannot be taken apart and is a problem.
 */
export type CounterQuery = {
  /** As it is written, without a range. */
  readonly selector: string
  readonly metric: string | undefined
  /** Labels of `sum by (…)`. */
  readonly by: readonly string[]
  /** The query computes increases itself. */
  readonly isIncrease: boolean
}

export type ReadQuery =
  | { readonly ok: true; readonly query: CounterQuery }
  | { readonly ok: false; readonly problem: string }

const refused = (problem: string): ReadQuery => ({ ok: false, problem })

export function readCounterQuery(text: string): ReadQuery {
  const expression = unwrapped(text.trim())
  const sum = /^sum\b\s*(?:by\s*\(([^()]*)\)\s*)?\((.*)\)\s*(?:by\s*\(([^()]*)\))?$/s.exec(expression)
  if (sum === null) return increaseOf(expression, [])
  const [, before, inner = '', after] = sum
  if (!isBalanced(inner)) return refused('it does arithmetic with several series')
  return increaseOf(unwrapped(inner.trim()), labelsIn(before ?? after))
}

function increaseOf(expression: string, by: readonly string[]): ReadQuery {
  const increase = /^(rate|increase|irate)\s*\((.*)\)$/s.exec(expression)
  if (increase === null) return selectorOf(expression, by, false)
  const inner = increase[2]?.trim() ?? ''
  if (!isBalanced(inner)) return refused('it does arithmetic with several series')
  const ranged = /^(.*)\[[^\]]*\]$/s.exec(inner)
  if (ranged === null) return refused(`${increase[1]} needs a range in square brackets`)
  return selectorOf(ranged[1]?.trim() ?? '', by, true)
}

const SELECTOR = /^([a-zA-Z_:][a-zA-Z0-9_:]*)?\s*(\{(?:[^"'{}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')*\})?$/s
const FUNCTION = /^([a-z_]+)\s*(?:by\s*\([^()]*\)\s*)?\(/

function selectorOf(expression: string, by: readonly string[], isIncrease: boolean): ReadQuery {
  const selector = SELECTOR.exec(expression)
  if (selector !== null && expression !== '')
    return { ok: true, query: { selector: expression, metric: selector[1], by, isIncrease } }
  const called = FUNCTION.exec(expression)
  return refused(called === null ? 'it is more than a selector of series' : `it uses ${called[1]}()`)
}

/** Without parentheses around the whole. */
function unwrapped(text: string): string {
  const inner = text.startsWith('(') && text.endsWith(')') ? text.slice(1, -1) : undefined
  return inner !== undefined && isBalanced(inner) ? unwrapped(inner.trim()) : text
}

/** Whether no parenthesis closes one that was opened before this text. Parentheses in quotes do not count. */
function isBalanced(text: string): boolean {
  let depth = 0
  for (const [each] of text.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|[()]/gs)) {
    if (each === '(') depth++
    if (each === ')') depth--
    if (depth < 0) return false
  }
  return depth === 0
}

const labelsIn = (written: string | undefined): readonly string[] =>
  (written ?? '')
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
