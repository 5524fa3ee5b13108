/**
 * One YAML document as a tree in which each node knows its position, so that an issue can name line, column and key path. Aliases are resolved here;
 * the other files do not know the YAML library.
 */
import {
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  type ParsedNode,
  parseAllDocuments,
  type YAMLError,
} from 'yaml'
import type { SourcePoint } from '../domain/issue.ts'
import type { Report } from './report.ts'

export type YamlNode = YamlMap | YamlList | YamlScalar
type Placed = { readonly at: SourcePoint; readonly path: string }
export type YamlMap = Placed & { readonly kind: 'map'; readonly entries: readonly YamlEntry[] }
export type YamlEntry = { readonly key: string; readonly keyAt: SourcePoint; readonly value: YamlNode }
export type YamlList = Placed & { readonly kind: 'list'; readonly items: readonly YamlNode[] }
export type YamlScalar = Placed & { readonly kind: 'scalar'; readonly value: string | number | boolean | null }

// A rehearsal has a few hundred nodes. The limits only stop garbage and alias bombs.
const FILE_CHARACTERS_MAX = 256 * 1024
const NODES_MAX = 20_000

/** Reads one document. Where a file has several, `isMeant` may tell which one is meant; it must hold for exactly one of them. */
export function openDocument(
  file: string,
  text: string,
  report: Report,
  isMeant?: (document: unknown) => boolean,
): YamlNode | undefined {
  const parsed = parse(file, text, report)
  if (parsed === undefined) return undefined
  const { documents, place, top } = parsed
  const meant = isMeant ? documents.filter((each) => isMeant(plainOf(each))) : []
  const [first, ...rest] = meant.length === 1 ? meant : documents
  // A separator at the end starts an empty document, which kubectl skips.
  const others = rest.filter(({ contents }) => !isEmpty(contents))
  const second = others[0]
  if (first === undefined) return reportEmpty(top, report)
  if (second !== undefined) {
    const problem = `The file holds ${1 + others.length} documents; one is expected.`
    report(place(second.range[0]), 'several-documents', problem, 'give each document a file of its own.')
  }
  reportFirstError(documents, place, report)
  return first.errors.length === 0 ? grow(first, place, report) : undefined
}

/** Reads all documents of a file, for formats that allow several. Empty ones are skipped; one with broken syntax is reported and left out. */
export function openDocuments(file: string, text: string, report: Report): readonly YamlNode[] {
  const parsed = parse(file, text, report)
  if (parsed === undefined) return []
  const { documents, place, top } = parsed
  const written = documents.filter(({ contents, errors }) => errors.length > 0 || !isEmpty(contents))
  if (written.length === 0) reportEmpty(top, report)
  reportFirstError(written, place, report)
  return written.flatMap((each) => (each.errors.length === 0 ? (grow(each, place, report) ?? []) : []))
}

const isEmpty = (contents: ParsedNode | null): boolean =>
  contents === null || (isScalar(contents) && contents.value === null)

type Place = (offset: number) => SourcePoint
type Documents = { readonly documents: readonly Document.Parsed[]; readonly place: Place; readonly top: SourcePoint }

function parse(file: string, text: string, report: Report): Documents | undefined {
  const top = { file, line: 0, column: 0 }
  if (text.length > FILE_CHARACTERS_MAX) {
    const problem = `${text.length} characters are too many.`
    report(top, 'file-too-large', problem, 'keep it under 256 KiB; is it the right file?')
    return undefined
  }
  const lines = new LineCounter()
  // The library compares each key of a map with all others, which takes 26 s for 20,000 keys. So `grow` looks for duplicates itself.
  const parsed = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false })
  const place = (offset: number): SourcePoint => {
    const { line, col } = lines.linePos(offset)
    return { file, line, column: col }
  }
  return { documents: parsed.filter((each) => 'contents' in each), place, top }
}

function reportEmpty(top: SourcePoint, report: Report): undefined {
  report(top, 'empty-file', 'The file holds no YAML document.', 'write one; docs/rehearsal-file.md shows the form.')
}

/** Later errors follow from the first one. */
function reportFirstError(documents: readonly Document.Parsed[], place: Place, report: Report): void {
  const [broken] = documents.flatMap((document) => [...document.errors, ...document.warnings])
  if (broken !== undefined) reportSyntax(broken, place(broken.pos[0]), report)
}

/** A document as plain values; undefined where its syntax or an alias is broken, which is reported elsewhere. */
function plainOf(document: Document.Parsed): unknown {
  try {
    return document.errors.length === 0 ? document.toJS({ maxAliasCount: 100 }) : undefined
  } catch {
    return undefined
  }
}

