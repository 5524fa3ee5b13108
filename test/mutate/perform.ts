/** Runs the tests of a room with one file replaced, in a process group of its own that a timeout can end. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Outcome } from './outcome.ts'
import type { Durations } from './quick-first.ts'
import type { Replaced } from './vitest.config.ts'

export type Bench = { readonly folder: string; readonly workers: number; readonly seed: number }

/** The part of vitest's JSON report that counts here. */
type Report = {
  readonly success: boolean
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly startTime: number
    readonly endTime: number
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

type Ended = { readonly code: number | null; readonly isLate: boolean; readonly report: Report | undefined }

let running: number | undefined

/** Ends the tests that run, with all that they started. */
export function endTests(): void {
  if (running === undefined) return
  try {
    process.kill(-running, 'SIGKILL')
  } catch {
    // They have just ended.
  }
}

function runTests(bench: Bench, tests: string, env: Record<string, string>, limitMs: number): Promise<Ended> {
  const out = join(bench.folder, 'report.json')
  rmSync(out, { force: true })
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/mutate/vitest.config.ts', tests]
  const flags = ['--bail', '1', '--maxWorkers', String(bench.workers), '--reporter', 'json', '--outputFile', out]
  const child = spawn(process.execPath, [...args, ...flags], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, ...env, REHEARSAL_SEED: String(bench.seed) },
  })
  running = child.pid
  let isLate = false
  const timer = setTimeout(() => {
    isLate = true
    endTests()
  }, limitMs)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => {
      clearTimeout(timer)
      running = undefined
      resolve({ code, isLate, report: existsSync(out) ? (JSON.parse(readFileSync(out, 'utf8')) as Report) : undefined })
    })
  })
}

const BASELINE_LIMIT_MS = 900_000

/** How long each test file takes without a mutant; undefined where the tests do not pass. */
export async function baseline(bench: Bench, tests: string): Promise<Durations | undefined> {
  const { code, report } = await runTests(bench, tests, {}, BASELINE_LIMIT_MS)
  if (code !== 0 || report === undefined) return undefined
  return Object.fromEntries(
    report.testResults.map(({ name, startTime, endTime }) => [relative('.', name), endTime - startTime]),
  )
}

function firstFailure(report: Report): string {
  const file = report.testResults.find(({ status }) => status === 'failed')
  const test = file?.assertionResults.find(({ status }) => status === 'failed')
  return `${relative('.', file?.name ?? '')} ${test?.fullName ?? 'did not load'}`
}

function outcomeOf({ code, isLate, report }: Ended, isSeen: boolean): Outcome {
  if (isLate) return isSeen ? { kind: 'timed-out' } : { kind: 'unclear', why: 'timed out before the file was loaded' }
  if (report !== undefined && !report.success) {
    return isSeen ? { kind: 'killed', by: firstFailure(report) } : { kind: 'unclear', why: firstFailure(report) }
  }
  if (code !== 0) return { kind: 'unclear', why: `vitest ended with ${code}, and no test failed` }
  return isSeen ? { kind: 'survived' } : { kind: 'no-test' }
}

/** `text` in place of `file`. The limit is three times what the tests take without a mutant, and 20 s. */
export async function performMutant(
  bench: Bench,
  { file, text, tests, durations }: { file: string; text: string; tests: string; durations: Durations },
): Promise<Outcome> {
  const [order, seen, times] = ['mutant.json', 'seen', 'durations.json'].map((name) => join(bench.folder, name))
  if (order === undefined || seen === undefined || times === undefined) throw new Error('three names give three paths')
  rmSync(seen, { force: true })
  writeFileSync(order, JSON.stringify({ file, text, seen } satisfies Replaced))
  writeFileSync(times, JSON.stringify(durations))
  const usualMs = Object.values(durations).reduce((sum, ms) => sum + ms, 0)
  const env = { MATCHDAY_MUTANT: order, MATCHDAY_DURATIONS: times }
  const ended = await runTests(bench, tests, env, 20_000 + 3 * usualMs)
  return outcomeOf(ended, existsSync(seen))
}
