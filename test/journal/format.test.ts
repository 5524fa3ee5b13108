import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { judgeFolder, writeReports } from '../../src/cli/judging.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { millis, perSecond } from '../../src/domain/units.ts'
import { decodeLine } from '../../src/journal/format/decode.ts'
import { encodeRecord, FORMAT } from '../../src/journal/format/encode.ts'
import { readJournal } from '../../src/journal/read.ts'
import { acceptance } from '../support/accepting.ts'
import { evidence } from '../support/evidence.ts'
import { sessionRecords } from '../support/evidence-blocks.ts'
import { everything } from '../support/evidence-everything.ts'
import { chainedAnew } from '../support/journal-text.ts'
import { tempFolder } from '../support/temp-folder.ts'

const golden = (format: number): string => `test/journal/golden/format-${format}.ndjson`
const example = readFileSync('reports/example/journal.ndjson', 'utf8')

async function read(path: string) {
  const reading = readJournal(path)
  const records: Evidence[] = []
  for await (const { record } of reading) records.push(record)
  return { records, seal: reading.seal }
}

async function judged(text: string) {
  const folder = tempFolder()
  writeFileSync(join(folder, 'journal.ndjson'), text)
  const judgment = await judgeFolder(folder)
  await writeReports(folder, judgment)
  return judgment.judgment
}

/** Some lines of each kind of record of a real run. Format 2 is the run of format 1, chained; format 3 says in its head what was built in before. */
describe('a journal of each format', () => {
  const formats = Array.from({ length: FORMAT + 1 }, (_, format) => format)

  it.each(formats)('of format %i is read without a loss', async (format) => {
    const { records, seal } = await read(golden(format))
    expect(records.filter(({ kind }) => kind === 'evidence-lost' || kind === 'evidence-doubted')).toEqual([])
    expect(seal).toMatchObject({ format, kind: format >= 2 ? 'chained' : 'unchained' })
    expect(new Set(records.map(({ kind }) => kind)).size).toBeGreaterThanOrEqual(13)
  })

  it.each(formats)('of format %i is judged and drawn', async (format) => {
    const { verdict, findings } = await judged(readFileSync(golden(format), 'utf8'))
    // Most seconds of the run were cut out.
    expect(verdict.kind).not.toBe('pass')
    expect(findings.map(({ cause }) => cause)).not.toContain('evidence-changed')
  })

  it.each([1, 2])('holds the same evidence in format %i and 3', async (format) => {
    expect((await read(golden(format))).records).toEqual((await read(golden(3))).records)
  })

  /** Case no-actions. */
  it('passes as before when an earlier version wrote its head, without actions', async () => {
    const [line = '', ...rest] = example.split('\n')
    const { rehearsal, timeline, ...head } = JSON.parse(line) as Record<
      'rehearsal' | 'timeline',
      Record<string, unknown>
    >
    const [{ actions: _a, ...older }, { actions: _b, ...plan }] = [rehearsal, timeline]
    const judgment = await judged([JSON.stringify({ ...head, rehearsal: older, timeline: plan }), ...rest].join('\n'))
    expect(judgment.verdict.kind).toBe('pass')
    expect(judgment.evidence).toEqual({ kind: 'unchained', format: 0, lines: 3041 })
  })

  it('has a failed scrape where format 1 wrote a value that was not a number', async () => {
    const at = example.split('\n').findIndex((line) => line.includes('"kind":"sample"') && line.includes('"value":'))
    const lines = example
      .split('\n')
      .map((line, index) => (index === at ? line.replace(/"value":[0-9.]+/, '"value":null') : line))
    const path = join(tempFolder(), 'journal.ndjson')
    writeFileSync(path, lines.join('\n'))
    expect((await read(path)).records[at]).toMatchObject({
      ok: false,
      problem: expect.stringContaining('not a finite number'),
    })
    writeFileSync(path, chainedAnew(lines.join('\n')))
    expect((await read(path)).records[at]).toMatchObject({
      kind: 'evidence-lost',
      problem: expect.stringContaining('value is not'),
    })
  })

  it('keeps the Prometheus of its target', async () => {
    const [head] = evidence()
    if (head?.kind !== 'run-started') throw new Error('a journal begins with its head')
    const login = { kind: 'bearer', from: { kind: 'env', name: 'PROMETHEUS_TOKEN' } } as const
    const prometheus = {
      server: { kind: 'url', url: 'https://p.example.com', login, ca: 'ca.pem' },
      scrapeMs: millis(15_000),
      sources: { carrier: { calls_total: 'calls_total{job="carrier"}' } },
    } as const
    const told = { ...head, target: { ...head.target, prometheus } }
    expect(decodeLine(encodeRecord(told), FORMAT)).toMatchObject({ ok: true, record: { target: { prometheus } } })
  })

  it('keeps the accepted findings of its target, so that a stored run is judged by those of its time', async () => {
    const [head] = evidence()
    if (head?.kind !== 'run-started') throw new Error('a journal begins with its head')
    const acceptedFindings = [acceptance('slo-missed', { about: 'deposit' }), acceptance('a-cause-of-another-version')]
    const told = { ...head, target: { ...head.target, acceptedFindings } }
    expect(decodeLine(encodeRecord(told), FORMAT)).toMatchObject({ ok: true, record: { target: { acceptedFindings } } })
  })

  it('keeps the metric on which an autoscaler scales', () => {
    const [head] = evidence()
    if (head?.kind !== 'run-started') throw new Error('a journal begins with its head')
    const of = { of: 'broker', metric: 'waiting', where: {} }
    const metrics = [
      { kind: 'gauge', ...of, pods: 'max', above: 100 } as const,
      { kind: 'rate', ...of, above: perSecond(5) } as const,
    ]
    for (const scalesOn of metrics) {
      const expectations = head.rehearsal.expectations.map((each) =>
        each.kind === 'autoscaler' ? { ...each, scalesOn } : each,
      )
      const told = { ...head, rehearsal: { ...head.rehearsal, expectations } }
      expect(decodeLine(encodeRecord(told), FORMAT)).toEqual({ ok: true, record: told })
    }
  })

  it('keeps indicators of Prometheus, and which metrics a scrape had no sample of', () => {
    const [head] = evidence()
    if (head?.kind !== 'run-started') throw new Error('a journal begins with its head')
    const at = { file: 'x.rehearsal.yaml', line: 1, column: 1 }
    const slis = {
      orders: { kind: 'prometheus-ratio', of: 'shop', good: 'good', total: 'all', at },
      failed: {
        kind: 'prometheus-failures',
        of: 'openslo/failed',
        bad: 'bad',
        total: 'total',
        at,
        series: { bad: 'b' },
      },
      times: { kind: 'prometheus-buckets', of: 'shop', buckets: 'times_bucket', unit: 's', at },
    } as const
    const told = { ...head, rehearsal: { ...head.rehearsal, slis } }
    expect(decodeLine(encodeRecord(told), FORMAT)).toEqual({ ok: true, record: told })
    const unread = [{ metric: 'good', problem: 'has no sample in this scrape', absent: true }] as const
    const sample = { kind: 'sample', at: head.at, source: 'shop', pod: 'a', ok: true, series: [], unread } as const
    expect(decodeLine(encodeRecord(sample), FORMAT)).toEqual({ ok: true, record: sample })
  })

  it('is refused as a whole when its head is malformed, and the field is named', async () => {
    const malformed = example.replace('"objective":0.999', '"objective":"three nines"')
    await expect(judged(malformed)).rejects.toMatchObject({
      name: 'JournalError',
      message: expect.stringContaining('rehearsal.slos.0.objective is not a number from 0 to 1'),
    })
  })
})

