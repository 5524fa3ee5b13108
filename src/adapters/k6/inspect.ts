/** Loads a bundled scenario without running it, so that what is wrong with it is told before anything is touched. */
import { execFile } from 'node:child_process'
import type { Issue, SourcePoint } from '../../domain/issue.ts'
import { spoken } from './log.ts'

/** k6 loads a script in well under a second; its compiler loops for ever over some syntax. */
const PATIENCE_MS = 20_000

type Finished = {
  readonly failed: boolean
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
}

const run = (binary: string, args: readonly string[], patienceMs: number): Promise<Finished> =>
  new Promise((done) => {
    const env = k6Environment()
    const options = { timeout: patienceMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024, env } as const
    execFile(binary, [...args], options, (error, stdout, stderr) =>
      done({
        failed: error !== null,
        timedOut: error?.killed === true,
        stdout,
        stderr: stderr || (error?.message ?? ''),
      }),
    )
  })

/**
 * Our environment for k6. It must never fetch another binary for an import it does not know, nor phone home; and a K6_VUS or
 * K6_DURATION that a user has set for his own runs would silently replace the plan's load, so none is passed on.
 */
export function k6Environment(): Record<string, string | undefined> {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('K6_'))
  return { ...Object.fromEntries(ours), K6_AUTO_EXTENSION_RESOLUTION: 'false', K6_NO_USAGE_REPORT: 'true' }
}

/** The version as k6 says it (`v2.2.0`); undefined when the binary does not run. */
export async function k6Version(binary: string): Promise<string | undefined> {
  const { stdout } = await run(binary, ['version'], PATIENCE_MS)
  return /\bv\d+\.\d+\.\d+\S*/.exec(stdout)?.[0]
}

export async function inspectBundle(
  binary: string,
  bundle: string,
  script: string,
  patienceMs: number = PATIENCE_MS,
): Promise<readonly Issue[]> {
  const at: SourcePoint = { file: script, line: 0, column: 0 }
  const { failed, timedOut, stdout, stderr } = await run(
    binary,
    ['inspect', '--log-format', 'json', bundle],
    patienceMs,
  )
  if (timedOut) {
    const problem = `k6 was still loading it after ${patienceMs / 1000} s.`
    return [{ at, code: 'load-script-hangs', problem, next: 'look for a loop in what runs when the script is loaded.' }]
  }
  if (failed) return [failure(stderr, script)]
  return profilesIn(stdout).includes('zero') ? [] : [unmeasured(at)]
}

function failure(stderr: string, script: string): Issue {
  const said = stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(spoken)
  const text = said.find(({ level }) => level === 'error' || level === 'fatal')?.text ?? stderr
  const next = 'correct the script; `k6 inspect` on it says the same.'
  return { at: sourcePoint(text, script), code: 'load-script-fails', problem: text.split('\n')[0] ?? '', next }
}

/** The innermost place of a stack trace that is the user's: `at load (file:///folder/script.ts:12:5(34))`, mapped by the bundle's map. */
function sourcePoint(text: string, script: string): SourcePoint {
  const place = /file:\/\/([^\s()]+\.[jt]s):(\d+):(\d+)/.exec(text)
  return { file: place?.[1] ?? script, line: Number(place?.[2] ?? 0), column: Number(place?.[3] ?? 0) }
}

function profilesIn(options: string): readonly string[] {
  try {
    const { scenarios }: { scenarios?: Record<string, unknown> } = JSON.parse(options)
    return Object.keys(scenarios ?? {})
  } catch {
    return []
  }
}

const unmeasured = (at: SourcePoint): Issue => ({
  at,
  code: 'load-script-unmeasured',
  problem: 'Its options have no profile `zero`, so nobody would know when the load began or how it went.',
  next: 'build `options` with loadOptions() and export zero and teardown from scenarios/lib/load.ts; docs/how-to shows a short script.',
})
