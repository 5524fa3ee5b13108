/**
 * `npm run detect`: performs a rehearsal against each seeded defect and against the healthy platform, on one lab, and prints the matrix
 * of expected and found causes. Takes an hour and more, so each trial is kept the moment it ends and `--resume` goes on from there.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Judgment } from '../../src/domain/verdict.ts'
import { startRun, type TestLab, testLab, verdictOf } from '../support/lab.ts'
import { footprintOf } from './footprint.ts'
import { type Healthy, healthyTrials, seededDefects } from './matrix.ts'
import { isRight, rule, type Seeded, type Trial, trialOf } from './outcome.ts'
import { detectionPage } from './page.ts'

const HELP = `Performs a rehearsal against each seeded defect and prints which cause was found.

usage: npm run detect -- [--only a,b] [--healthy N] [--resume] [--judge-again] [--page docs/detection.md] [--list]

  --only a,b     these defects (or rehearsals, for healthy runs) only
  --healthy N    healthy runs of each rehearsal (default 1)
  --resume       keep the trials of the last time and do what is missing
  --judge-again  run nothing, judge the kept runs again from their evidence
  --page FILE    where the matrix goes (default: printed only)
  --list         say what would be done, and do nothing

examples:
  npm run detect -- --only no-failover,hpa-on-cpu
  npm run detect -- --resume --page docs/detection.md`

const { values: flags } = parseArgs({
  options: {
    only: { type: 'string' },
    healthy: { type: 'string', default: '1' },
    resume: { type: 'boolean', default: false },
    'judge-again': { type: 'boolean', default: false },
    page: { type: 'string' },
    list: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

const KEPT = join('reports', 'detection', 'trials.json')
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim()
const only = flags.only?.split(',')
const isWanted = (name: string): boolean => only === undefined || only.includes(name)

type Task = Healthy & { readonly id: string; readonly seeded?: Seeded }
const tasks: readonly Task[] = [
  ...seededDefects
    .filter(({ defect }) => isWanted(defect))
    .map((seeded) => ({ id: seeded.defect, rehearsal: seeded.rehearsal, platform: seeded.platform, seeded })),
  ...healthyTrials
    .filter(({ rehearsal }) => isWanted(rehearsal))
    .flatMap(({ rehearsal, platform }) =>
      Array.from({ length: Number(flags.healthy) }, (_, n) => ({
        id: `healthy ${rehearsal} ${n + 1}`,
        rehearsal,
        platform,
      })),
    ),
]

type Kept = Readonly<Record<string, Trial>>
const readKept = (): Kept => (existsSync(KEPT) ? (JSON.parse(readFileSync(KEPT, 'utf8')) as Kept) : {})

/** Healthy runs that were asked for at another time, and more often, count too. */
function shownOf(kept: Kept): readonly string[] {
  const asked = new Set(tasks.filter(({ seeded }) => seeded === undefined).map(({ rehearsal }) => rehearsal))
  const healthy = Object.entries(kept).filter(([, trial]) => trial.seeded === undefined && asked.has(trial.rehearsal))
  return [...new Set([...tasks.map(({ id }) => id), ...healthy.map(([id]) => id)])]
}

function keep(id: string, trial: Trial): void {
  mkdirSync(join('reports', 'detection'), { recursive: true })
  writeFileSync(KEPT, JSON.stringify({ ...readKept(), [id]: trial }, undefined, 2))
}

async function perform(lab: TestLab, { rehearsal, platform, seeded }: Task): Promise<Trial> {
  await lab.become([...platform, ...(seeded === undefined ? [] : [`test/canary/defects/${seeded.defect}`])])
  const run = startRun(lab, rehearsal, '--quiet')
  const { code, stderr } = await run.ended
  const judgment = existsSync(join(run.folder(), 'verdict.json')) ? verdictOf(run) : undefined
  if (judgment === undefined) console.error(stderr)
  const kept = join('reports', 'detection', basename(run.folder()))
  cpSync(run.folder(), kept, { recursive: true })
  const trial = trialOf(judgment, code, { rehearsal, run: kept, ...(seeded ? { seeded } : {}) })
  return { ...trial, footprint: await footprintOf(lab), commit }
}

/** What a run did is kept in its evidence; what it means is the judge's, who may have learnt since. */
function judgeAgain(): void {
  const shown = shownOf(readKept())
  for (const [id, trial] of Object.entries(readKept())) {
    if (trial.verdict === 'no verdict' || !shown.includes(id)) continue
    // Exit codes of a verdict are no failure here.
    spawnSync(process.execPath, ['src/cli/bin.mjs', 'judge', trial.run], { stdio: 'ignore' })
    const judgment = JSON.parse(readFileSync(join(trial.run, 'verdict.json'), 'utf8')) as Judgment
    const { rehearsal, run } = trial
    // A cause that is new is also new to the matrix.
    const seeded = tasks.find((task) => task.id === id)?.seeded ?? trial.seeded
    const now = trialOf(judgment, judgment.exitCode, { rehearsal, run, ...(seeded ? { seeded } : {}) })
    keep(id, { ...trial, ...now, judgedAgainAt: commit })
    if (now.found.join() !== trial.found.join()) console.log(`${id}: ${rule(now)} (${now.found.join(', ') || '-'})`)
  }
}

/** A defect may leave the platform in a state from which it does not come back: then the next trial gets a new lab. */
async function performAll(todo: readonly Task[]): Promise<void> {
  let lab: TestLab | undefined

  async function isPerformed(task: Task, place: string): Promise<boolean> {
    const startedAt = performance.now()
    try {
      lab ??= await testLab()
      const trial = await perform(lab, task)
      const took = Math.round((performance.now() - startedAt) / 1000)
      keep(task.id, { ...trial, seconds: took })
      console.log(
        `${place} ${task.id}: ${rule(trial)} (${trial.verdict}: ${trial.found.join(', ') || '-'}), ${took} s, lab ${trial.footprint?.megabytes} MB`,
      )
      return true
    } catch (error) {
      console.error(`${task.id}: ${error instanceof Error ? error.message : error}`)
      await lab?.down()
      lab = undefined
      return false
    }
  }

  try {
    for (const [index, task] of todo.entries()) {
      const place = `${index + 1}/${todo.length}`
      // Where the last trial left a lab that does not come back, a new one gets it right.
      if (!(await isPerformed(task, place))) await isPerformed(task, place)
    }
  } finally {
    await lab?.down()
  }
}

if (flags.help) {
  console.log(HELP)
} else if (flags.list) {
  for (const { id, rehearsal, seeded } of tasks)
    console.log(`${id}  ${rehearsal}  ${seeded?.causes.join(' or ') ?? 'no cause'}`)
} else {
  if (!flags.resume && !flags['judge-again']) rmSync(KEPT, { force: true })
  if (flags['judge-again']) judgeAgain()
  else await performAll(tasks.filter(({ id }) => !(id in readKept())))
  const kept = readKept()
  const trials = shownOf(kept).flatMap((id) => kept[id] ?? [])
  const page = detectionPage(trials, {
    date: new Date().toISOString().slice(0, 10),
    cores: availableParallelism(),
    missing: tasks.map(({ id }) => id).filter((id) => !(id in kept)),
  })
  if (flags.page) writeFileSync(flags.page, page)
  console.log(page)
  process.exitCode = tasks.every(({ id }) => id in kept) && trials.every(isRight) ? 0 : 1
}
