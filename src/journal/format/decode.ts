/** A journal line → evidence: parsed, brought up to today's format, checked field by field. */
import type { Evidence } from '../../domain/evidence.ts'
import { isObject, valueText } from '../../domain/unknown.ts'
import { FORMAT } from './encode.ts'
import { withFaults } from './faults.ts'
import { isLineKind, type JournalLine, journalLine, type LineKind } from './record-shape.ts'
import { faultText, noFault } from './shape.ts'
import { upgraded, versionOf } from './upgrade.ts'

export type DecodedLine =
  | { readonly ok: true; readonly record: Evidence }
  /** `kind`: of the record that the line was, if it says so. */
  | { readonly ok: false; readonly problem: string; readonly kind?: LineKind }

/** The head says in which version the rest is written. */
export type Head =
  | { readonly is: 'head'; readonly version: number; readonly record: Evidence }
  | { readonly is: 'other-format'; readonly format: string }
  | { readonly is: 'no-head'; readonly problem: string }

export function decodeHead(json: string): Head {
  const value = parseJson(json)
  if (!isObject(value)) return { is: 'no-head', problem: 'the line is not a JSON object' }
  if (value.kind !== 'run-started')
    return { is: 'no-head', problem: `its first record is ${valueText(value.kind)}, not run-started` }
  const version = versionOf(value)
  if (typeof version !== 'number' || !Number.isInteger(version) || version < 0 || version > FORMAT)
    return { is: 'other-format', format: valueText(value.format) }
  const decoded = checked(value, version)
  return decoded.ok
    ? { is: 'head', version, record: decoded.record }
    : { is: 'no-head', problem: `the line ${decoded.problem}` }
}

export function decodeLine(json: string, version: number): DecodedLine {
  const value = parseJson(json)
  return isObject(value) ? checked(value, version) : refused('is not a JSON object')
}

function checked(value: Readonly<Record<string, unknown>>, version: number): DecodedLine {
  const { kind } = value
  if (typeof kind !== 'string') return refused('has no kind')
  if (!isLineKind(kind)) return refused(`has the unknown kind "${kind}"`)
  const record: unknown = version === FORMAT ? value : upgraded(value, version)
  const fault = noFault()
  if (!journalLine(record, fault)) return refused(`(${kind}) is malformed: ${faultText(fault)}`, kind)
  const evidence = evidenceOf(record)
  return typeof evidence === 'string' ? refused(`(${kind}) ${evidence}`, kind) : { ok: true, record: evidence }
}

/**
 * Where the file's types meet the domain's: when one of them changes, this does not compile until they are mapped or upgraded. A text says
 * why there is no evidence.
 */
function evidenceOf(line: JournalLine): Evidence | string {
  if (line.kind !== 'run-started') return line
  // The format is the file's affair.
  const { format: _, ...head } = line
  return withFaults(head)
}

const refused = (problem: string, kind?: LineKind): DecodedLine => ({ ok: false, problem, ...(kind && { kind }) })

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
