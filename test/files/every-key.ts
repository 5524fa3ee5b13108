/**
 * Every key of a good file, and what happens when its value is another one: left out, of a wrong type, too small, too large, without its unit. The
 * result is a text for a golden file, so that a change of a limit, a default or a message is seen in review.
 */
import { isMap, isScalar, isSeq, type ParsedNode, parseDocument } from 'yaml'
import type { Parsed } from '../../src/domain/issue.ts'
import { showDuration } from '../../src/domain/show.ts'
import { millis } from '../../src/domain/units.ts'
import { readDuration } from '../../src/files/quantities.ts'

export type Parse = (text: string) => Parsed<unknown>
/** A file and the place in it that is varied. */
export type Place = { readonly source: string; readonly under: string }

type Span = readonly [number, number]
/** `whole`: with its key. */
type Entry = { readonly place: string; readonly node: ParsedNode; readonly value: Span; readonly whole: Span }

/** The end of a block is where the next key begins: the blanks before it belong to nobody. */
function spanOf(node: ParsedNode, source: string): Span {
  const [from, to] = node.range
  return [from, from + source.slice(from, to).trimEnd().length]
}

function entriesBelow(node: ParsedNode, place: string, source: string): readonly Entry[] {
  if (isMap(node))
    return node.items.flatMap(({ key, value }) => {
      if (value === null || !isScalar(key)) return []
      const name = `${place === '' ? '' : `${place}.`}${String(key.value)}`
      const whole = withComma(key.range[0], value, source)
      return [{ place: name, node: value, value: spanOf(value, source), whole }, ...entriesBelow(value, name, source)]
    })
  if (isSeq(node))
    return node.items.flatMap((item, index) => {
      const name = `${place}[${index}]`
      return [
        { place: name, node: item, value: spanOf(item, source), whole: spanOf(item, source) },
        ...entriesBelow(item, name, source),
      ]
    })
  return []
}

/** In a flow map a key is left out with the comma behind it, and the last one with the comma before it. */
function withComma(from: number, value: ParsedNode, source: string): Span {
  const [, to] = spanOf(value, source)
  const behind = /^\s*,\s*/.exec(source.slice(to))?.[0] ?? ''
  const before = behind === '' ? (/,\s*$/.exec(source.slice(0, from))?.[0] ?? '') : ''
  return [from - before.length, to + behind.length]
}

const entriesOf = (source: string): readonly Entry[] => {
  const { contents } = parseDocument(source)
  if (contents === null) throw new Error('an empty file has no keys')
  return entriesBelow(contents as ParsedNode, '', source)
}

/** Whether a place is another one or below it: `spec.load.env` is below `spec.load`. */
const isWithin = (place: string, above: string): boolean =>
  place === above || (place.startsWith(above) && /^[.[]/.test(place.slice(above.length)))

/** The file with blanks where a place was, so that every other line keeps its number. */
function blanked(source: string, { place, whole: [from, to] }: Entry): string {
  const start = place.endsWith(']') ? source.lastIndexOf('-', from) : from
  return source.slice(0, start) + source.slice(start, to).replace(/[^\n]/g, ' ') + source.slice(to)
}

/**
 * The file without its `optional` parts, except for the one that is varied and what that `needs`. It is read faster, and its issues are only those of
 * one part. An item is the first of its list then.
 */
export function alone(source: string, under: string, optional: readonly string[], needs: readonly string[]): Place {
  const kept = [under, ...needs]
  const isGone = ({ place }: Entry): boolean =>
    optional.some((each) => isWithin(place, each)) &&
    !kept.some((each) => isWithin(place, each) || isWithin(each, place))
  const gone = entriesOf(source).filter(isGone)
  const outermost = gone.filter(
    ({ place }) => !gone.some((other) => other.place !== place && isWithin(place, other.place)),
  )
  return { source: outermost.reduce(blanked, source), under: under.replace(/\[\d+\]$/, '[0]') }
}

const UNITS = /^\d+(\.\d+)?(ms|s|m|h|%|\/s|x| syncs)$/
const DURATION = /^(\d+(ms|s|m|h))+$/

/** What a user may write by mistake instead. */
function othersThan(node: ParsedNode, written: string): readonly string[] {
  if (isMap(node)) return ['null', '{}']
  if (isSeq(node)) return ['null', '[]']
  const { value } = node as { readonly value?: unknown }
  if (typeof value === 'number') return ['text', '-1', '0', '0.5', '1e16']
  if (typeof value === 'boolean') return ['text', String(!value)]
  const unit = UNITS.exec(written)?.[2]
  if (unit !== undefined) return ['null', 'text', '7', `0${unit}`, `0.001${unit}`, `99999999999${unit}`]
  return ['[1]', '7', "'?! '"]
}

const replaced = (text: string, [from, to]: Span, by: string): string => text.slice(0, from) + by + text.slice(to)

function withStranger(source: string, node: ParsedNode): string {
  const [from] = node.range
  if (source[from] === '{') return replaced(source, [from, from + 1], '{strange: 1, ')
  const column = from - (source.lastIndexOf('\n', from - 1) + 1)
  return replaced(source, [from, from], `strange: 1\n${' '.repeat(column)}`)
}

type Variant = { readonly value: string; readonly text: string }

function variantsOf(source: string, { place, node, value, whole }: Entry): readonly Variant[] {
  const others = othersThan(node, source.slice(...value)).map((other) => ({
    value: other,
    text: replaced(source, value, other),
  }))
  const stranger = isMap(node) ? [{ value: '(with the key strange)', text: withStranger(source, node) }] : []
  const without = place.endsWith(']') ? [] : [{ value: '(left out)', text: replaced(source, whole, '') }]
  return [...without, ...others, ...stranger]
}

type Fields = Readonly<Record<string, unknown>>
const fieldsOf = (value: unknown): Fields | undefined =>
  typeof value === 'object' && value !== null ? (value as Fields) : undefined

const cut = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text)
const shown = (value: unknown): string => (value === undefined ? 'nothing' : cut(JSON.stringify(value)))

