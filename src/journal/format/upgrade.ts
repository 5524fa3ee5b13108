/**
 * Records of earlier formats, brought up to today's one step at a time. A step knows only the format before it and the one after it, and
 * works on plain JSON: what it makes is checked by today's shapes like any other line.
 *
 * | format | written | what is different |
 * | --- | --- | --- |
 * | 0 | until 2026-11-25 | its head says `format: 1` as well, and has no `actions`; a witness and a guardrail have no kind |
 * | 1 | until 2026-11-28 | no chain; a value that was not finite stands as null |
 * | 2 | until 2026-11-29 | what the reference platform calls its things was built in |
 * | 3 | today | |
 */
import { isObject, valueText } from '../../domain/unknown.ts'

type Json = Readonly<Record<string, unknown>>

const steps: readonly ((record: Json) => Json)[] = [from0to1, from1to2, from2to3]

export const upgraded = (record: Json, version: number): Json =>
  steps.slice(version).reduce((older, step) => step(older), record)

/** Format 0 and 1 have the same number in the file. */
export const versionOf = (head: Json): unknown =>
  head.format === 1 && isObject(head.rehearsal) && head.rehearsal.actions === undefined ? 0 : head.format

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

/** What the generic rules had built in for the reference platform, before rehearsal and target files could say it. */
const BUILT_IN = {
  sockets: 'ws-rtt',
  unions: { api: ['login', 'deposit', 'bet'] },
  refusal: 'forged-',
  ledger: 'wallet',
  followUps: { settlement: 'bet' },
  calls: {
    counter: 'payments_charges_total',
    labels: { provider: 'psp', outcome: 'outcome' },
    outcomes: { done: 'approved', inVain: ['unknown', 'error'], keptAway: 'open' },
  },
  /** Three probes, 5 s apart and 2 s patient. */
  unreadyWithinMs: 17_000,
}

function from2to3(record: Json): Json {
  if (record.kind !== 'run-started') return record
  const { rehearsal } = record
  const withSli = (sockets: unknown) => within(sockets, (each) => ({ ...each, sli: BUILT_IN.sockets }))
  return {
    ...record,
    rehearsal: within(rehearsal, (head) => ({
      ...head,
      load: within(head.load, (load) => ({ ...load, ...(load.sockets ? { sockets: withSli(load.sockets) } : {}) })),
      slis: builtInSlis(head.load),
    })),
    timeline: within(record.timeline, (timeline) => ({
      ...timeline,
      load: within(timeline.load, (load) => ({
        ...load,
        unions: BUILT_IN.unions,
        ...(load.sockets ? { sockets: withSli(load.sockets) } : {}),
      })),
    })),
    target: within(record.target, (target) => ({
      ...target,
      books: each(target.books, (book) => (book.book === BUILT_IN.ledger ? { ...book, ledger: true } : book)),
      followUps: BUILT_IN.followUps,
      providerCalls: builtInCalls(rehearsal),
      unreadyWithinMs: BUILT_IN.unreadyWithinMs,
    })),
  }
}

function builtInSlis(load: unknown): Json {
  const arrivals = isObject(load) && isObject(load.arrivals) ? Object.keys(load.arrivals) : []
  const refusals = arrivals.filter((name) => name.startsWith(BUILT_IN.refusal))
  const unions = Object.entries(BUILT_IN.unions).map(([name, of]) => [name, { kind: 'union', of }] as const)
  return { ...Object.fromEntries(unions), ...Object.fromEntries(refusals.map((name) => [name, { kind: 'refusal' }])) }
}

/** Providers are those between which a failover was expected. */
function builtInCalls(rehearsal: unknown): readonly Json[] {
  const harms = isObject(rehearsal) ? [rehearsal.faults, rehearsal.actions].flatMap(jsonItems) : []
  const reactions = harms.flatMap((harm) => jsonItems(harm.expect))
  const providers = reactions.flatMap(({ kind, from, to }) => (kind === 'failover' ? [from, to] : []))
  return providers.length === 0 ? [] : [{ ...BUILT_IN.calls, providers: [...new Set(providers)] }]
}

/** A scrape with a value that was no number is a failed scrape: what it read is not known. */
function readingOf(sample: Json): Json {
  if (sample.ok !== true || !Array.isArray(sample.series)) return sample
  const bad: unknown = sample.series.find((series) => isObject(series) && series.value === null)
  if (!isObject(bad)) return sample
  const { series: _, ...rest } = sample
  return { ...rest, ok: false, problem: `the value of ${valueText(bad.name)} was not a finite number` }
}

/** What is not of the expected shape stays as it is: the shapes say what is wrong with it. */
const within = (value: unknown, change: (value: Json) => Json): unknown => (isObject(value) ? change(value) : value)
const each = (value: unknown, change: (value: Json) => Json): unknown =>
  Array.isArray(value) ? value.map((item: unknown) => within(item, change)) : value
const jsonItems = (value: unknown): readonly Json[] => (Array.isArray(value) ? value.filter(isObject) : [])
