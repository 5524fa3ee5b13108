/**
 * Runs every check in an order that fails early and cheaply: types, lint, pure tests, then the toolchain and the tests on the
 * lab. MATCHDAY_TESTS=all adds the tiers that have commands of their own, as CI does. Ends with how long each step took, what failed,
 * and one line that counts them all; a step that ran nothing counts as failed.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { NETWORK_VARIABLE } from '../../src/lab/owner/network-choice.ts'
import { type Build, minutesToBuild, refusal } from '../real/programs.ts'
import { chromium } from './browser.ts'
import { seedOfChecks } from './commit-seed.ts'
import { type Outcome, outcomeOf, type Report, withSecondAttempt } from './outcome.ts'

type Count = { readonly passed: number; readonly failed: number }

/** What a reader of the last lines must know: each failure again, one line each. */
const failures: string[] = []
/** What failed the first time and passed the second. */
const flaky: string[] = []
/** More files than these do not fail by chance. */
const FILES_AGAIN_MAX = 3

const seed = seedOfChecks(process.env.REHEARSAL_SEED)
if (seed !== undefined) process.env.REHEARSAL_SEED = seed
console.log(`seed: ${seed === undefined ? 'a new one for each tier' : `REHEARSAL_SEED=${seed}`}`)

/** CI has 90. */
const MINUTES = 88
/** Files of the real tier, with the minutes that two attempts (docs/adr/0069) may take, and what they build if the cache lacks it. */
const REAL: readonly RealFile[] = [
  { file: 'test/real/shipped-images-on-one-node', minutes: 2, builds: ['nodes'] },
  // An attempt: two minutes for the cluster, one for its policies, seven for its four rehearsals, and four for two that are repeated on a busy machine.
  { file: 'test/real/rehearsals-on-three-nodes', minutes: 28, builds: ['nodes', 'network', 'chaosMesh'] },
]
type RealFile = { readonly file: string; readonly minutes: number; readonly builds: readonly Build[] }

const took: string[] = []

const scratch = mkdtempSync(join(tmpdir(), 'matchday-checks-'))
/** A tool as the file that this Node runs: started by its own name it would run under the user's Node. */
const tool = (name: string): string => realpathSync(join('node_modules', '.bin', name))

