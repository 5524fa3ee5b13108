/**
 * What a line must have to count as a record of its kind. Shallow on purpose: it keeps a damaged or foreign line away from the
 * judge at the price of one look per field, and the file is written by the same program that reads it.
 */
import type { Evidence } from '../domain/evidence.ts'

/** Kinds that a journal may hold: what only a reader tells is not among them. */
type WrittenKind = Exclude<Evidence['kind'], 'evidence-doubted'>
type FieldType = 'string' | 'number' | 'boolean' | 'object' | 'list'

const shapes: { readonly [K in WrittenKind]: Readonly<Record<string, FieldType>> } = {
  'run-started': { format: 'number', run: 'string', rehearsal: 'object', target: 'object', timeline: 'object' },
  'phase-started': { phase: 'string', index: 'number' },
  'load-started': { zeroAt: 'number', instance: 'string' },
  'load-frame': {
    instance: 'string',
    slis: 'object',
    profiles: 'object',
    operations: 'object',
    unknownKeys: 'list',
    vus: 'number',
  },
  'load-ended': { instance: 'string', outcome: 'string', problems: 'list' },
  'fault-step': { fault: 'string', step: 'object' },
  'action-step': { action: 'string', step: 'object' },
  'undo-written': { id: 'string', undo: 'object' },
  'undo-done': { id: 'string', by: 'string', outcome: 'string' },
  'object-seen': { change: 'string', object: 'object' },
  'objects-listed': { namespace: 'string', resource: 'string', objects: 'list' },
  sample: { source: 'string', pod: 'string', ok: 'boolean' },
  'book-read': { book: 'string', settled: 'boolean', pending: 'object', entries: 'list', final: 'boolean' },
  'keys-read': { book: 'string', operation: 'string', asked: 'number', committed: 'list' },
  'generator-health': { instance: 'string', cpuCores: 'number', hostBusy: 'number' },
  'guardrail-tripped': { id: 'string', sli: 'string', measured: 'number', below: 'number' },
  'stop-requested': { by: 'string', reason: 'string' },
  residue: { when: 'string', items: 'list' },
  'evidence-lost': { about: 'string', problem: 'string' },
  'run-ended': { healed: 'boolean' },
}

export type LineParse =
  | { readonly ok: true; readonly record: Evidence; readonly format?: unknown }
  | { readonly ok: false; readonly problem: string }

export function parseRecord(text: string): LineParse {
  const value = parseJson(text)
  if (!isObject(value)) return { ok: false, problem: 'is not a JSON object' }
  const { kind, at } = value
  if (typeof kind !== 'string') return { ok: false, problem: 'has no kind' }
  if (!isKnown(kind)) return { ok: false, problem: `has the unknown kind "${kind}"` }
  if (typeof at !== 'number') return { ok: false, problem: `(${kind}) has no time "at"` }
  for (const [field, type] of Object.entries(shapes[kind])) {
    if (typeOf(value[field]) !== type) return { ok: false, problem: `(${kind}) has no ${type} "${field}"` }
  }
  if (kind !== 'run-started') return { ok: true, record: value as Evidence }
  const { format, ...head } = value
  return { ok: true, record: head as Evidence, format }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const isKnown = (kind: string): kind is WrittenKind => Object.hasOwn(shapes, kind)

export const isObject = (value: unknown): value is Record<string, unknown> => typeOf(value) === 'object'

function typeOf(value: unknown): FieldType | 'other' {
  if (Array.isArray(value)) return 'list'
  if (value === null) return 'other'
  const type = typeof value
  return type === 'string' || type === 'number' || type === 'boolean' || type === 'object' ? type : 'other'
}
