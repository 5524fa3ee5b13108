/**
 * Tries the mutants of one room: nearly all in one run of its tests (trying.ts), and those that a switch cannot decide each in a run of its own.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Mutant, mutated } from './mutants.ts'
import { isSurvivor, type Outcome } from './outcome.ts'
import { type Bench, failuresIn, isStill, performMutant, runTests } from './perform.ts'
import type { Durations } from './quick-first.ts'
import { switched } from './switched.ts'
import type { Finding, Order } from './trying.ts'
import { usersOf } from './users.ts'
import type { Replaced } from './vitest.config.ts'

export type Task = { readonly id: string; readonly mutant: Mutant; readonly source: string }
type Decided = { readonly task: Task; readonly outcome: Outcome }
export type Room = {
  readonly name: string
  /** All mutants of the files that have one to try. Each place counts how often it runs, which ends endless loops. */
  readonly tasks: readonly Task[]
  readonly tried: readonly Task[]
  readonly sources: ReadonlyMap<string, string>
  readonly durations: Durations
  readonly testCpuMs: number
  /** Paths that the tests begin with. */
  readonly tests: readonly string[]
  /** Each mutant is tried with this share of the tests that run it, and with those of the same name as its file; with 0 with none at all. */
  readonly share: number
}
export type Tried = {
  readonly decided: readonly Decided[]
  readonly durations: Durations
  /** Tests that fail without a mutant, or fail when they are repeated. They count for nothing. */
  readonly unusable: readonly string[]
  /** Tests that take too long to be repeated. */
  readonly slow: readonly string[]
}

/** An attempt has a limit of its own; only a loop without any place of a mutant can go on for so long. */
const STILL_MS = 900_000

const paths = (bench: Bench) => ({
  replaced: join(bench.folder, 'replaced.json'),
  seen: join(bench.folder, 'seen'),
  order: join(bench.folder, 'order.json'),
  log: join(bench.folder, 'findings.ndjson'),
  current: join(bench.folder, 'current'),
  durations: join(bench.folder, 'durations.json'),
})

export function findingsIn(bench: Bench): readonly Finding[] {
  const { log } = paths(bench)
  if (!existsSync(log)) return []
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1) // what follows the last newline is not complete
  return lines.map((line) => JSON.parse(line) as Finding)
}

/** Constants of files that use a changed one are made of its constants, so they are evaluated anew as well. */
function usersText({ sources }: Room, changed: readonly string[]): Readonly<Record<string, string>> {
  const users = usersOf(sources)
  const using = new Set(changed.flatMap((file) => users[file] ?? []))
  const others = [...using].filter((file) => !changed.includes(file))
  return Object.fromEntries(others.map((file) => [file, switched(sources.get(file) ?? '', [])]))
}

function prepare(bench: Bench, room: Room): void {
  const { replaced, seen, log, durations } = paths(bench)
  const numbered = room.tasks.map(({ mutant, source }, index) => ({ mutant: { ...mutant, index }, source }))
  const files = Object.fromEntries(
    [...Map.groupBy(numbered, ({ mutant }) => mutant.file)].map(([file, each]) => [
      file,
      switched(
        each[0]?.source ?? '',
        each.map(({ mutant }) => mutant),
      ),
    ]),
  )
  const all = { ...usersText(room, Object.keys(files)), ...files }
  writeFileSync(replaced, JSON.stringify({ files: all, seen } satisfies Replaced))
  writeFileSync(durations, JSON.stringify(room.durations))
  rmSync(log, { force: true })
}

/** `stuck`: mutants that a run got stuck with by themselves. `groupMax`: 1 once a run got stuck with several. */
type Hung = { readonly stuck: ReadonlySet<number>; readonly groupMax: number }
type Switched = Hung & { readonly failures: readonly string[] }
const LARGE = 1_000_000

/** First each mutant is tried with a few tests, which kill most of them. The rest is tried with all. */
const FIRST_SHARE = 0.1
const sharesOf = (share: number): readonly number[] => (share < 1 ? [share] : [FIRST_SHARE, share])

async function runAll(bench: Bench, room: Room): Promise<Switched> {
  let all: Switched = { failures: [], stuck: new Set(), groupMax: LARGE }
  for (const share of sharesOf(room.share)) {
    all = await runSwitched(bench, room, share, all)
    const durations = { ...room.durations, ...durationsFrom(findingsIn(bench)) }
    writeFileSync(paths(bench).durations, JSON.stringify(durations)) // the order of the next pass
  }
  return all
}

