/** Loads a script without running it, so that errors in it are reported before anything is touched, and its own load can be planned. */
import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { LoadShape } from '../../controller/ports.ts'
import { exportNameOf } from '../../domain/arrival-profile.ts'
import type { Issue, SourcePoint } from '../../domain/issue.ts'
import type { K6Scenario, ScriptFacts, ScriptThreshold } from '../../domain/script.ts'
import type { LoadPlan } from '../../domain/timeline.ts'
import { millis, perSecond } from '../../domain/units.ts'
import { EXPORTS_MARK, INSPECT_VARIABLE, PLAN_VARIABLE, writeLoadPlan } from '../../wire/load-plan.ts'
import type { Loadable } from './loadable.ts'
import { spoken } from './log.ts'
import { placeIn, quoted } from './script-text.ts'

/** k6 loads a script in well under a second. Its compiler hangs on some syntax. */
const PATIENCE_MS = 20_000

type Finished = {
  readonly failed: boolean
  readonly timedOut: boolean
  readonly stdout: string
  readonly stderr: string
}

type From = {
  readonly stdin?: Buffer
  readonly folder?: string
  readonly env?: Readonly<Record<string, string>>
  readonly withheld?: readonly string[]
}

const run = (binary: string, args: readonly string[], patienceMs: number, from: From = {}): Promise<Finished> =>
  new Promise((done) => {
    const env = { ...k6Environment(from.withheld), ...from.env }
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
 * environment would silently replace the plan's load, so they are not passed on. Neither are the addresses and keys of webhooks, nor the variables that hold other
 * secrets of matchday (`withheld`): a script could show them.
 */
export function k6Environment(withheld: readonly string[] = []): Record<string, string | undefined> {
  const ours = Object.entries(process.env).filter(
    ([name]) => !/^K6_|^MATCHDAY_(WEBHOOK|SLACK)_/.test(name) && !withheld.includes(name),
  )
  return { ...Object.fromEntries(ours), K6_AUTO_EXTENSION_RESOLUTION: 'false', K6_NO_USAGE_REPORT: 'true' }
}

/** The version that k6 reports (`v2.2.0`); undefined if the binary does not run. */
export async function k6Version(binary: string): Promise<string | undefined> {
  const { stdout } = await run(binary, ['version'], PATIENCE_MS)
  return /\bv\d+\.\d+\.\d+\S*/.exec(stdout)?.[0]
}

export type Inspected = {
  readonly issues: readonly Issue[]
  readonly notes: readonly string[]
  /** Present where there are no issues. */
  readonly facts?: ScriptFacts
}

/** k6 reads the entry from stdin and runs in the script's folder, so `open('./users.csv')` finds the file beside the script. */
export async function inspectEntry(
  binary: string,
  { file, bundled, usesLibrary, sources }: Loadable,
  script: string,
  load: LoadShape,
  patienceMs: number = PATIENCE_MS,
): Promise<Inspected> {
  const at: SourcePoint = { file: script, line: 0, column: 0 }
  const plan = `${file}.${randomUUID()}.plan`
  writeFileSync(plan, writeLoadPlan(planLike(load)))
  // With the requirements k6 also checks the functions that the load profiles call. `k6 run` passes the environment on by itself.
  const flags = ['--log-format', 'json', '--execution-requirements', '--include-system-env-vars']
  const env = { ...load.env, [INSPECT_VARIABLE]: 'yes', ...(usesLibrary ? { [PLAN_VARIABLE]: plan } : {}) }
  const { withheld = [] } = load
  const from = { stdin: readFileSync(file), folder: dirname(resolve(script)), env, withheld }
  const { failed, timedOut, stdout, stderr } = await run(binary, ['inspect', ...flags, '-'], patienceMs, from)
  rmSync(plan)
  if (timedOut) {
    const problem = `k6 was still loading it after ${patienceMs / 1000} s.`
    const next = 'look for a loop in what runs when the script is loaded.'
    return refused({ at, code: 'load-script-hangs', problem, next })
  }
  if (failed) return refused(...failures(stderr, script, sources, usesLibrary))
  const facts = { ...factsIn(stdout, stderr, usesLibrary), bundled }
  const issues = usesLibrary
    ? Object.hasOwn(facts.scenarios, 'zero')
      ? []
      : [unmeasured(at)]
    : missingFunctions(script, load, facts)
  return issues.length > 0 ? refused(...issues) : { issues: [], notes: notesOn(script, load, facts), facts }
}

const refused = (...issues: readonly Issue[]): Inspected => ({ issues, notes: [] })

/** What the script asks for and does not get, or gets beside the rehearsal's load. */
function notesOn(script: string, load: LoadShape, { usesLibrary, scenarios }: ScriptFacts): readonly string[] {
  const planned = new Set([...load.profiles, 'sockets', 'zero'])
  const others = Object.keys(scenarios).filter((name) => !planned.has(name))
  if (others.length === 0 || load.own) return []
  if (usesLibrary) return [`${script}: its own scenarios (${others.join(', ')}) run beside the rehearsal's load.`]
  const isDefault =
    others.length === 1 && others[0] === 'default' && scenarios.default?.executor === 'per-vu-iterations'
  if (isDefault) return []
  return [`${script}: its own scenarios (${others.join(', ')}) do not run, because the rehearsal has arrivals.`]
}

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

/** Functions that the rehearsal's arrivals call. k6 checks those of the script's own scenarios itself. */
function missingFunctions(script: string, load: LoadShape, { functions }: ScriptFacts): readonly Issue[] {
  const missing = load.profiles.filter((profile) => !functions.includes(exportNameOf(profile)))
  return missing.map((profile) => notExported(script, profile, exportNameOf(profile), functions))
}

const MISSING_FUNCTION = /executor (\S+): function '([^']+)' not found in exports/g