/** Every value of every field, replaced by one that it cannot have. */
describe('a record of the wrong shape', () => {
  const records = [...evidence(), ...everything(), ...sessionRecords()]
  const oneOfEach = [...new Map(records.map((record) => [keyOf(record), record])).values()]

  it.each(oneOfEach.map((record) => [keyOf(record), record] as const))('is lost with a reason: %s', (_, record) => {
    const json = encodeRecord(record)
    expect(decodeLine(json, FORMAT)).toMatchObject({ ok: true })
    for (const change of [replaced, removed]) {
      for (const [path, text] of change(JSON.parse(json))) {
        const decoded = decodeLine(text, FORMAT)
        expect(decoded.ok ? `${path}: accepted ${text}` : '').toBe('')
      }
    }
  })
})

function keyOf(record: Evidence): string {
  switch (record.kind) {
    case 'object-seen':
      return `${record.kind} ${record.object.resource}`
    case 'objects-listed':
      return `${record.kind} ${record.resource}`
    case 'fault-step':
    case 'action-step':
      return `${record.kind} ${record.step.is}`
    case 'sample':
      return `${record.kind} ${record.ok}`
    default:
      return record.kind
  }
}

type Change = readonly [path: string, text: string]

/** Objects that are not matchday's, whose content is not checked. */
const isForeign = (path: string): boolean => /\.spec(\.|$)/.test(path)

/** Each value in turn as something of another type. */
function* replaced(value: unknown): Generator<Change> {
  for (const [path, changedTo] of places(value, value, '')) {
    // No field of any record is a list of lists.
    if (!isForeign(path)) yield [path, changedTo([[]])]
  }
}

/** Each field in turn taken away, where it is not one that may be missing or a name among others. */
function* removed(value: unknown): Generator<Change> {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    const { [key]: _, ...rest } = value as Record<string, unknown>
    if (!mayBeMissing.has(key)) yield [key, JSON.stringify(rest)]
  }
}
const mayBeMissing = new Set(['pair', 'frames', 'sockets', 'loopLag', 'imbalanceCents', 'burn'])

function* places(root: unknown, value: unknown, path: string): Generator<readonly [string, (by: unknown) => string]> {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    const holder = value as Record<string, unknown>
    yield [
      `${path}.${key}`,
      (by) => {
        const before = holder[key]
        holder[key] = by
        const text = JSON.stringify(root)
        holder[key] = before
        return text
      },
    ]
    yield* places(root, holder[key], `${path}.${key}`)
  }
}