/** Runs the tests with all mutants that still live, again without those at which a run got stuck. */
async function runSwitched(bench: Bench, room: Room, share: number, { stuck, groupMax }: Hung): Promise<Switched> {
  const { replaced, order, log, current, durations } = paths(bench)
  const ended = new Set(findingsIn(bench).flatMap((each) => ('index' in each ? [each.index] : [])))
  const tried = room.tried
    .map((task) => room.tasks.indexOf(task))
    .filter((each) => !ended.has(each) && !stuck.has(each))
  const files = room.tasks.map(({ mutant }) => mutant.file)
  const asked: Order = { files, tried, log, current, testCpuMs: room.testCpuMs, share, groupMax }
  writeFileSync(order, JSON.stringify(asked))
  rmSync(current, { force: true })
  const env = { MATCHDAY_REPLACED: replaced, MATCHDAY_SWITCHES: order, MATCHDAY_DURATIONS: durations }
  // Tests that try no mutant write only to the log.
  const isLate = (elapsedMs: number): boolean => [current, log].every((path) => isStill(path, STILL_MS, elapsedMs))
  const { report, code, isLate: wasLate } = await runTests(bench, { tests: room.tests, env, flags: [], isLate })
  if (report !== undefined && !wasLate) return { failures: failuresIn(report), stuck, groupMax }
  if (!existsSync(current)) return { failures: [`vitest ended with ${code}, and no test ran`], stuck, groupMax }
  const group = JSON.parse(readFileSync(current, 'utf8')) as readonly number[]
  const hung = group.length > 1 ? { stuck, groupMax: 1 } : { stuck: new Set([...stuck, ...group]), groupMax }
  return runSwitched(bench, room, share, hung)
}

function quickOutcome(index: number, findings: readonly Finding[]): Outcome {
  const end = findings.find((each) => 'index' in each && each.index === index)
  if (end?.kind === 'killed') return { kind: 'killed', by: end.by }
  if (end?.kind === 'endless') return { kind: 'timed-out' }
  const was = (kind: 'reached' | 'different'): boolean =>
    findings.some((each) => each.kind === kind && each.indices.includes(index))
  if (was('different')) return { kind: 'survived' }
  return { kind: was('reached') ? 'no-difference' : 'no-test' }
}

/** The tests that must run alone for a mutant that no test killed in the common run. */
function testsAlone(
  room: Room,
  index: number,
  findings: readonly Finding[],
  stuck: ReadonlySet<number>,
): readonly string[] {
  if (stuck.has(index) || room.tasks[index]?.mutant.site === undefined) return room.tests
  const files = findings.flatMap((each) =>
    (each.kind === 'collected' || each.kind === 'doubtful') && each.indices.includes(index) ? [each.testFile] : [],
  )
  return [...new Set(files)]
}

function durationsFrom(findings: readonly Finding[]): Durations {
  const took = findings.filter((each) => each.kind === 'took')
  return Object.fromEntries(
    [...Map.groupBy(took, ({ testFile }) => testFile)].map(([file, each]) => [
      file,
      each.reduce((sum, { ms }) => sum + ms, 0),
    ]),
  )
}

export async function performRoom(bench: Bench, room: Room, tell: (line: string) => void): Promise<Tried> {
  prepare(bench, room)
  const { failures, stuck } = await runAll(bench, room)
  const findings = findingsIn(bench)
  const durations = durationsFrom(findings)
  const decided: Decided[] = []
  for (const task of room.tried) {
    const index = room.tasks.indexOf(task)
    const outcome = quickOutcome(index, findings)
    const tests = testsAlone(room, index, findings, stuck)
    const isAlone = isSurvivor({ outcome }) && tests.length > 0
    if (isAlone && room.share === 0) {
      decided.push({ task, outcome: { kind: 'unclear', why: 'it was not tried' } })
      continue
    }
    if (isAlone) tell(`alone: ${task.mutant.file}:${task.mutant.line} with ${tests.join(', ')}`)
    const { file } = task.mutant
    const alone = { file, text: mutated(task.source, task.mutant), tests, durations }
    decided.push({ task, outcome: isAlone ? await performMutant(bench, alone) : outcome })
  }
  const unsteady = findings.flatMap((each) => (each.kind === 'unsteady' ? [`${each.test} (when it is repeated)`] : []))
  const slow = findings.flatMap((each) =>
    each.kind === 'took' && each.cpuMs > room.testCpuMs ? [`${each.testFile} ${each.name}`] : [],
  )
  return { decided, durations, unusable: [...new Set([...failures, ...unsteady])], slow: [...new Set(slow)] }
}
