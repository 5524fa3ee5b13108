/**
 * One text of a file that holds all its mutants: each place asks `__mutant(index)` at run time whether its mutant is the active one. So one process
 * loads the code once and tries every mutant. Constants of the module are evaluated when it is loaded, before any mutant is active: each becomes a
 * variable that `__constant` can set anew.
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

function siteText(source: string, site: Site, original: string): string {
  const [first] = site.mutants
  if (first?.kind === 'call') {
    const dot = source.slice(site.start, site.end).includes('?.') ? '?.' : ''
    return `${dot}[__mutant(${first.index}) ? '${first.to}' : '${first.from}']`
  }
  const choices = site.mutants.map((each) => `__mutant(${each.index}) ? (${insteadOf(source, each, site)}) : `)
  return `(${choices.join('')}(${original}))`
}

/** The text from `start` to `end` with the sites in it. */
function textOf(source: string, { start, end }: Span, sites: readonly Site[]): string {
  let at = start
  let text = ''
  for (const site of sites) {
    if (site.start < at || site.end > end) continue // within the site before, or elsewhere
    const inner = sites.filter((each) => each !== site && each.start >= site.start && each.end <= site.end)
    text += source.slice(at, site.start) + siteText(source, site, textOf(source, site, inner))
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
  const sites = sitesOf(mutants)
  let at = 0
  let text = ''
  for (const { start, end, name, value } of constantsOf(source)) {
    const anew = `() => { ${name} = (${textOf(source, value, sites)}) }`
    const keep = `() => { const kept = ${name}; return () => { ${name} = kept } }`
    text += `${textOf(source, { start: at, end: start }, sites)}let${textOf(source, { start: start + 5, end }, sites)}`
    text += `;__constant(${anew}, ${keep});`
    at = end
  }
  return text + textOf(source, { start: at, end: source.length }, sites)
}
