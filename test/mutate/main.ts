/**
 * `npm run mutate`: makes one small change in the code at a time and runs the unit tests of its room. A change that no test notices is a survivor.
 * The working tree is not touched: vitest gets the changed text instead of the file (ADR 40).
 */
import { existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { drawn, idOf, MUTANT_KINDS, mutantsOf } from './mutants.ts'
import { changeOf, summary, type Trial, trialText } from './outcome.ts'
import { type Bench, endTests } from './perform.ts'
import type { Durations } from './quick-first.ts'
import { findingsIn, performRoom, type Task } from './room.ts'

const HELP = `Makes one small change in the code at a time, and lists the changes that no test notices.

usage: npm run mutate -- [--only PREFIX] [--sample N] [--seed N] [--kind a,b] [--tests a,b] [--share PERCENT] [--test-limit MS] [--resume FILE] [--output FILE] [--list]

  --only PREFIX   files below this path only (default: src/judge, src/plan, src/files and src/journal)
  --kind a,b      these kinds only: ${MUTANT_KINDS.join(', ')}
  --sample N      this many, drawn from the seed (default 40); a larger sample contains the smaller one
  --seed N        draws the sample, and is REHEARSAL_SEED of the tests (default 1)
  --test-limit MS a test that takes more CPU without a mutant is not repeated (default 2000): it kills nothing
  --tests a,b     tests below these paths only (default: test/ROOM): quick, while tests are written; other tests may kill what survives
  --share PERCENT a mutant is tried with so many of the tests that run it, drawn for each (default 100); with fewer the figure is a lower bound.
                  With 0 each test runs once and no mutant is tried: lists the mutants that no test can notice
  --output FILE   written after each room (default reports/mutation/outcomes.json)
  --resume FILE   outcomes of an earlier run, which are not repeated; those of files that changed since are dropped
  --list          print the mutants, and run nothing

A mutant counts as killed if a unit test of its own room (test/ROOM) fails or hangs. Exit codes: 0 done, 2 usage, 4 interrupted, 5 some tests fail
without a mutant.

examples:
  npm run mutate -- --only src/judge/load --sample 20
  npm run mutate -- --only src/judge/causes --tests test/judge/causes,test/judge/golden --sample 60
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
        tests: { type: 'string' },
        share: { type: 'string', default: '100' },
        sample: { type: 'string', default: '40' },
        seed: { type: 'string', default: '1' },
        'test-limit': { type: 'string', default: '2000' },
        output: { type: 'string', short: 'o', default: join('reports', 'mutation', 'outcomes.json') },
        resume: { type: 'string' },
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

function whole(name: 'sample' | 'seed' | 'test-limit' | 'share', least: number): number {
  const value = Number(flags[name])
  return Number.isSafeInteger(value) && value >= least
    ? value
    : usage(`--${name} takes a whole number from ${least}, got ${flags[name]}`)
}

const sample = whole('sample', 1)
const seed = whole('seed', 0)
const testCpuMs = whole('test-limit', 1)
const share = Math.min(100, whole('share', 0)) / 100
const kinds = flags.kind?.split(',')
const strange = kinds?.filter((kind) => !MUTANT_KINDS.some((known) => known === kind)) ?? []
if (strange.length > 0) usage(`--kind takes ${MUTANT_KINDS.join(', ')}, got ${strange.join(', ')}`)

const sources = new Map(
  ROOMS.flatMap((room) => globSync(`src/${room}/**/*.ts`).sort()).map((file) => [file, readFileSync(file, 'utf8')]),
)
const everywhere: readonly Task[] = [...sources].flatMap(([file, source]) =>
  mutantsOf(file, source).map((mutant) => ({ id: idOf(mutant, source), mutant, source })),
)
const found = everywhere
  .filter(({ mutant }) => mutant.file.startsWith(flags.only))
  .filter(({ mutant }) => kinds === undefined || kinds.includes(mutant.kind))
if (found.length === 0)
  usage(`no mutants below ${flags.only}${flags.kind === undefined ? '' : ` of kind ${flags.kind}`}`)
const tasks = drawn(found, sample, seed)

function isTrial(value: unknown): value is Trial {
  if (typeof value !== 'object' || value === null) return false
  return 'id' in value && 'mutant' in value && 'outcome' in value
}

function readKept(path: string): readonly Trial[] {
  try {
    const kept: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return Array.isArray(kept) && kept.every(isTrial) ? kept : usage(`${path} holds no outcomes of this tool`)
  } catch (error) {
    return usage(`cannot resume from ${path}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** The order of the test files, from an earlier run: it changes how long the run takes, and nothing else. */
const durationsFile = join(dirname(flags.output), 'durations.json')
const durationsKept = (): Durations =>
  existsSync(durationsFile) ? (JSON.parse(readFileSync(durationsFile, 'utf8')) as Durations) : {}

const PROGRESS_MS = 15_000

async function performAll(bench: Bench, kept: readonly Trial[]): Promise<readonly Trial[]> {
  const trials = new Map(kept.map((trial) => [trial.id, trial]))
  const open = tasks.filter(({ id }) => !trials.has(id))
  for (const [name, tried] of Map.groupBy(open, ({ mutant }) => roomOf(mutant.file))) {
    console.log(`${name}: ${tried.length} mutants`)
    const timer = setInterval(() => {
      const ended = findingsIn(bench).filter((each) => 'index' in each)
      console.log(`${name}: ${ended.length} of ${tried.length} killed so far`)
    }, PROGRESS_MS)
    // The other files run as they are, which is quicker.
    const changed = new Set(tried.map(({ mutant }) => mutant.file))
    const inRoom = ([file]: readonly [string, string]): boolean => roomOf(file) === name
    const room = {
      name,
      tried,
      tasks: everywhere.filter(({ mutant }) => changed.has(mutant.file)),
      sources: new Map([...sources].filter(inRoom)),
      durations: durationsKept(),
      testCpuMs,
      tests: flags.tests?.split(',') ?? [`test/${name}/`],
      share,
    }
    const { decided, durations, unusable, slow } = await performRoom(bench, room, console.log)
    clearInterval(timer)
    for (const { task, outcome } of decided) trials.set(task.id, { id: task.id, mutant: task.mutant, outcome })
    writeFileSync(flags.output, JSON.stringify([...trials.values()], undefined, 1))
    writeFileSync(durationsFile, JSON.stringify({ ...room.durations, ...durations }, undefined, 1))
    if (slow.length > 0) console.log(`these tests of ${name} take too long to be repeated:\n  ${slow.join('\n  ')}`)
    if (unusable.length > 0) {
      console.error(`these tests of ${name} fail without a mutant, and count for nothing:\n  ${unusable.join('\n  ')}`)
      process.exitCode = 5
    }
  }
  return tasks.flatMap(({ id }) => trials.get(id) ?? [])
}

if (flags.list) {
  for (const { mutant } of tasks) console.log(changeOf(mutant))
} else {
  const ids = new Set(found.map(({ id }) => id))
  const kept = flags.resume === undefined ? [] : readKept(flags.resume).filter(({ id }) => ids.has(id))
  mkdirSync(dirname(flags.output), { recursive: true })
  const bench = { folder: mkdtempSync(join(tmpdir(), 'matchday-mutate-')), seed }
  process.on('exit', () => {
    endTests()
    rmSync(bench.folder, { recursive: true, force: true })
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      console.error(`\nstopped; rooms that were finished are in ${flags.output}: continue with --resume`)
      process.exit(4)
    })
  }
  console.log(`${tasks.length} of ${found.length} mutants, seed ${seed}`)
  const all = await performAll(bench, kept)
  const isUnnoticed = ({ outcome: { kind } }: Trial): boolean => kind === 'no-test' || kind === 'no-difference'
  for (const trial of share > 0 ? all : all.filter(isUnnoticed)) console.log(trialText(trial))
  if (share > 0) console.log(`\n${summary(all, roomOf)}`)
}
