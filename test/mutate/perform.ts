/** Runs the tests of a room, in a process group of its own that a timeout can end. */
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Outcome } from './outcome.ts'
import type { Durations } from './quick-first.ts'
import type { Replaced } from './vitest.config.ts'

export type Bench = { readonly folder: string; readonly seed: number }

/** The part of vitest's JSON report that counts here. */
export type Report = {
  readonly success: boolean
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly startTime: number
    readonly endTime: number
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[]
  }[]
}

export type Ended = { readonly code: number | null; readonly isLate: boolean; readonly report: Report | undefined }

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

export type Run = {
  readonly tests: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly flags: readonly string[]
  /** Asked each second. */
  readonly isLate: (elapsedMs: number) => boolean
}

export function runTests(bench: Bench, { tests, env, flags, isLate }: Run): Promise<Ended> {
  const out = join(bench.folder, 'report.json')
  rmSync(out, { force: true })
  const args = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/mutate/vitest.config.ts', ...tests]
  const always = ['--maxWorkers', '1', '--reporter', 'json', '--outputFile', out]
  const child = spawn(process.execPath, [...args, ...always, ...flags], {
    stdio: 'ignore',
    detached: true,
    env: { ...process.env, ...env, REHEARSAL_SEED: String(bench.seed) },
  })
  running = child.pid
  let wasLate = false
  const started = Date.now()
  const timer = setInterval(() => {
    if (!isLate(Date.now() - started)) return
    wasLate = true
    endTests()
  }, 1000)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => {
      clearInterval(timer)
      running = undefined
      const report = existsSync(out) ? (JSON.parse(readFileSync(out, 'utf8')) as Report) : undefined
      resolve({ code, isLate: wasLate, report })
    })
  })
}

/** How long each test file takes. */
export const durationsIn = (report: Report): Durations =>
  Object.fromEntries(
    report.testResults.map(({ name, startTime, endTime }) => [relative('.', name), endTime - startTime]),
  )

/** The tests that fail, by file and name. */
export const failuresIn = (report: Report): readonly string[] =>
  report.testResults
    .filter(({ status }) => status === 'failed')
    .flatMap(({ name, assertionResults }) => {
      const failed = assertionResults.filter(({ status }) => status === 'failed')
      const names = failed.length === 0 ? ['did not load'] : failed.map(({ fullName }) => fullName)
      return names.map((each) => `${relative('.', name)} ${each}`)
    })

function outcomeOf({ code, isLate, report }: Ended, isSeen: boolean): Outcome {
  if (isLate) return isSeen ? { kind: 'timed-out' } : { kind: 'unclear', why: 'timed out before the file was loaded' }
  const [failure] = report === undefined ? [] : failuresIn(report)
  if (failure !== undefined) return isSeen ? { kind: 'killed', by: failure } : { kind: 'unclear', why: failure }
  if (code !== 0) return { kind: 'unclear', why: `vitest ended with ${code}, and no test failed` }
  return isSeen ? { kind: 'survived' } : { kind: 'no-test' }
}

export type Change = {
  readonly file: string
  readonly text: string
  readonly tests: readonly string[]
  readonly durations: Durations
}

/** Runs the tests with `text` in place of `file`, until one fails. The limit is ten times what they take without a mutant, and a minute. */
export async function performMutant(bench: Bench, { file, text, tests, durations }: Change): Promise<Outcome> {
  const [order, seen, times] = ['mutant.json', 'seen', 'durations.json'].map((name) => join(bench.folder, name))
  if (order === undefined || seen === undefined || times === undefined) throw new Error('three names give three paths')
  rmSync(seen, { force: true })
  writeFileSync(order, JSON.stringify({ files: { [file]: text }, seen } satisfies Replaced))
  writeFileSync(times, JSON.stringify(durations))
  const usualMs = Object.entries(durations)
    .filter(([path]) => tests.some((each) => path.startsWith(each)))
    .reduce((sum, [, ms]) => sum + ms, 0)
  const ended = await runTests(bench, {
    tests,
    env: { MATCHDAY_REPLACED: order, MATCHDAY_DURATIONS: times },
    flags: ['--bail', '1'],
    isLate: (elapsedMs) => elapsedMs > 60_000 + 10 * usualMs,
  })
  return outcomeOf(ended, existsSync(seen))
}

/** Whether a file was not written for so long. A file that is missing counts as written when the run began. */
export const isStill = (path: string, limitMs: number, elapsedMs: number): boolean =>
  (existsSync(path) ? Date.now() - statSync(path).mtimeMs : elapsedMs) > limitMs
