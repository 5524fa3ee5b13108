/**
 * Shapes: one table defines the content of a file, and both the parser and the published JSON Schema are made from it. A shape decodes a YAML node
 * into a value, reports every issue, and keeps the valid parts, so that later checks can still read the healthy parts of a broken file.
 */
import type { SourcePoint } from '../domain/issue.ts'
import { isSome, type Some } from '../domain/units.ts'
import { chooseAmong } from './did-you-mean.ts'
import type { Report } from './report.ts'
import type { YamlNode } from './yaml-node.ts'

export type JsonSchema = Readonly<Record<string, unknown>>

/** `whole`: nothing below was dropped. Undefined: there is no value, and the reason was reported. */
export type Decoded<T> = { readonly value: T; readonly whole: boolean } | undefined
export type Shape<T> = {
  readonly schema: JsonSchema
  readonly decode: (node: YamlNode, report: Report) => Decoded<T>
}

export type Placed<T> = { readonly at: SourcePoint; readonly value: T }

/** A value with its position. */
export const placed = <T>(shape: Shape<T>): Shape<Placed<T>> => mapped(shape, (value, node) => ({ at: node.at, value }))

export const mapped = <T, U>(shape: Shape<T>, turn: (value: T, node: YamlNode) => U): Shape<U> => ({
  schema: shape.schema,
  decode: (node, report) => {
    const decoded = shape.decode(node, report)
    return decoded === undefined ? undefined : { value: turn(decoded.value, node), whole: decoded.whole }
  },
})

/** The expected form of a text, quantity or number, in words and by an example. */
export type Form = { readonly form: string; readonly example: string }

export const whole = <T>(value: T): Decoded<T> => ({ value, whole: true })

/** How a node is named in a sentence. */
export const nameOf = (node: YamlNode): string => (node.path === '' ? 'The file' : node.path)

export function foundIn(node: YamlNode): string {
  if (node.kind !== 'scalar') return `a ${node.kind}`
  if (node.value === null) return 'nothing'
  if (typeof node.value !== 'string') return String(node.value)
  const shown = withoutCredentials(node.value)
  return JSON.stringify(shown.length > 60 ? `${shown.slice(0, 60)}…` : shown)
}