function run(title: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<number> {
  const startedAt = performance.now()
  console.log(`\n== ${title}`)
  return new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    })
    child.on('error', (error) => {
      console.error(`${title}: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(0)
      took.push(`${title.replace('tests: ', '')} ${seconds} s`)
      console.log(`== ${title}: ${code === 0 ? 'ok' : `failed (${code})`}, ${seconds} s`)
      resolve(code ?? 1)
    })
  })
}

/** A step that is right or wrong as a whole. */
async function check(title: string, ...args: string[]): Promise<Count> {
  if ((await run(title, args)) === 0) return { passed: 1, failed: 0 }
  failures.push(title)
  return { passed: 0, failed: 1 }
}

/**
 * One vitest project, counted by its own report: an exit code of 0 with no test run is a failure. A few files that fail where real
 * processes run are run once more, and a test that passes then is told as flaky (docs/adr/0069).
 */
const tests = (project: string, ...files: readonly string[]): Promise<Count> => tier({ project, title: project, files })

type Tier = {
  readonly project: string
  readonly title: string
  readonly files: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

async function tier({ project, title, files, env }: Tier): Promise<Count> {
  const attempt = (part: string, of: readonly string[]) => attemptOf(project, `tests: ${title}${part}`, of, env)
  const first = await attempt('', files)
  const named = new Set(first.outcome.named)
  const again = first.outcome.files
  if (project === 'pure' || again.length === 0 || again.length > FILES_AGAIN_MAX) return counted(project, first)
  console.log(`\nonce more, to tell a flaky test from a broken one: ${again.join(', ')}`)
  const { report, code } = await attempt(', second attempt', again)
  const both = withSecondAttempt(first.report, report)
  const second = { report: both, code, outcome: outcomeOf(both, process.cwd()) }
  for (const line of second.outcome.named) named.delete(line)
  if (second.outcome.failed === 0) flaky.push(...named)
  return counted(project, second)
}

type Attempt = { readonly report: Report; readonly code: number; readonly outcome: Outcome }

async function attemptOf(
  project: string,
  title: string,
  files: readonly string[],
  env?: NodeJS.ProcessEnv,
): Promise<Attempt> {
  const file = join(scratch, `${title.replaceAll(/\W+/g, '-')}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${file}`]
  const code = await run(title, [tool('vitest'), 'run', '--project', project, ...files, ...reporters], env)
  const report = read(file)
  return { report, code, outcome: outcomeOf(report, process.cwd()) }
}

function counted(project: string, { code, outcome: { passed, failed, named } }: Attempt): Count {
  const broken = failed === 0 && (code !== 0 || passed === 0) ? 1 : 0
  failures.push(...(broken && named.length === 0 ? [`tests: ${project}`] : named))
  return { passed, failed: failed + broken }
}

function read(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { testResults: [] }
  }
}

/**
 * The lab's own contract with the pod network of machines that refuse namespaces. The tiers before have namespaces where the machine allows them
 * (docs/adr/0050).
 */
const PRELOAD: readonly Tier[] = [
  { project: 'lab', title: 'lab, preload', files: ['test/lab'], env: { [NETWORK_VARIABLE]: 'preload' } },
  { project: 'long', title: 'long, preload', files: ['test/lab/kubectl'], env: { [NETWORK_VARIABLE]: 'preload' } },
]

/** As much of it as the time allows. */
async function realTier(): Promise<readonly Count[]> {
  const left = MINUTES - Math.round(performance.now() / 60_000)
  const why = refusal()
  const chosen: RealFile[] = []
  for (const each of REAL) {
    const minutes = minutesOf([...chosen, each])
    const reason = why ?? (minutes > left ? `with it up to ${minutes} minutes, and ${left} are left` : undefined)
    if (reason === undefined) chosen.push(each)
    else console.log(`\n== tests: ${each.file}: skipped, ${reason}`)
  }
  return chosen.length === 0 ? [] : [await tests('real', ...chosen.map(({ file }) => file))]
}

/** Each build counts once. */
const minutesOf = (files: readonly RealFile[]): number =>
  files.reduce((sum, { minutes }) => sum + minutes, minutesToBuild(...new Set(files.flatMap(({ builds }) => builds))))

const counts: Count[] = []
counts.push(await check('types', tool('tsc'), '--noEmit'))
counts.push(await check('lint', tool('biome'), 'check', '.'))
counts.push(await tests('pure'))
counts.push(await tests('unit'))
counts.push(await tests('process'))
const toolchain = await check('toolchain', 'src/cli/bin.mjs', 'toolchain', 'build')
counts.push(toolchain)
const hasToolchain = toolchain.failed === 0
if (hasToolchain) counts.push(await tests('lab'))
if (process.env.MATCHDAY_TESTS === 'all') {
  if (chromium === undefined) console.log('\n== tests: browser: skipped, there is no Chromium on this machine')
  else counts.push(await tests('browser'))
  // Only KEDA's own test in `long` needs it, and builds it if it must; here the build has a step and a time of its own.
  if (hasToolchain) counts.push(await check('toolchain: KEDA', 'src/cli/bin.mjs', 'toolchain', 'build', 'keda'))
  if (hasToolchain) for (const project of ['long', 'alone', 'crash', 'canary']) counts.push(await tests(project))
  if (hasToolchain) for (const each of PRELOAD) counts.push(await tier(each))
  if (hasToolchain) counts.push(...(await realTier()))
}
rmSync(scratch, { recursive: true, force: true })

const sum = (pick: (count: Count) => number): number => counts.reduce((all, each) => all + pick(each), 0)
const failed = sum((each) => each.failed)
const minutes = performance.now() / 60_000
console.log(`\n${minutes.toFixed(1)} minutes: ${took.join(', ')}`)
if (flaky.length > 0)
  console.log(`\nflaky, passed on the second attempt:\n${flaky.map((each) => `  ${each}`).join('\n')}`)
if (failures.length > 0) console.log(`\nfailed:\n${failures.map((each) => `  ${each}`).join('\n')}`)
console.log(`\n${sum((each) => each.passed)} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
