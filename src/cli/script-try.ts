/** Runs a script for a few seconds as a rehearsal would, without a cluster and without a verdict, and shows what each SLI saw. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { k6LoadGenerator } from '../adapters/k6/load-generator.ts'
import type { LoadEvent } from '../controller/ports.ts'
import type { LoadFrame, ThresholdResult } from '../domain/evidence.ts'
import type { Indicator } from '../domain/indicator.ts'
import { measuredIn } from '../domain/indicators.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import { quantileOf } from '../domain/statistics.ts'
import { type Millis, millis, perSecond, type Some } from '../domain/units.ts'
import { exitCodes } from '../domain/verdict.ts'
import { parseRehearsal } from '../files/rehearsal.ts'
import { planLoad } from '../plan/load.ts'
import { BadInput } from './failure.ts'
import { readInputFile } from './input-file.ts'
import { scriptFacts } from './script-facts.ts'
import { stopSignal, stopsOnly } from './stop-signal.ts'
import { jsonText, print, say, term } from './terminal.ts'
import { findTool } from './tools.ts'
import { k6Settings } from './wiring.ts'

type Trial = { readonly lastsMs: Millis; readonly entry: string; readonly output: string }

export type TriedSli = {
  readonly sli: string
  readonly good: number
  readonly bad: number
  readonly badBy: Readonly<Record<string, number>>
  readonly p95Ms?: number
  /** `exact`, or `buckets` where latencies are counted in histogram buckets. */
  readonly latency: 'exact' | 'buckets' | 'none'
}

export type Tried = {
  readonly format: 1
  readonly script: string
  readonly outcome: 'completed' | 'stopped' | 'crashed'
  readonly slis: readonly TriedSli[]
  readonly iterations: Readonly<Record<string, number>>
  readonly thresholds: readonly ThresholdResult[]
  readonly problems: readonly string[]
}

/** @throws BadInput */
export async function tryScript(file: string, trial: Trial): Promise<number> {
  const signal = stopSignal(stopsOnly('stopping the script…'))
  const { path: k6 } = await findTool('k6', signal)
  const given = file.endsWith('.yaml') || file.endsWith('.yml') ? rehearsalOf(file) : bare(file)
  const facts = await factsOf(k6, given)
  const rehearsal = shortened(withFunctions(given, facts), trial.lastsMs)
  const plan = planLoad(rehearsal, nowhere(trial.entry), { run: 'try', seed: 1 }, facts)
  say(term`running ${rehearsal.load.script} for ${trial.lastsMs / 1000} s`)
  const folder = mkdtempSync(join(tmpdir(), 'matchday-try-'))
  const events: LoadEvent[] = []
  try {
    const load = await k6LoadGenerator(k6Settings(k6)).start(rehearsal.load.script, plan, folder, (event) =>
      events.push(event),
    )
    const stop = () => void load.stop()
    signal.addEventListener('abort', stop, { once: true })
    await load.ended
    signal.removeEventListener('abort', stop)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const tried = told(rehearsal, events)
  if (trial.output === 'json') print(jsonText(tried))
  else show(tried, given)
  if (tried.outcome === 'crashed') return exitCodes.environment
  return tried.slis.some(({ good, bad }) => good + bad > 0) ? exitCodes.pass : exitCodes.inconclusive
}

function rehearsalOf(file: string): Rehearsal {
  const parsed = parseRehearsal({ read: readInputFile }, file)
  if (!parsed.ok) throw new BadInput(parsed.issues)
  return parsed.value
}

const at = { file: 'scenario try', line: 0, column: 0 }
const kinds = ['http', 'grpc', 'websocket', 'checks'] as const

/** A script alone: its own load, and an indicator for each kind of thing that k6 measures. */
function bare(script: string): Rehearsal {
  const slis = Object.fromEntries(kinds.map((kind): [string, Indicator] => [kind, { kind, where: {}, at }]))
  return {
    name: 'try',
    file: script,
    hypothesis: '',
    contexts: ['none'],
    load: { script: resolve(script), arrivals: {}, own: true, at },
    blastRadius: { namespaces: [], pods: { kind: 'count', of: 0 }, zones: 0, at },
    phases: [{ name: 'try', rampMs: millis(0), forMs: millis(1000), factor: 1, at }],
    faults: [],
    actions: [],
    expectations: [],
    slis,
    slos: [] as unknown as Some<never>,
    guardrails: [],
  }
}

const factsOf = (k6: string, rehearsal: Rehearsal): Promise<ScriptFacts> => scriptFacts(k6, { rehearsal })

const NO_PROFILE = new Set(['setup', 'teardown', 'zero', 'sockets', 'default', 'handleSummary', 'options'])

/** A script of lib/measure without a rehearsal: each of its functions gets an arrival a second. */
function withFunctions(rehearsal: Rehearsal, { usesLibrary, functions }: ScriptFacts): Rehearsal {
  if (!usesLibrary || !rehearsal.load.own) return rehearsal
  const profiles = functions.filter((name) => !NO_PROFILE.has(name) && !name.startsWith('matchday'))
  const arrivals = Object.fromEntries(profiles.map((name) => [hyphenated(name), perSecond(1)]))
  const { own: _own, ...load } = rehearsal.load
  return { ...rehearsal, load: { ...load, arrivals }, slis: {} }
}

const hyphenated = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)