/** `before → after` of every field that differs. Positions move with the text, and are no difference. */
function differences(before: unknown, after: unknown, at = ''): readonly string[] {
  if (JSON.stringify(before) === JSON.stringify(after)) return []
  const [a, b] = [fieldsOf(before), fieldsOf(after)]
  if (a === undefined || b === undefined || Array.isArray(before) !== Array.isArray(after))
    return [`${at} ${shown(before)} → ${shown(after)}`]
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((key) => key !== 'line' && key !== 'column')
    .flatMap((key) => differences(a[key], b[key], at === '' ? key : `${at}.${key}`))
}

/**
 * What was found would make each outcome another one; the tables of broken files show it. What could be added, and the keys of a map, stand in the
 * schema: they change with each new key.
 */
const briefly = (problem: string, next: string): string =>
  /^add |its keys: /.test(next) ? problem : `${problem.replace(/, found .*/s, '.')} → ${next}`

function outcomeOf(parsed: Parsed<unknown>, good: unknown): readonly string[] {
  if (parsed.ok) return [`accepted: ${differences(good, parsed.value).join('; ') || 'no change'}`]
  return parsed.issues.map(({ at, code, problem, next }) => `:${at.line} ${code} ${briefly(problem, next)}`)
}

const DAY = 24 * 3_600_000

/** The last number between one that holds and one that does not, which differ by the sign of the step. */
function edge(holds: number, fails: number, test: (ms: number) => boolean): number {
  let [good, bad] = [holds, fails]
  while (Math.abs(bad - good) > 1) {
    const middle = Math.trunc((good + bad) / 2)
    if (test(middle)) good = middle
    else bad = middle
  }
  return good
}

/** Lower limits that many keys have, so that the search is short. */
const USUAL = [0, 1, 100, 1000, 5000, 10_000, 60_000]

function leastOf(ms: number, test: (ms: number) => boolean): number {
  const usual = USUAL.find((each) => each < ms && test(each))
  if (usual === undefined) return edge(ms, USUAL.findLast((each) => each < ms) ?? 0, test)
  return usual === 0 || !test(usual - 1) ? usual : edge(usual, 0, test)
}

function mostOf(ms: number, test: (ms: number) => boolean): number {
  if (test(DAY)) return DAY
  let fails = Math.max(1000, 2 * ms)
  while (test(fails)) fails *= 2
  return edge(ms, fails, test)
}

/** The durations around this one that are accepted. */
function rangeOf(source: string, { node, value }: Entry, parse: Parse): readonly string[] {
  const written = source.slice(...value)
  if (!isScalar(node) || !DURATION.test(written)) return []
  const test = (ms: number): boolean => parse(replaced(source, value, `${ms}ms`)).ok
  const [least, most] = [leastOf, mostOf].map((search) => search(readDuration(written), test))
  return [`  accepted from ${showDuration(millis(least ?? 0))} to ${showDuration(millis(most ?? 0))}`]
}

/** The second item of a list of texts says nothing new. */
const isTwin = ({ place, node }: Entry): boolean => isScalar(node) && /\[[1-9]\d*\]$/.test(place)

function blockOf(entry: Entry, source: string, good: unknown, parse: Parse): string {
  const outcome = ({ text }: Variant): string => outcomeOf(parse(text), good).join('\n    ')
  const byOutcome = Map.groupBy(variantsOf(source, entry), outcome)
  const lines = [...byOutcome].map(([said, alike]) => {
    const brief = said.replaceAll(` ${entry.place} `, ' … ').replaceAll(` ${above(entry.place)} `, ' ‥ ')
    return `  ${alike.map(({ value }) => value).join(' | ')}${brief.includes('\n') ? '\n    ' : ' '}${brief}`
  })
  return [...lines, ...rangeOf(source, entry, parse)].join('\n')
}

/** The place that a key or an item belongs to. */
const above = (place: string): string => place.replace(/(\.[^.[\]]+|\[\d+\])$/, '')

/**
 * All that happens below a place, as the golden file shows it: `…` is the place, and `‥` the one that it belongs to. Values with the same outcome share
 * a line, and a place with the outcomes of one before it refers to that.
 */
export function everyKey({ source, under }: Place, parse: Parse): string {
  const good = parse(source)
  if (!good.ok) throw new Error(good.issues.map(({ at, problem }) => `${at.file}:${at.line} ${problem}`).join('\n'))
  const entries = entriesOf(source).filter((entry) => isWithin(entry.place, under) && !isTwin(entry))
  if (entries.length === 0) throw new Error(`nothing is below ${under}`)
  const before = new Map<string, string>()
  const blocks = entries.map((entry) => {
    const block = blockOf(entry, source, good.value, parse)
    const elsewhere = block.replace(/:\d+ /g, ': ')
    const first = before.get(elsewhere)
    before.set(elsewhere, first ?? entry.place)
    return `## ${entry.place}\n${first === undefined ? block : `  as ${first}`}\n`
  })
  return blocks.join('\n')
}