/** A text without what a URL carries as user, password, query and fragment. A URL may be written where it does not belong, so this holds for all texts. */
function withoutCredentials(value: string): string {
  const anonymous = value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1…@')
  return value.includes('://') ? anonymous.replace(/[?#].*$/s, '…') : anonymous
}

export function refuse(node: YamlNode, report: Report, code: 'wrong-type' | 'wrong-value', wanted: Form): undefined {
  const problem = `${nameOf(node)} must be ${wanted.form}, found ${foundIn(node)}.`
  report(node.at, code, problem, `write for example ${wanted.example}.`)
}

export function text(rule: Form & { readonly pattern?: RegExp }): Shape<string> {
  const form = rule.pattern === undefined ? { minLength: 1 } : { pattern: rule.pattern.source }
  return {
    schema: { type: 'string', ...form, examples: [rule.example] },
    decode: (node, report) => {
      if (node.kind !== 'scalar' || typeof node.value !== 'string') return refuse(node, report, 'wrong-type', rule)
      if (node.value.trim() === '' || rule.pattern?.test(node.value) === false)
        return refuse(node, report, 'wrong-value', rule)
      return whole(node.value)
    },
  }
}

/** One of a few words. */
export function word<W extends string>(...words: Some<W>): Shape<W> {
  return {
    schema: words.length === 1 ? { const: words[0] } : { enum: words },
    decode: (node, report) => {
      const value = node.kind === 'scalar' ? node.value : undefined
      const known = words.find((candidate) => candidate === value)
      if (known !== undefined) return whole(known)
      const code = typeof value === 'string' ? 'wrong-value' : 'wrong-type'
      const only = words.length === 1
      const problem = only
        ? `${nameOf(node)} must be "${words[0]}", found ${foundIn(node)}.`
        : `${nameOf(node)} can't be ${foundIn(node)}.`
      report(node.at, code, problem, only ? `write ${words[0]}.` : chooseAmong(String(value), words, 'it takes'))
      return undefined
    },
  }
}

export function integer(rule: { readonly min: number; readonly max: number; readonly what: string }): Shape<number> {
  const wanted = { form: `${rule.what}, a whole number`, example: String(Math.max(rule.min, 1)) }
  return {
    schema: { type: 'integer', minimum: rule.min, maximum: rule.max },
    decode: (node, report) => {
      if (node.kind !== 'scalar' || typeof node.value !== 'number') return refuse(node, report, 'wrong-type', wanted)
      if (!Number.isInteger(node.value)) return refuse(node, report, 'wrong-value', wanted)
      return withinBounds(node.value, rule, String, node, report) ? whole(node.value) : undefined
    },
  }
}

export function withinBounds(
  value: number,
  bounds: { readonly min: number; readonly max: number },
  show: (value: number) => string,
  node: YamlNode,
  report: Report,
): boolean {
  if (value >= bounds.min && value <= bounds.max) return true
  const limit = value < bounds.min ? `at least ${show(bounds.min)}` : `at most ${show(bounds.max)}`
  report(node.at, 'out-of-range', `${nameOf(node)} must be ${limit}, found ${foundIn(node)}.`, `choose ${limit}.`)
  return false
}

/** A list. Broken items are dropped, and then it is not whole. */
export function list<T>(item: Shape<T>): Shape<readonly T[]> {
  return {
    schema: { type: 'array', items: item.schema },
    decode: (node, report) => {
      if (node.kind !== 'list')
        return refuse(node, report, 'wrong-type', { form: 'a list', example: 'items that each begin with "- "' })
      const items = node.items.map((child) => item.decode(child, report))
      const value = items.flatMap((decoded) => (decoded === undefined ? [] : [decoded.value]))
      return { value, whole: items.every((decoded) => decoded?.whole === true) }
    },
  }
}

/** A list with at least one item, also after broken items are dropped. */
export function someOf<T>(item: Shape<T>): Shape<Some<T>> {
  const items = list(item)
  return {
    schema: { ...items.schema, minItems: 1 },
    decode: (node, report) => {
      const decoded = items.decode(node, report)
      if (decoded === undefined) return undefined
      if (node.kind === 'list' && node.items.length === 0)
        report(node.at, 'missing-key', `${nameOf(node)} is empty.`, 'give it at least one item.')
      return isSome(decoded.value) ? { value: decoded.value, whole: decoded.whole } : undefined
    },
  }
}

/** A map whose keys the user chooses. */
export function table<T>(key: Form & { readonly pattern: RegExp }, cell: Shape<T>): Shape<Readonly<Record<string, T>>> {
  return {
    schema: { type: 'object', propertyNames: { pattern: key.pattern.source }, additionalProperties: cell.schema },
    decode: (node, report) => {
      if (node.kind !== 'map')
        return refuse(node, report, 'wrong-type', { form: 'a map', example: `${key.example}: …` })
      const rows = node.entries.map((entry) => {
        if (!key.pattern.test(entry.key)) {
          const problem = `"${entry.key}" in ${nameOf(node)} must be ${key.form}.`
          report(entry.keyAt, 'wrong-value', problem, `write for example ${key.example}.`)
        }
        return [entry.key, cell.decode(entry.value, report)] as const
      })
      const value = Object.fromEntries(rows.flatMap(([name, decoded]) => (decoded ? [[name, decoded.value]] : [])))
      return { value, whole: rows.every(([, decoded]) => decoded?.whole === true) }
    },
  }
}

/** Only `true`: the key itself says it. */
export function yes(): Shape<true> {
  return {
    schema: { const: true },
    decode: (node, report) => {
      if (node.kind === 'scalar' && node.value === true) return whole(true)
      report(node.at, 'wrong-value', `${node.path} can only be true.`, 'write true, or remove the key.')
      return undefined
    },
  }
}
