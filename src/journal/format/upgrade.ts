/**
 * Records of earlier formats, brought up to today's one step at a time. A step knows only the format before it and the one after it, and
 * works on plain JSON: what it makes is checked by today's shapes like any other line.
 *
 * | format | written | what is different |
 * | --- | --- | --- |
 * | 0 | until 2026-11-25 | its head says `format: 1` as well, and has no `actions`; a witness and a guardrail have no kind |
 * | 1 | until 2026-11-28 | no chain; a value that was not finite stands as null |
 * | 2 | today | |
 */
type Json = Readonly<Record<string, unknown>>

const steps: readonly ((record: Json) => Json)[] = [from0to1, from1to2]

export const upgraded = (record: Json, version: number): Json =>
  steps.slice(version).reduce((older, step) => step(older), record)

/** Format 0 and 1 have the same number in the file. */
export const versionOf = (head: Json): unknown =>
  head.format === 1 && isJson(head.rehearsal) && head.rehearsal.actions === undefined ? 0 : head.format

function from0to1(record: Json): Json {
  if (record.kind !== 'run-started') return record
  return {
    ...record,
    rehearsal: within(record.rehearsal, (rehearsal) => ({
      ...rehearsal,
      actions: [],
      guardrails: each(rehearsal.guardrails, (guardrail) => ({ kind: 'availability', ...guardrail })),
      faults: each(rehearsal.faults, (fault) => ({
        ...fault,
        witness: within(fault.witness, (witness) => ({ kind: 'rate', direction: 'falls', where: {}, ...witness })),
      })),
    })),
    timeline: within(record.timeline, (timeline) => ({ ...timeline, actions: [] })),
    target: within(record.target, (target) => ({ databases: {}, addresses: {}, ...target })),
  }
}

function from1to2(record: Json): Json {
  switch (record.kind) {
    case 'run-started':
      return {
        ...record,
        rehearsal: within(record.rehearsal, (rehearsal) => ({
          ...rehearsal,
          // The gauge was always summed over the pods before the file could say so.
          expectations: each(rehearsal.expectations, (wanted) =>
            wanted.kind === 'connections' ? { pods: 'sum', where: {}, ...wanted } : wanted,
          ),
        })),
      }
    case 'sample':
      return readingOf(record)
    default:
      return record
  }
}

/** A scrape with a value that was no number is a failed scrape: what it read is not known. */
function readingOf(sample: Json): Json {
  if (sample.ok !== true || !Array.isArray(sample.series)) return sample
  const bad: unknown = sample.series.find((series) => isJson(series) && series.value === null)
  if (!isJson(bad)) return sample
  const { series: _, ...rest } = sample
  return { ...rest, ok: false, problem: `the value of ${String(bad.name)} was not a finite number` }
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
/** What is not of the expected shape stays as it is: the shapes say what is wrong with it. */
const within = (value: unknown, change: (value: Json) => Json): unknown => (isJson(value) ? change(value) : value)
const each = (value: unknown, change: (value: Json) => Json): unknown =>
  Array.isArray(value) ? value.map((item: unknown) => within(item, change)) : value