/** One phase at the load of the first phase that has some. */
function shortened(rehearsal: Rehearsal, lastsMs: Millis): Rehearsal {
  const factor = rehearsal.phases.find((phase) => phase.factor > 0)?.factor ?? 1
  return { ...rehearsal, phases: [{ name: 'try', rampMs: millis(0), forMs: lastsMs, factor, at }] }
}

const nowhere = (entry: string): Target => ({
  context: 'none',
  file: 'none',
  namespace: 'none',
  entry,
  hpaSyncMs: millis(0),
  loadFactor: 1,
  sources: {},
  books: [],
  followUps: {},
  providerCalls: [],
  unreadyWithinMs: millis(0),
  databases: {},
  addresses: {},
})

function told({ load, slis }: Rehearsal, events: readonly LoadEvent[]): Tried {
  const frames = events.flatMap((event) => (event.kind === 'frame' ? [event.frame] : []))
  const ended = events.find((event) => event.kind === 'ended')
  const last = frames.at(-1)
  const names = Object.keys(last?.slis ?? {})
  const measured = measuredIn(slis)
  return {
    format: 1,
    script: load.script,
    outcome: ended?.outcome ?? 'crashed',
    slis: names.map((sli) => triedSli(sli, measured[sli], frames)),
    iterations: Object.fromEntries(
      Object.entries(last?.profiles ?? {}).map(([name, { iterations }]) => [name, iterations]),
    ),
    thresholds: ended?.thresholds ?? [],
    problems: ended?.problems ?? ['k6 did not end'],
  }
}

type Frame = Pick<LoadFrame, 'slis'>

function triedSli(sli: string, indicator: Indicator | undefined, frames: readonly Frame[]): TriedSli {
  const { good = 0, bad = 0, badBy = {} } = frames.at(-1)?.slis[sli] ?? {}
  const buckets = new Map<number, number>()
  for (const frame of frames)
    for (const [bound, count] of frame.slis[sli]?.histogram ?? []) buckets.set(bound, (buckets.get(bound) ?? 0) + count)
  const p95Ms = quantileOf(
    [...buckets].sort(([a], [b]) => a - b),
    0.95,
  )
  const latency = p95Ms === undefined ? 'none' : indicator === undefined ? 'exact' : 'buckets'
  return { sli, good, bad, badBy, ...(p95Ms === undefined ? {} : { p95Ms }), latency }
}

function show({ slis, iterations, thresholds, problems, outcome }: Tried, { load }: Rehearsal): void {
  const seen = load.own ? slis.filter(({ good, bad }) => good + bad > 0) : slis
  if (seen.length === 0) print(term`no SLI saw an attempt`)
  for (const { sli, good, bad, badBy, p95Ms, latency } of seen) {
    const reasons = Object.entries(badBy).map(([reason, count]) => `${reason} ${count}`)
    const why = reasons.length === 0 ? '' : ` (${reasons.join(', ')})`
    const how = latency === 'buckets' ? ', counted in buckets' : ''
    const p95 = p95Ms === undefined ? '' : `  p95 ${p95Ms.toFixed(1)} ms${how}`
    print(term`${sli.padEnd(20)} ${good} good, ${bad} bad${why}${p95}`)
  }
  for (const [name, count] of Object.entries(iterations)) say(term`scenario ${name}: ${count} iterations`)
  for (const { metric, expression, ok, samples } of thresholds)
    print(term`threshold ${metric}: ${expression}  ${samples === 0 ? 'no samples' : ok ? 'held' : 'missed'}`)
  if (outcome !== 'completed') say(term`k6 ${outcome}`)
  for (const problem of problems) say(term`k6 says: ${problem}`)
}
