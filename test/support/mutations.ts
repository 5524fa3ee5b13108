/**
 * Ways in which the evidence of a run gets lost or spoilt. Each works on the records as plain JSON, as they stand in the file, so that also values that
 * no record may hold can be written. `second` counts from the start of the load.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Evidence, EvidenceKind } from '../../src/domain/evidence.ts'
import { FORMAT } from '../../src/journal/format/encode.ts'
import { readJournal } from '../../src/journal/read.ts'
import { chainedLines } from './journal-text.ts'

export type Line = { readonly kind: string; readonly at: number; readonly [field: string]: unknown }
/** Lines of a journal → lines after the mutation. A text is written as it is. */
export type Mutation = (lines: readonly Line[], kind: EvidenceKind, second: number) => readonly (Line | string)[]

/** Longer than any hole that is still healthy for streams with a record a second. */
const STRETCH_MS = 12_000

export const zeroOf = (lines: readonly Line[]): number =>
  Number(lines.find((line) => line.kind === 'load-started')?.zeroAt ?? lines[0]?.at)

const during = (lines: readonly Line[], second: number) => {
  const from = zeroOf(lines) + second * 1000
  return ({ at }: Line) => at >= from && at < from + STRETCH_MS
}
const after = (lines: readonly Line[], second: number) => {
  const from = zeroOf(lines) + second * 1000
  return ({ at }: Line) => at >= from
}
const dropping =
  (which: (lines: readonly Line[], second: number) => (line: Line) => boolean): Mutation =>
  (lines, kind, second) => {
    const isLost = which(lines, second)
    return lines.filter((line) => line.kind !== kind || line.kind === 'run-started' || !isLost(line))
  }
const changing =
  (change: (line: Line) => readonly (Line | string)[]): Mutation =>
  (lines, kind, second) => {
    const isChanged = during(lines, second)
    return lines.flatMap((line) => (line.kind === kind && isChanged(line) ? change(line) : [line]))
  }

/** Once for each kind of record. */
export const ofKind: Readonly<Record<string, Mutation>> = {
  absent: dropping(() => () => true),
  'every second one missing': (lines, kind) => {
    let n = 0
    return lines.filter((line) => line.kind !== kind || kind === 'run-started' || n++ % 2 === 0)
  },
  'written at the end': (lines, kind) =>
    kind === 'run-started'
      ? lines
      : [...lines.filter((line) => line.kind !== kind), ...lines.filter((line) => line.kind === kind)],
}

/** For each kind of record, at some moments of the run. */
export const ofKindAt: Readonly<Record<string, Mutation>> = {
  'missing from then on': dropping(after),
  'missing until then': dropping((lines, second) => (line) => !after(lines, second)(line)),
  'missing for 12 s': dropping(during),
  'held back for 12 s': (lines, kind, second) => {
    const isLate = during(lines, second)
    const until = zeroOf(lines) + second * 1000 + STRETCH_MS
    return lines
      .map((line) => (line.kind === kind && isLate(line) ? { ...line, at: until } : line))
      .sort((a, b) => a.at - b.at)
  },
  'with null for each number': changing((line) => [replaced(line, null)]),
  'with text for each number': changing((line) => [replaced(line, '12 apples')]),
  'with NaN in the text': changing((line) => [JSON.stringify(line).replace(/"at":[\d.]+/, '"at":NaN')]),
  'written twice': changing((line) => [line, line]),
  'begun anew': (lines, kind, second) => restarted(lines, kind, second),
}

/** Mutations of the whole journal. */
export const ofAll: Readonly<Record<string, Mutation>> = {
  'cut off': (lines, _, second) => lines.filter((line) => !after(lines, second)(line)),
  'without 12 s': (lines, _, second) =>
    lines.filter((line) => line.kind === 'run-started' || !during(lines, second)(line)),
  '12 s repeated': (lines, _, second) => {
    const isRepeated = during(lines, second)
    const end = lines.findLastIndex(isRepeated) + 1
    return [...lines.slice(0, end), ...lines.filter(isRepeated), ...lines.slice(end)]
  },
}

function replaced(line: Line, value: unknown): Line {
  return JSON.parse(
    JSON.stringify(line, (key, each: unknown) => (typeof each === 'number' && key !== 'at' ? value : each)),
  ) as Line
}

/** Counters that a process started anew counts from 0 again. */
function restarted(lines: readonly Line[], kind: EvidenceKind, second: number): readonly Line[] {
  if (kind !== 'load-frame' && kind !== 'sample') return lines
  const isAfter = after(lines, second)
  const before = new Map<string, Line>()
  return lines.map((line) => {
    if (line.kind !== kind) return line
    const key = `${String(line.instance)} ${String(line.source)} ${String(line.pod)}`
    if (!isAfter(line)) {
      before.set(key, line)
      return line
    }
    const last = before.get(key)
    return last === undefined ? line : (less(line, last) as Line)
  })
}

const KEPT = new Set(['at', 'vus', 'open', 'p95Ms', 'labels', 'histogram', 'unknownKeys'])
/** Each number less what it was before, field by field. */
function less(now: unknown, before: unknown): unknown {
  if (typeof now === 'number' && typeof before === 'number') return Math.max(0, now - before)
  if (Array.isArray(now))
    return now.map((each, index) => less(each, Array.isArray(before) ? sameOf(before, each, index) : undefined))
  if (typeof now !== 'object' || now === null || typeof before !== 'object' || before === null) return now
  const was = before as Readonly<Record<string, unknown>>
  return Object.fromEntries(
    Object.entries(now).map(([key, each]) => [key, KEPT.has(key) ? each : less(each, was[key])]),
  )
}

/** A series that counts for the first time moves the others in the list: they are found by their names and labels. */
function sameOf(before: readonly unknown[], each: unknown, index: number): unknown {
  const idOf = (series: unknown) => {
    const { name, labels } = (series ?? {}) as { readonly name?: unknown; readonly labels?: unknown }
    return labels === undefined ? undefined : JSON.stringify([name, labels])
  }
  const id = idOf(each)
  return id === undefined ? before[index] : before.find((other) => idOf(other) === id)
}

const textOf = (line: Line | string): string =>
  typeof line === 'string' ? line : JSON.stringify(line.kind === 'run-started' ? { ...line, format: FORMAT } : line)

/** Writes the lines as a journal with a whole chain, and reads it back as the judge would. */
export const reread = (lines: readonly (Line | string)[]): Promise<Evidence[]> =>
  rereadText(chainedLines(lines.map(textOf)))

export async function rereadText(text: string): Promise<Evidence[]> {
  const folder = mkdtempSync(join(tmpdir(), 'md-'))
  try {
    const path = join(folder, 'journal.ndjson')
    writeFileSync(path, text)
    const records: Evidence[] = []
    for await (const { record } of readJournal(path)) records.push(record)
    return records
  } finally {
    rmSync(folder, { recursive: true })
  }
}
