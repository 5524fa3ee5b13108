/**
 * `npm run detect`: performs rehearsals against seeded defects and against the healthy platform, on one lab, and writes the matrix of expected and
 * found causes. All rows take hours, so each is kept the moment its run ends, and `--resume` goes on from there.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Judgment } from '../../src/domain/verdict.ts'
import { ownLab, startRun, type TestLab, testLab, verdictOf } from '../support/lab.ts'
import { currentCommit, isAtOrAfter, sliceMs, today } from '../support/slices.ts'
import { comparisonSection, isCaught, performDuet, readCompared, wantedDuets } from './comparisons.ts'
import { promotesByName, untilFirstLeads } from './first-primary.ts'
import { footprintOf } from './footprint.ts'
import { healthyTrials } from './healthy.ts'
import { keep, readKept, trialFor } from './kept.ts'
import { seededDefects } from './matrix.ts'
import { type Disturbance, disturbanceOf } from './meanwhile.ts'
import { isRight, rule, type Trial, trialOf } from './outcome.ts'
import { detectionPage } from './page.ts'
import { type Age, isMeasured, isWanted, type Row, rowsOf, type Task, tasksOf } from './tasks.ts'

const HELP = `Performs rehearsals against seeded defects and the healthy platform, and says which causes were found.

usage: npm run detect -- [--only a,b] [--resume [--since COMMIT]] [--for 50m] [--healthy N] [--page docs/detection.md] [--list]

  --only a,b      these rows only: names of rows or of rehearsals, "defects", "healthy", "comparisons"
  --resume        leave out rows that were measured
  --since COMMIT  with --resume: a row counts as measured only if it was measured at this commit or a later one
  --for 50m       begin no run after this time
  --healthy N     healthy runs of each rehearsal (default 1)
  --judge-again   run nothing, judge the kept runs again from their evidence (reports/detection)
  --page FILE     write the page there; alone, with --list, from what was measured before
  --list          say what would be run, and run nothing

Rows are kept in test/detection/measured.json. A run takes a minute and a half on average.

examples:
  npm run detect -- --only no-failover,hpa-on-cpu
  npm run detect -- --resume --since HEAD~20 --for 55m --page docs/detection.md
  npm run detect -- --list --page docs/detection.md`

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    since: { type: 'string' },
    for: { type: 'string' },
    healthy: { type: 'string', default: '1' },
    resume: { type: 'boolean', default: false },
    'judge-again': { type: 'boolean', default: false },
    page: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const commit = currentCommit()
const allRows = rowsOf(seededDefects, healthyTrials, { times: Number(flags.healthy) })

const age: Age = { isRecent: (measuredAt) => isAtOrAfter(measuredAt, flags.since) }

const date = today()
const words = flags.only?.split(',')
const isRecentComparison = (name: string): boolean => {
  const row = readCompared()[name]
  return row !== undefined && age.isRecent(row.commit)
}
const duets = wantedDuets(words).filter(({ name }) => !flags.resume || !isRecentComparison(name))
const wanted = allRows.filter((row) => isWanted(row, words))
const todo = tasksOf(wanted.filter((row) => !flags.resume || !isMeasured(row, readKept(), age)))

async function perform(lab: TestLab, task: Task): Promise<readonly (readonly [Row, Trial])[]> {
  const startedAt = performance.now()
  if (task.target === undefined) await lab.become(task.overlays)
  if (promotesByName(task.rehearsal)) await untilFirstLeads(lab)
  const disturbance: Disturbance = task.meanwhile === undefined ? {} : disturbanceOf(task.meanwhile)
  try {
    await disturbance.prepare?.(lab)
    const run = startRun(lab, task.rehearsal, '--quiet')
    // A run that ends before it was disturbed measured nothing.
    const [{ code, stderr }] = await Promise.all([run.ended, disturbance.during?.(lab, run)])
    await disturbance.undo?.(lab)
    const judgment = existsSync(join(run.folder(), 'verdict.json')) ? verdictOf(run) : undefined
    if (judgment === undefined) console.error(stderr)
    const kept = join('reports', 'detection', basename(run.folder()))
    cpSync(run.folder(), kept, { recursive: true })
    const facts = {
      footprint: await footprintOf(lab),
      commit,
      date,
      cores: availableParallelism(),
      seconds: Math.round((performance.now() - startedAt) / 1000 / task.rows.length),
    }
    return task.rows.map((row) => {
      const of = { rehearsal: task.rehearsal, run: kept, ...(row.seeded ? { seeded: row.seeded } : {}) }
      return [row, { ...trialOf(judgment, code, of), ...facts }] as const
    })
  } catch (error) {
    await disturbance.undo?.(lab)?.catch(() => undefined)
    throw error
  }
}

/** What a run did is kept in its evidence; what it means is the judge's, who may have learnt since. */
function judgeAgain(): void {
  for (const row of wanted) {
    const trial = trialFor(row, readKept())
    if (trial === undefined || !existsSync(join(trial.run, 'journal.ndjson'))) continue
    // If judge fails, the old verdict.json stays, and its exit code differs from that of the process.
    const { status } = spawnSync(process.execPath, ['src/cli/bin.mjs', 'judge', trial.run], { stdio: 'ignore' })
    const judgment = JSON.parse(readFileSync(join(trial.run, 'verdict.json'), 'utf8')) as Judgment
    if (status !== judgment.exitCode) {
      console.error(`${row.id}: ${trial.run} could not be judged again (exit code ${status})`)
      continue
    }
    const { rehearsal, run } = trial
    const now = trialOf(judgment, judgment.exitCode, { rehearsal, run, ...(row.seeded ? { seeded: row.seeded } : {}) })
    keep(row.id, { ...trial, ...now, judgedAgainAt: commit })
    if (rule(now) !== rule(trial)) console.log(`${row.id}: ${rule(now)} (${now.found.join(', ') || '-'})`)
  }
}