const reportTwin = (at: SourcePoint, report: Report): void =>
  report(at, 'duplicate-key', 'This key stands twice in the same map.', 'keep one of the two.')

function reportSyntax(error: YAMLError, at: SourcePoint, report: Report): void {
  report(at, 'yaml-syntax', `${error.message}.`, SYNTAX_STEPS[error.code] ?? 'mend the YAML here, or just before.')
}

const SYNTAX_STEPS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'indent with spaces.',
  BAD_INDENT: 'give the keys of one map the same indentation.',
  TAG_RESOLVE_FAILED: 'remove the tag; plain values are enough here.',
  RESOURCE_EXHAUSTION: 'nest less deeply.',
  MISSING_CHAR: 'close what was opened.',
}

/** Walks the document once. Gives up when aliases make it larger than any file written by hand. */
function grow(document: Document.Parsed, place: (offset: number) => SourcePoint, report: Report): YamlNode | undefined {
  let nodes = 0
  const open = new Set<unknown>()
  const twins = new Set<unknown>()
  const top = place(document.range[0])

  const visit = (node: ParsedNode | null, path: string, fallback: SourcePoint): YamlNode => {
    nodes++
    if (nodes > NODES_MAX) return { kind: 'scalar', at: fallback, path, value: null }
    const at = node === null ? fallback : place(node.range[0])
    if (isAlias(node)) return follow(node.resolve(document), node.source, path, at)
    if (isMap(node)) {
      reportTwins(node.items)
      return { kind: 'map', at, path, entries: node.items.flatMap((pair) => entry(pair, path, at)) }
    }
    if (isSeq(node)) {
      const items = node.items.map((item, index) => visit(item, `${path}[${index}]`, at))
      return { kind: 'list', at, path, items }
    }
    return { kind: 'scalar', at, path, value: plain(isScalar(node) ? node.value : null) }
  }

  const follow = (target: unknown, anchor: string, path: string, at: SourcePoint): YamlNode => {
    const nothing: YamlNode = { kind: 'scalar', at, path, value: null }
    if (target === undefined || open.has(target)) {
      report(at, 'yaml-syntax', `The alias *${anchor} leads nowhere or into itself.`, 'write the value out.')
      return nothing
    }
    open.add(target)
    const found = isMap(target) || isSeq(target) || isScalar(target) ? visit(target as ParsedNode, path, at) : nothing
    open.delete(target)
    return found
  }

  const entry = (pair: Pair<ParsedNode, ParsedNode | null>, path: string, mapAt: SourcePoint): YamlEntry[] => {
    const keyAt = pair.key === null ? mapAt : place(pair.key.range[0])
    const key = isScalar(pair.key) ? pair.key.value : undefined
    if (typeof key === 'string')
      return [{ key, keyAt, value: visit(pair.value, path === '' ? key : `${path}.${key}`, keyAt) }]
    report(keyAt, 'wrong-type', 'A key must be a text.', `quote it, as in "${String(key ?? 'name')}": …`)
    return []
  }

  /** Aliases may lead here again: each duplicate is reported once. */
  const reportTwins = (pairs: readonly Pair<ParsedNode, ParsedNode | null>[]): void => {
    const seen = new Set<unknown>()
    for (const { key } of pairs) {
      if (!isScalar(key)) continue
      if (seen.has(key.value) && !twins.has(key)) reportTwin(place(key.range[0]), report)
      if (seen.has(key.value)) twins.add(key)
      seen.add(key.value)
    }
  }

  const root = visit(document.contents, '', top)
  if (nodes <= NODES_MAX) return root
  report(top, 'file-too-large', `The file has more than ${NODES_MAX} nodes.`, 'does an anchor multiply itself?')
  return undefined
}

const plain = (value: unknown): string | number | boolean | null =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : null

/** The tree as plain values. Keys are own properties, `__proto__` included. */
export function plainValue(node: YamlNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value
    case 'list':
      return node.items.map(plainValue)
    case 'map':
      return Object.fromEntries(node.entries.map(({ key, value }) => [key, plainValue(value)]))
  }
}

/** The node at a path such as `spec.target.selector`, or the nearest one above it that exists. */
export function nearest(root: YamlNode, path: string): YamlNode {
  let best = root
  const visit = (node: YamlNode): void => {
    const leads =
      node.path === '' || path === node.path || path.startsWith(`${node.path}.`) || path.startsWith(`${node.path}[`)
    if (!leads) return
    best = node
    if (node.kind === 'map') for (const { value } of node.entries) visit(value)
    if (node.kind === 'list') for (const item of node.items) visit(item)
  }
  visit(root)
  return best
}
