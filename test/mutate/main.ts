/**
 * `npm run mutate`: makes one small change in the code at a time and runs the unit tests of its room. A change that no test notices is a survivor.
 * The working tree is not touched: vitest gets the changed text instead of the file (ADR 40).
 */
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { drawn, idOf, MUTANT_KINDS, type Mutant, mutantsOf, mutated } from './mutants.ts'
import { changeOf, summary, type Trial, trialText } from './outcome.ts'
import { type Bench, baseline, endTests, performMutant } from './perform.ts'
import type { Durations } from './quick-first.ts'

const HELP = `Makes one small change in the code at a time, and lists the changes that no test notices.

usage: npm run mutate -- [--only PREFIX] [--sample N] [--seed N] [--kind a,b] [--resume FILE] [--output FILE] [--workers N] [--list]

  --only PREFIX   files below this path only (default: src/judge, src/plan, src/files and src/journal)
  --kind a,b      these kinds only: ${MUTANT_KINDS.join(', ')}
  --sample N      this many, drawn from the seed (default 40); a larger sample contains the smaller one
  --seed N        draws the sample, and is REHEARSAL_SEED of the tests (default 1)
  --output FILE   written after each mutant (default reports/mutation/outcomes.json)
  --resume FILE   outcomes of an earlier run, which are not repeated; those of files that changed since are dropped
  --workers N     test workers (default 2)
  --list          print the mutants, and run nothing

A mutant counts as killed if a unit test of its own room (test/ROOM) fails or hangs. Exit codes: 0 done, 2 usage, 4 interrupted, 5 the tests fail
without a mutant.

examples:
  npm run mutate -- --only src/judge/load --sample 20
  npm run mutate -- --kind threshold,guard --sample 100
  npm run mutate -- --sample 200 --resume reports/mutation/outcomes.json`

const ROOMS = ['judge', 'plan', 'files', 'journal']
const roomOf = (file: string): string => file.split('/')[1] ?? ''

function usage(problem: string): never {
  console.error(`${problem}\n\nNext: npm run mutate -- --help`)
  process.exit(2)
}

function parsedFlags() {
  try {
    return parseArgs({
      options: {
        only: { type: 'string', default: 'src/' },
        kind: { type: 'string' },
        sample: { type: 'string', default: '40' },
        seed: { type: 'string', default: '1' },
        output: { type: 'string', short: 'o', default: join('reports', 'mutation', 'outcomes.json') },
        resume: { type: 'string' },
        workers: { type: 'string', default: '2' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values
  } catch (error) {
    return usage(error instanceof Error ? error.message : String(error))
  }
}

const flags = parsedFlags()
if (flags.help) {
  console.log(HELP)
  process.exit(0)
}

function whole(name: 'sample' | 'seed' | 'workers', least: number): number {
  const value = Number(flags[name])
  return Number.isSafeInteger(value) && value >= least
    ? value
    : usage(`--${name} takes a whole number from ${least}, got ${flags[name]}`)
}

const sample = whole('sample', 1)
const seed = whole('seed', 0)
const workers = whole('workers', 1)
const kinds = flags.kind?.split(',')
const strange = kinds?.filter((kind) => !MUTANT_KINDS.some((known) => known === kind)) ?? []
if (strange.length > 0) usage(`--kind takes ${MUTANT_KINDS.join(', ')}, got ${strange.join(', ')}`)

type Task = { readonly id: string; readonly mutant: Mutant; readonly source: string }
const found: readonly Task[] = ROOMS.flatMap((room) => globSync(`src/${room}/**/*.ts`).sort())
  .filter((file) => file.startsWith(flags.only))
  .flatMap((file) => {
    const source = readFileSync(file, 'utf8')
    return mutantsOf(file, source).map((mutant) => ({ id: idOf(mutant, source), mutant, source }))
  })
  .filter(({ mutant }) => kinds === undefined || kinds.includes(mutant.kind))
if (found.length === 0)
  usage(`no mutants below ${flags.only}${flags.kind === undefined ? '' : ` of kind ${flags.kind}`}`)
const tasks = drawn(found, sample, seed)

function isTrial(value: unknown): value is Trial {
  if (typeof value !== 'object' || value === null) return false
  return 'id' in value && 'mutant' in value && 'outcome' in value && 'seconds' in value
}

function readKept(path: string): readonly Trial[] {
  try {
    const kept: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return Array.isArray(kept) && kept.every(isTrial) ? kept : usage(`${path} holds no outcomes of this tool`)
  } catch (error) {
    return usage(`cannot resume from ${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

async function durationsOf(bench: Bench, room: string): Promise<Durations> {
  console.log(`tests of ${room} without a mutant ...`)
  const durations = await baseline(bench, `test/${room}/`)
  if (durations !== undefined) return durations
  console.error(`The tests of ${room} fail without a mutant.\nNext: npx vitest run --project unit test/${room}`)
  return process.exit(5)
}

async function performAll(bench: Bench, kept: readonly Trial[]): Promise<readonly Trial[]> {
  const trials = new Map(kept.map((trial) => [trial.id, trial]))
  const durations = new Map<string, Durations>()
  for (const [index, { id, mutant, source }] of tasks.entries()) {
    if (trials.has(id)) continue
    const room = roomOf(mutant.file)
    const usual = durations.get(room) ?? (await durationsOf(bench, room))
    durations.set(room, usual)
    const started = Date.now()
    const change = { file: mutant.file, text: mutated(source, mutant), tests: `test/${room}/`, durations: usual }
    const outcome = await performMutant(bench, change)
    const trial = { id, mutant, outcome, seconds: (Date.now() - started) / 1000 }
    trials.set(id, trial)
    writeFileSync(flags.output, JSON.stringify([...trials.values()], undefined, 1))
    console.log(`${index + 1}/${tasks.length} ${trialText(trial)}`)
  }
  return tasks.flatMap(({ id }) => trials.get(id) ?? [])
}

if (flags.list) {
  for (const { mutant } of tasks) console.log(changeOf(mutant))
} else {
  const ids = new Set(found.map(({ id }) => id))
  const kept = flags.resume === undefined ? [] : readKept(flags.resume).filter(({ id }) => ids.has(id))
  mkdirSync(dirname(flags.output), { recursive: true })
  const bench = { folder: mkdtempSync(join(tmpdir(), 'matchday-mutate-')), workers, seed }
  process.on('exit', () => {
    endTests()
    rmSync(bench.folder, { recursive: true, force: true })
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      console.error(`\nstopped; continue with --resume ${flags.output}`)
      process.exit(4)
    })
  }
  console.log(`${tasks.length} of ${found.length} mutants, seed ${seed}`)
  console.log(`\n${summary(await performAll(bench, kept), roomOf)}`)
}