function failures(stderr: string, script: string, sources: readonly string[], usesLibrary: boolean): readonly Issue[] {
  const missing = [...stderr.matchAll(MISSING_FUNCTION)].map(([, profile = '', name = '']) =>
    usesLibrary ? notExported(script, profile, name, []) : notCallable(script, sources, profile, name),
  )
  return missing.length > 0 ? missing : [failure(stderr, script, sources)]
}

function notExported(file: string, profile: string, name: string, functions: readonly string[]): Issue {
  const others = functions.length === 0 ? '' : ` It exports ${functions.join(', ')}.`
  return {
    at: { file, line: 0, column: 0 },
    code: 'load-script-export',
    problem: `The rehearsal's load profile ${profile} calls ${name}, which the script does not export.${others}`,
    next: `export a function ${name}, or correct the name in the rehearsal's load.`,
  }
}

const notCallable = (script: string, sources: readonly string[], scenario: string, name: string): Issue => ({
  at: placeIn(sources, quoted(name)) ?? { file: script, line: 0, column: 0 },
  code: 'load-script-export',
  problem: `The script's scenario ${scenario} calls ${name}, which the script does not export.`,
  next: `export a function ${name}, or correct exec in options.scenarios.`,
})

function failure(stderr: string, script: string, sources: readonly string[]): Issue {
  const said = stderr
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map(spoken)
  const text = said.find(({ level }) => level === 'error' || level === 'fatal')?.text ?? stderr
  return extensionMissing(text, script, sources) ?? moduleMissing(text, script, sources) ?? thrown(text, script)
}

function extensionMissing(text: string, script: string, sources: readonly string[]): Issue | undefined {
  const names = /unknown modules \[([^\]]+)\]/.exec(text)?.[1]?.match(/k6\/[\w./-]+/g)
  if (!names) return undefined
  return {
    at: placeIn(sources, names.flatMap(quoted)) ?? { file: script, line: 0, column: 0 },
    code: 'load-script-extension',
    problem: `This k6 does not have ${names.join(' and ')}.`,
    next: 'build a k6 with these extensions (xk6) and name it in MATCHDAY_K6.',
  }
}

function moduleMissing(text: string, script: string, sources: readonly string[]): Issue | undefined {
  const name = /The moduleSpecifier "([^"]+)"/.exec(text)?.[1]
  if (name === undefined) return undefined
  return {
    at: placeIn(sources, quoted(name)) ?? { file: script, line: 0, column: 0 },
    code: 'load-script-import',
    problem: (text.split('The moduleSpecifier ')[1] ?? text).split(' Make sure')[0] ?? text,
    next: 'correct the import; for a remote module, check that this machine reaches it, or keep a copy beside the script.',
  }
}

const thrown = (text: string, script: string): Issue => ({
  at: sourcePoint(text, script),
  code: 'load-script-fails',
  problem: text.split('\n')[0] ?? '',
  next: 'correct the script; `k6 inspect` on it says the same.',
})

/** The innermost stack frame in the user's code: `at load (file:///folder/script.ts:12:5(34))`, or `file:///folder/script.ts: Line 3:17`. */
function sourcePoint(text: string, script: string): SourcePoint {
  const place = /file:\/\/([^\s()]+\.[cm]?[jt]s):(?: Line )?(\d+):(\d+)/.exec(text)
  return { file: place?.[1] ?? script, line: Number(place?.[2] ?? 0), column: Number(place?.[3] ?? 0) }
}

function factsIn(stdout: string, stderr: string, usesLibrary: boolean): Omit<ScriptFacts, 'bundled'> {
  const { scenarios, thresholds } = optionsIn(stdout)
  return {
    usesLibrary,
    functions: functionsIn(stderr),
    scenarios: scenarios ?? {},
    thresholds: Object.entries(thresholds ?? {}).flatMap(([metric, all]) =>
      all.map((each) => thresholdOf(metric, each)),
    ),
  }
}

function functionsIn(stderr: string): readonly string[] {
  for (const line of stderr.split('\n')) {
    const { text } = spoken(line)
    if (!text.startsWith(`${EXPORTS_MARK} `)) continue
    const names: unknown = JSON.parse(text.slice(EXPORTS_MARK.length))
    return Array.isArray(names) ? names.filter((name) => typeof name === 'string') : []
  }
  return []
}

type K6Threshold = string | { readonly threshold?: string; readonly abortOnFail?: boolean | null }

const thresholdOf = (metric: string, given: K6Threshold): ScriptThreshold =>
  typeof given === 'string'
    ? { metric, expression: given, abortOnFail: false }
    : { metric, expression: given.threshold ?? '', abortOnFail: given.abortOnFail === true }

type K6Options = {
  readonly scenarios?: Record<string, K6Scenario> | null
  readonly thresholds?: Record<string, readonly K6Threshold[]> | null
}

function optionsIn(text: string): K6Options {
  try {
    const options: K6Options = JSON.parse(text)
    return options
  } catch {
    return {}
  }
}

const unmeasured = (at: SourcePoint): Issue => ({
  at,
  code: 'load-script-unmeasured',
  problem: 'Its options have no profile `zero`, so nobody would know when the load began or how it went.',
  next: 'build `options` with loadOptions() and export zero and teardown from scenarios/lib/load.ts; docs/how-to shows a short script.',
})
