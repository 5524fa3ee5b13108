/**
 * The small changes that a good test suite notices. Each is found in the syntax tree of a file and is one replacement of text, so that line
 * numbers in test failures stay those of the source.
 */
import { createHash } from 'node:crypto'
import { parseAst } from 'vitest/node'

export const MUTANT_KINDS = [
  'threshold',
  'comparison',
  'number',
  'logic',
  'guard',
  'condition',
  'boolean',
  'call',
] as const
export type MutantKind = (typeof MUTANT_KINDS)[number]

export type Mutant = {
  readonly file: string
  /** Line of the source, from 1. */
  readonly line: number
  readonly kind: MutantKind
  /** Offsets into the source, in UTF-16 units. */
  readonly start: number
  readonly end: number
  readonly from: string
  readonly to: string
  /** Where a switch can choose between the original and the mutant at run time (switched.ts). A key of an object has no such place. */
  readonly site: Span | undefined
}

type Node = { readonly type: string; readonly start: number; readonly end: number; readonly [field: string]: unknown }

/** A Map, because a plain object also has inherited keys such as `toString`, which are names of methods here. */
const replacements = (table: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(Object.entries(table))

const boundaries = replacements({ '<': '<=', '<=': '<', '>': '>=', '>=': '>' })
const opposites = replacements({
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
  '===': '!==',
  '!==': '===',
})
const otherLogic = replacements({ '&&': '||', '||': '&&' })
const otherMethods = replacements({ some: 'every', every: 'some', min: 'max', max: 'min' })

/** Nodes of TypeScript hold types, which do not run. These also hold an expression. */
const withExpression = new Set(['TSAsExpression', 'TSNonNullExpression', 'TSSatisfiesExpression'])
const leaves = new Set(['ReturnStatement', 'ThrowStatement', 'ContinueStatement', 'BreakStatement'])

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && 'start' in value && 'end' in value

function childrenOf(node: Node): readonly Node[] {
  if (withExpression.has(node.type)) return [node.expression].filter(isNode)
  if (node.type.startsWith('TS') || node.type === 'ImportDeclaration') return []
  return Object.values(node).flat().filter(isNode)
}

type Placed = { readonly node: Node; readonly isKey: boolean }

function nodesOf(node: Node, isKey = false): readonly Placed[] {
  const children = childrenOf(node).flatMap((child) => nodesOf(child, child === node.key && node.computed !== true))
  return [{ node, isKey }, ...children]
}

/** Whether a statement always leaves its block: `return`, or a block that ends with one. */
function isExit(statement: unknown): boolean {
  if (!isNode(statement)) return false
  if (statement.type !== 'BlockStatement') return leaves.has(statement.type)
  return Array.isArray(statement.body) && isExit(statement.body.at(-1))
}

type Change = { readonly kind: MutantKind; readonly at: Span; readonly to: string; readonly site: Span | undefined }
export type Span = { readonly start: number; readonly end: number }

const spanOf = ({ start, end }: Span): Span => ({ start, end })

/** The last occurrence before the right side, because a comment between the sides may contain the operator too. */
function operatorOf(node: Node, source: string): Span | undefined {
  if (!isNode(node.left) || !isNode(node.right)) return undefined
  const operator = String(node.operator)
  const start = source.slice(0, node.right.start).lastIndexOf(operator)
  return start < node.left.end ? undefined : { start, end: start + operator.length }
}

function ofOperator(node: Node, source: string): readonly Change[] {
  const at = operatorOf(node, source)
  if (at === undefined) return []
  const changes = [
    ['threshold', boundaries],
    ['comparison', opposites],
    ['logic', otherLogic],
  ] as const
  return changes.flatMap(([kind, table]) => {
    const to = table.get(String(node.operator))
    return to === undefined ? [] : [{ kind, at, to, site: spanOf(node) }]
  })
}

function ofLiteral(node: Node, isKey: boolean): readonly Change[] {
  const { value } = node
  const site = isKey ? undefined : spanOf(node)
  if (typeof value === 'boolean') return [{ kind: 'boolean', at: node, to: String(!value), site }]
  if (typeof value !== 'number') return []
  return [value + 1, value - 1].map((to) => ({ kind: 'number', at: node, to: to < 0 ? `(${to})` : String(to), site }))
}

function ofCall(node: Node, source: string): readonly Change[] {
  const { callee } = node
  if (!isNode(callee) || callee.type !== 'MemberExpression' || callee.computed === true) return []
  const { object, property } = callee
  if (!isNode(object) || !isNode(property)) return []
  const to = otherMethods.get(String(property.name))
  if (to === undefined) return []
  const dot = /\??\.\s*$/.exec(source.slice(object.end, property.start))
  const site = dot === null ? undefined : { start: object.end + dot.index, end: property.end }
  return [{ kind: 'call', at: property, to, site }]
}

function changesOf({ node, isKey }: Placed, source: string): readonly Change[] {
  switch (node.type) {
    case 'BinaryExpression':
    case 'LogicalExpression':
      return ofOperator(node, source)
    case 'UnaryExpression':
      return node.operator === '!' && isNode(node.argument)
        ? [{ kind: 'logic', at: node, to: source.slice(node.start + 1, node.end), site: spanOf(node) }] // with its parentheses
        : []
    case 'Literal':
      return ofLiteral(node, isKey)
    case 'CallExpression':
      return ofCall(node, source)
    case 'IfStatement':
      return isNode(node.test) && isExit(node.consequent) && !isNode(node.alternate)
        ? [{ kind: 'guard', at: node, to: ';', site: spanOf(node.test) }]
        : []
    case 'ConditionalExpression': {
      const { test } = node
      if (!isNode(test)) return []
      return ['true', 'false'].map((to) => ({ kind: 'condition', at: test, to, site: spanOf(test) }))
    }
    default:
      return []
  }
}

/** Every mutant of a file. */
export function mutantsOf(file: string, source: string): readonly Mutant[] {
  const program: unknown = parseAst(source, { lang: 'ts' })
  if (!isNode(program)) throw new Error(`${file} has no syntax tree`)
  return nodesOf(program)
    .flatMap((placed) => changesOf(placed, source))
    .map(({ kind, at: { start, end }, to, site }) => ({
      file,
      line: source.slice(0, start).split('\n').length,
      kind,
      start,
      end,
      from: source.slice(start, end),
      to,
      site,
    }))
}

export const mutated = (source: string, { start, end, to }: Mutant): string =>
  source.slice(0, start) + to + source.slice(end)

const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** Names a mutant as long as its file does not change. */
export const idOf = ({ file, start, end, to }: Mutant, source: string): string =>
  digest(JSON.stringify([file, digest(source), start, end, to]))

/** Orders by a hash of seed and id: the first 20 of a sample of 40 are the sample of 20, whatever else changes. */
export function drawn<T extends { readonly id: string }>(all: readonly T[], count: number, seed: number): readonly T[] {
  const keyed = all.map((each) => ({ each, key: digest(`${seed} ${each.id}`) }))
  return keyed
    .sort((a, b) => (a.key < b.key ? -1 : 1))
    .map(({ each }) => each)
    .slice(0, count)
}
