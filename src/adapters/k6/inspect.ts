/** Loads a bundled scenario without running it, so that errors in it are reported before anything is touched. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { LoadShape } from '../../controller/ports.ts'
import type { Issue, SourcePoint } from '../../domain/issue.ts'
import type { LoadPlan } from '../../domain/timeline.ts'
import { millis, perSecond } from '../../domain/units.ts'
import { PLAN_VARIABLE, writeLoadPlan } from '../../wire/load-plan.ts'
import { spoken } from './log.ts'

/** k6 loads a script in well under a second. Its compiler hangs on some syntax. */
const PATIENCE_MS = 20_000

type Finished = {
  readonly failed: boolean
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
}

type From = { readonly stdin?: Buffer; readonly folder?: string; readonly env?: Readonly<Record<string, string>> }

const run = (binary: string, args: readonly string[], patienceMs: number, from: From = {}): Promise<Finished> =>
  new Promise((done) => {
    const env = { ...k6Environment(), ...from.env }
    const limits = { timeout: patienceMs, killSignal: 'SIGKILL', maxBuffer: 64 * 1024 * 1024 } as const
    const child = execFile(binary, [...args], { ...limits, env, cwd: from.folder }, (error, stdout, stderr) =>
      done({
        failed: error !== null,
        timedOut: error?.killed === true,
        stdout,
        stderr: stderr || (error?.message ?? ''),
      }),
    )
    // It may end before it has read all input.
    child.stdin?.on('error', () => undefined).end(from.stdin)
  })

/**
 * Environment for k6. It must never download another binary for an unknown import, nor phone home. K6_VUS or K6_DURATION from the user's own
 * environment would silently replace the plan's load, so they are not passed on.
 */
export function k6Environment(): Record<string, string | undefined> {
  const ours = Object.entries(process.env).filter(([name]) => !name.startsWith('K6_'))
  return { ...Object.fromEntries(ours), K6_AUTO_EXTENSION_RESOLUTION: 'false', K6_NO_USAGE_REPORT: 'true' }
}

/** The version that k6 reports (`v2.2.0`); undefined if the binary does not run. */
export async function k6Version(binary: string): Promise<string | undefined> {
  const { stdout } = await run(binary, ['version'], PATIENCE_MS)
  return /\bv\d+\.\d+\.\d+\S*/.exec(stdout)?.[0]
}

export type Inspected = { readonly issues: readonly Issue[]; readonly notes: readonly string[] }

/** k6 reads the bundle from stdin and runs in the script's folder, so `open('./users.csv')` finds the file beside the script. */
export async function inspectBundle(
  binary: string,
  bundle: string,
  script: string,
  load: LoadShape,
  patienceMs: number = PATIENCE_MS,
): Promise<Inspected> {
  const at: SourcePoint = { file: script, line: 0, column: 0 }
  const plan = `${bundle}.${randomUUID()}.plan`
  writeFileSync(plan, writeLoadPlan(planLike(load)))
  // With the requirements k6 also checks the functions that the load profiles call. `k6 run` passes the environment on by itself.
  const flags = ['--log-format', 'json', '--execution-requirements', '--include-system-env-vars']
  const args = ['inspect', ...flags, '-']
  const from = { stdin: readFileSync(bundle), folder: dirname(resolve(script)), env: { [PLAN_VARIABLE]: plan } }
  const { failed, timedOut, stdout, stderr } = await run(binary, args, patienceMs, from)
  rmSync(plan)
  if (timedOut) {
    const problem = `k6 was still loading it after ${patienceMs / 1000} s.`
    const next = 'look for a loop in what runs when the script is loaded.'
    return refused({ at, code: 'load-script-hangs', problem, next })
  }
  if (failed) return refused(...failures(stderr, script))
  const { profiles, thresholds } = optionsIn(stdout)
  if (!profiles.includes('zero')) return refused(unmeasured(at))
  return { issues: [], notes: thresholds.length > 0 ? [ignored(script, thresholds)] : [] }
}

const refused = (...issues: readonly Issue[]): Inspected => ({ issues, notes: [] })

const ignored = (script: string, thresholds: readonly string[]): string =>
  `${script}: its k6 thresholds (${thresholds.join(', ')}) are ignored; the objectives and guardrails of the rehearsal decide.`

/** A second of load for every profile of the rehearsal. */
function planLike({ profiles, sockets }: LoadShape): LoadPlan {
  const stages = [{ durationMs: millis(1_000), from: perSecond(1), to: perSecond(1) }] as const
  return {
    run: 'inspect',
    seed: 1,
    entry: 'http://127.0.0.1',
    profiles: profiles.map((name) => ({ name, stages })),
    ...(sockets ? { sockets: { lifetimeMs: millis(1_000), stages, sli: 'sockets' } } : {}),
    unions: {},
    limits: {},
  }
}

const MISSING_FUNCTION = /executor (\S+): function '([^']+)' not found in exports/g

function failures(stderr: string, script: string): readonly Issue[] {
  const missing = [...stderr.matchAll(MISSING_FUNCTION)].map(([, profile = '', name = '']) =>
    notExported(script, profile, name),
  )
  return missing.length > 0 ? missing : [failure(stderr, script)]
}

const notExported = (file: string, profile: string, name: string): Issue => ({
  at: { file, line: 0, column: 0 },
  code: 'load-script-export',
  problem: `The rehearsal's load profile ${profile} calls ${name}, which the script does not export.`,
  next: `export it: \`export const ${name} = measure('${profile}', …)\`; or correct the name in the rehearsal's load.`,
})

function failure(stderr: string, script: string): Issue {
  const said = stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(spoken)
  const text = said.find(({ level }) => level === 'error' || level === 'fatal')?.text ?? stderr
  const next = 'correct the script; `k6 inspect` on it says the same.'
  return { at: sourcePoint(text, script), code: 'load-script-fails', problem: text.split('\n')[0] ?? '', next }
}

/** The innermost stack frame in the user's code: `at load (file:///folder/script.ts:12:5(34))`, mapped by the bundle's source map. */
function sourcePoint(text: string, script: string): SourcePoint {
  const place = /file:\/\/([^\s()]+\.[jt]s):(\d+):(\d+)/.exec(text)
  return { file: place?.[1] ?? script, line: Number(place?.[2] ?? 0), column: Number(place?.[3] ?? 0) }
}

function optionsIn(text: string): { readonly profiles: readonly string[]; readonly thresholds: readonly string[] } {
  type Options = { scenarios?: Record<string, unknown> | null; thresholds?: Record<string, unknown> | null }
  try {
    const { scenarios, thresholds }: Options = JSON.parse(text)
    return { profiles: Object.keys(scenarios ?? {}), thresholds: Object.keys(thresholds ?? {}) }
  } catch {
    return { profiles: [], thresholds: [] }
  }
}

const unmeasured = (at: SourcePoint): Issue => ({
  at,
  code: 'load-script-unmeasured',
  problem: 'Its options have no profile `zero`, so nobody would know when the load began or how it went.',
  next: 'build `options` with loadOptions() and export zero and teardown from scenarios/lib/load.ts; docs/how-to shows a short script.',
})
