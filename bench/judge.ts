/**
 * Judge and report of a run stretched to one hour, from the file on disk to the finished pages: how long, and how much more memory
 * than the same run unstretched it holds. A recorded run is used where there is one (reports/example), else a made-up one as dense.
 */
import { execFile } from 'node:child_process'
import { createWriteStream, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import type { Evidence } from '../src/domain/evidence.ts'
import { CHAIN_START, chained } from '../src/journal/chain.ts'
import { encodeRecord } from '../src/journal/format/encode.ts'
import { readJournal } from '../src/journal/read.ts'
import { evidence, secondAt } from '../test/support/evidence.ts'
import { stretch } from '../test/support/stretch.ts'

const HOUR_MS = 3_600_000
const GOAL_MS = 5000
/** Flat: series of an hour to draw and counts a second to judge, but no records. */
const GOAL_MB = 32

type Cost = {
  readonly ms: number
  readonly heldMb: number
  readonly peakMb: number
  readonly verdict: string
  readonly records: number
}

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  const folder = mkdtempSync(join(tmpdir(), 'matchday-bench-'))
  try {
    const records = await recorded()
    const times = Math.ceil(HOUR_MS / spanOf(records))
    const once = await costOf(await written(join(folder, 'once.ndjson'), stretch(records, 1)))
    const path = await written(join(folder, 'hour.ndjson'), stretch(records, times))
    const hour = await costOf(path)
    const more = Math.max(0, hour.heldMb - once.heldMb)
    const size = `${hour.records} records, ${(statSync(path).size / 1e6).toFixed(0)} MB, verdict ${hour.verdict}`
    return [
      {
        name: 'judge + report of one hour',
        goal: `≤ ${GOAL_MS / 1000} s`,
        figure: `${(hour.ms / 1000).toFixed(2)} s (${size})`,
        met: hour.ms <= GOAL_MS,
      },
      {
        name: 'memory held for one hour over that for one run',
        goal: `≤ ${GOAL_MB} MB more`,
        figure: `${more.toFixed(0)} MB more (${once.heldMb.toFixed(0)} → ${hour.heldMb.toFixed(0)} MB held; process at its peak ${hour.peakMb.toFixed(0)} MB)`,
        met: more <= GOAL_MB,
      },
    ]
  } finally {
    rmSync(folder, { recursive: true })
  }
}

async function recorded(): Promise<Evidence[]> {
  const example = join(import.meta.dirname, '..', 'reports', 'example', 'journal.ndjson')
  if (!existsSync(example)) return dense(evidence())
  const records: Evidence[] = []
  for await (const { record } of readJournal(example)) records.push(record)
  return records
}

const spanOf = (records: readonly Evidence[]): number => {
  const head = records.find((record) => record.kind === 'run-started')
  return head?.timeline.totalMs ?? HOUR_MS
}

/** A real run scrapes some twenty pods a second besides the two of the made-up one. */
function dense(records: readonly Evidence[]): Evidence[] {
  const pods = Array.from({ length: 20 }, (_, n) => `gateway-${n}`)
  const series = Array.from({ length: 6 }, (_, n) => ({
    name: 'http_requests_total',
    labels: { route: `/r${n}`, code: '200' },
  }))
  const more = Array.from({ length: 160 }, (_, second) =>
    pods.map(
      (pod): Evidence => ({
        kind: 'sample',
        at: secondAt(second + 0.25),
        source: 'gateway',
        pod,
        ok: true,
        series: series.map((each) => ({ ...each, value: second * 7 })),
      }),
    ),
  )
  return [...records, ...more.flat()].sort((a, b) => a.at - b.at)
}

async function written(path: string, records: Iterable<Evidence>): Promise<string> {
  const lines = function* () {
    let seq = 0
    let previous = CHAIN_START
    for (const record of records) {
      const { line, hash } = chained(encodeRecord(record), ++seq, previous)
      previous = hash
      yield `${line}\n`
    }
  }
  await pipeline(Readable.from(lines()), createWriteStream(path))
  return path
}

/** In a process of its own, so that its peak is its own; the time is from the first byte read to the last page made. */
async function costOf(path: string): Promise<Cost> {
  const src = (file: string) => JSON.stringify(new URL(`../src/${file}`, import.meta.url).href)
  const program = `
    const { createJudging } = await import(${src('judge/judge.ts')})
    const { readJournal } = await import(${src('journal/read.ts')})
    const { createViewing } = await import(${src('report/view.ts')})
    const { htmlReport } = await import(${src('report/html.ts')})
    const { markdownReport } = await import(${src('report/markdown.ts')})
    const { junitReport } = await import(${src('report/junit.ts')})
    const startedAt = performance.now()
    const [judged, viewed] = [createJudging(), createViewing()]
    let records = 0
    for await (const { record, line } of readJournal(${JSON.stringify(path)})) {
      judged.add(record, line)
      viewed.add(record)
      records = line
    }
    const judgment = judged.result()
    const pages = [htmlReport(judgment, viewed.result()), markdownReport(judgment), junitReport(judgment, viewed.result().started.rehearsal)]
    const ms = performance.now() - startedAt
    globalThis.gc()
    const heldMb = process.memoryUsage().heapUsed / 1e6
    if (pages.some((page) => page.length === 0)) throw new Error('a page is empty')
    console.log(JSON.stringify({ ms, records, heldMb, peakMb: process.resourceUsage().maxRSS / 1024, verdict: judged.result().verdict.kind, seconds: viewed.result()?.seconds }))`
  const node = ['--no-warnings', '--expose-gc', '--input-type=module', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, node, { maxBuffer: 1 << 20 })
  return JSON.parse(stdout) as Cost
}
