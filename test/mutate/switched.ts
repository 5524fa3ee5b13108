/**
 * One text of a file that holds all its mutants: each place asks `__mutant(index)` at run time whether its mutant is the active one. So one process
 * loads the code once and tries every mutant. Constants of the module are evaluated when it is loaded, before any mutant is active: each becomes a
 * variable that `__constant` can set anew.
 *
 * A mutant that changes no value in a test need not be tried with it. So `__compared` and `__decided` look at the values of comparisons and conditions, and
 * mark the mutants that would give another one: `a <= b` for `a < b` where both are equal. `__mutant` marks its mutant always, `__looked` does not.
 */
import { parseAst } from 'vitest/node'
import type { Mutant, Span } from './mutants.ts'

export type Numbered = Mutant & { readonly index: number }
type Site = Span & { readonly mutants: readonly Numbered[] }

/** Sites of a file are nested or apart, never crossed: outer ones first. */
function sitesOf(mutants: readonly Numbered[]): readonly Site[] {
  const switchable = mutants.flatMap((mutant) => (mutant.site === undefined ? [] : [{ ...mutant.site, mutant }]))
  return [...Map.groupBy(switchable, ({ start, end }) => `${start} ${end}`).values()]
    .flatMap(([first, ...others]) =>
      first === undefined
        ? []
        : [{ start: first.start, end: first.end, mutants: [first, ...others].map(({ mutant }) => mutant) }],
    )
    .sort((a, b) => a.start - b.start || b.end - a.end)
}

function insteadOf(source: string, { kind, start, end, to }: Mutant, site: Span): string {
  return kind === 'guard' ? 'false' : source.slice(site.start, start) + to + source.slice(end, site.end)
}

const NONE = -1
const indexOf = ({ mutants }: Site, isWanted: (mutant: Numbered) => boolean): number =>
  mutants.find(isWanted)?.index ?? NONE

/** The mutants that are noticed where the value of the site is true, and where it is false. */
const decidersOf = (site: Site): readonly [number, number] => [
  indexOf(site, ({ kind, to }) => kind === 'guard' || (kind === 'condition' && to === 'false')),
  indexOf(site, ({ kind, to }) => kind === 'condition' && to === 'true'),
]

type Comparison = {
  readonly operator: string
  readonly sides: readonly [Span, Span]
  /** `<` for `<=`, and so on. */
  readonly limit: number
  /** Mutants of a number that is the whole right side. */
  readonly numbers: readonly Numbered[]
}

function comparisonOf(source: string, site: Site, sites: readonly Site[]): Comparison | undefined {
  const operator = site.mutants.find(({ kind }) => kind === 'threshold' || kind === 'comparison')
  if (operator === undefined) return undefined
  const right = { start: operator.end, end: site.end }
  const isBlank = (start: number, end: number): boolean => start <= end && source.slice(start, end).trim() === ''
  const isRight = ({ start, end }: Site): boolean => isBlank(right.start, start) && isBlank(end, right.end)
  return {
    operator: operator.from,
    sides: [{ start: site.start, end: operator.start }, right],
    limit: indexOf(site, ({ kind }) => kind === 'threshold'),
    numbers: sites.filter(isRight).flatMap(({ mutants }) => mutants.filter(({ kind }) => kind === 'number')),
  }
}

type Places = {
  readonly sites: readonly Site[]
  /** Mutants that only some values mark. */
  readonly looked: ReadonlySet<number>
}

function placesOf(source: string, mutants: readonly Numbered[]): Places {
  const sites = sitesOf(mutants)
  const looked = sites.flatMap((site) => {
    const comparison = comparisonOf(source, site, sites)
    const compared = comparison === undefined ? [] : [comparison.limit, ...comparison.numbers.map(({ index }) => index)]
    return [...decidersOf(site), ...compared]
  })
  return { sites, looked: new Set(looked) }
}

/** The original with the sites in it. */
function originalText(source: string, site: Site, places: Places): string {
  const comparison = comparisonOf(source, site, places.sites)
  if (comparison === undefined) {
    const inner = places.sites.filter((each) => each !== site && each.start >= site.start && each.end <= site.end)
    return textOf(source, site, { ...places, sites: inner })
  }
  const { operator, limit, numbers } = comparison
  const [left, right] = comparison.sides.map((side) => textOf(source, side, places))
  const others = numbers.flatMap(({ index, to }) => [index, to])
  return `__compared('${operator}', ${limit}, ${left}, ${right}, [${others.join(', ')}])`
}

function siteText(source: string, site: Site, places: Places): string {
  const [first] = site.mutants
  if (first?.kind === 'call') {
    const dot = source.slice(site.start, site.end).includes('?.') ? '?.' : ''
    return `${dot}[__mutant(${first.index}) ? '${first.to}' : '${first.from}']`
  }
  const asked = (index: number): string => `${places.looked.has(index) ? '__looked' : '__mutant'}(${index})`
  const choices = site.mutants.map((each) => `${asked(each.index)} ? (${insteadOf(source, each, site)}) : `)
  const deciders = decidersOf(site)
  const original = originalText(source, site, places)
  const value = deciders.every((each) => each === NONE) ? original : `__decided(${deciders.join(', ')}, ${original})`
  return `(${choices.join('')}(${value}))`
}

/** The text from `start` to `end` with the sites in it. */
function textOf(source: string, { start, end }: Span, places: Places): string {
  let at = start
  let text = ''
  for (const site of places.sites) {
    if (site.start < at || site.end > end) continue // within the site before, or elsewhere
    text += source.slice(at, site.start) + siteText(source, site, places)
    at = site.end
  }
  return text + source.slice(at, end)
}

type Constant = Span & { readonly name: string; readonly value: Span }
type Program = { readonly body: readonly Statement[] }
type Statement = Span & { readonly type: string; readonly declaration?: Statement | null; readonly kind?: string } & {
  readonly declarations?: readonly {
    readonly id: { readonly type: string; readonly name?: string }
    readonly init?: Value
  }[]
}
type Value = (Span & { readonly type: string }) | null

/** These mean the same whenever they are evaluated. */
const LASTING = new Set(['ArrowFunctionExpression', 'FunctionExpression', 'ClassExpression', 'Identifier'])

function constantsOf(source: string): readonly Constant[] {
  const { body } = parseAst(source, { lang: 'ts' }) as unknown as Program
  return body
    .map((statement) => statement.declaration ?? statement)
    .flatMap(({ start, end, kind, declarations = [] }) => {
      const [only, ...others] = declarations
      if (kind !== 'const' || only?.id.name === undefined || others.length > 0) return []
      const { id, init } = only
      if (id.type !== 'Identifier' || init === null || init === undefined || LASTING.has(init.type)) return []
      return [{ start, end, name: only.id.name, value: { start: init.start, end: init.end } }]
    })
}

export function switched(source: string, mutants: readonly Numbered[]): string {
  const places = placesOf(source, mutants)
  let at = 0
  let text = ''
  for (const { start, end, name, value } of constantsOf(source)) {
    const anew = `() => { ${name} = (${textOf(source, value, places)}) }`
    const keep = `() => { const kept = ${name}; return () => { ${name} = kept } }`
    text += `${textOf(source, { start: at, end: start }, places)}let${textOf(source, { start: start + 5, end }, places)}`
    text += `;__constant(${anew}, ${keep});`
    at = end
  }
  return text + textOf(source, { start: at, end: source.length }, places)
}