/** A defect may leave the platform in a state from which it does not come back: then the next trial gets a new lab. */
async function performAll(tasks: readonly Task[]): Promise<void> {
  let lab: TestLab | undefined
  const deadline = flags.for === undefined ? Number.POSITIVE_INFINITY : performance.now() + forMs(flags.for)

  async function compareAll(): Promise<void> {
    for (const duet of duets) {
      if (performance.now() > deadline) return console.log('time is up: comparisons are left, --resume goes on')
      lab ??= await testLab()
      const { outcome, summary, seconds } = await performDuet(lab, duet, { commit, date })
      console.log(`${duet.name}: ${outcome} (${summary}), ${seconds} s`)
    }
  }

  async function isPerformed(task: Task, place: string): Promise<boolean> {
    const name = task.rows.map(({ id }) => id).join(' + ')
    if (task.target !== undefined) await drop()
    try {
      lab ??= await (task.target === undefined ? testLab() : ownLab(undefined, { ...task, target: task.target }))
      for (const [row, trial] of await perform(lab, task)) {
        keep(row.id, trial)
        console.log(
          `${place} ${row.id}: ${rule(trial)} (${trial.verdict}: ${trial.found.join(', ') || '-'}), ${trial.seconds} s`,
        )
      }
      return true
    } catch (error) {
      console.error(`${place} ${name}: ${error instanceof Error ? error.message : error}`)
      await drop()
      return false
    } finally {
      if (task.target !== undefined) await drop()
    }
  }
  async function drop(): Promise<void> {
    await lab?.down()
    lab = undefined
  }

  try {
    for (const [index, task] of tasks.entries()) {
      if (performance.now() > deadline)
        return console.log(`time is up: ${tasks.length - index} runs are left, --resume goes on`)
      const place = `${index + 1}/${tasks.length}`
      // Where the last trial left a lab that does not come back, a new one gets it right.
      if (!(await isPerformed(task, place))) await isPerformed(task, place)
    }
    await compareAll()
  } finally {
    await lab?.down()
  }
}

function forMs(text: string): number {
  const ms = sliceMs(text)
  if (ms === undefined) throw new Error(`--for must be like 50m or 2h, got ${text}`)
  return ms
}

function list(): void {
  for (const { rows, rehearsal, meanwhile } of todo) {
    const what = rows.map(({ id, seeded }) => `${id} (${seeded?.causes.join(' or ') ?? 'no cause'})`).join(' + ')
    console.log(`${rehearsal}  ${what}${meanwhile === undefined ? '' : `  meanwhile: ${meanwhile}`}`)
  }
  for (const { name, expected } of duets) console.log(`comparison  ${name} (${expected})`)
  console.log(`${todo.length} runs for ${todo.flatMap(({ rows }) => rows).length} rows`)
}

if (flags.help) {
  console.log(HELP)
} else {
  if (flags.list) list()
  else if (flags['judge-again']) judgeAgain()
  else await performAll(todo)
  const kept = readKept()
  const page = detectionPage(rowsOf(seededDefects, healthyTrials, { kept }), kept, comparisonSection(readCompared()))
  if (flags.page) writeFileSync(flags.page, page)
  else if (!flags.list) console.log(page)
  const trials = wanted.map((row) => trialFor(row, readKept()))
  const areCaught = wantedDuets(words).every((duet) => isCaught(duet, readCompared()))
  if (!flags.list)
    process.exitCode = areCaught && trials.every((trial) => trial !== undefined && isRight(trial)) ? 0 : 1
}
