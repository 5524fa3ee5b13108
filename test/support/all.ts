/**
 * Runs every check in an order that fails early and cheaply: types, lint, pure tests, then the toolchain and the tests on the
 * lab. Ends with what failed, and one line that counts them all; a step that ran nothing counts as failed.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

type Count = { readonly passed: number; readonly failed: number }

/** What a reader of the last lines must know: each failure again, one line each. */
const failures: string[] = []

const scratch = mkdtempSync(join(tmpdir(), 'matchday-checks-'))
const bin = (name: string): string => join('node_modules', '.bin', name)

function run(title: string, command: string, args: readonly string[]): Promise<number> {
  const startedAt = performance.now()
  console.log(`\n== ${title}`)
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'inherit', 'inherit'] })
    child.on('error', (error) => {
      console.error(`${command}: ${error.message}`)
      resolve(1)
    })
    child.on('exit', (code) => {
      console.log(
        `== ${title}: ${code === 0 ? 'ok' : `failed (${code})`}, ${((performance.now() - startedAt) / 1000).toFixed(0)} s`,
      )
      resolve(code ?? 1)
    })
  })
}

/** A step that is right or wrong as a whole. */
async function check(title: string, command: string, ...args: string[]): Promise<Count> {
  if ((await run(title, command, args)) === 0) return { passed: 1, failed: 0 }
  failures.push(title)
  return { passed: 0, failed: 1 }
}

/** One vitest project, counted by its own report: an exit code of 0 with no test run is a failure. */
async function tests(project: string): Promise<Count> {
  const report = join(scratch, `${project}.json`)
  const code = await run(`tests: ${project}`, bin('vitest'), [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile=${report}`,
  ])
  const { passed, failed, named } = outcomeOf(report)
  const broken = failed === 0 && (code !== 0 || passed === 0) ? 1 : 0
  failures.push(...(broken && named.length === 0 ? [`tests: ${project}`] : named))
  return { passed, failed: failed + broken }
}

/** What this code reads of vitest's JSON report. A file can fail without any of its tests: in a hook, or at import. */
type Report = {
  readonly numPassedTests: number
  readonly testResults: readonly {
    readonly name: string
    readonly status: string
    readonly message: string
    readonly assertionResults: readonly {
      readonly status: string
      readonly fullName: string
      readonly failureMessages: readonly string[]
    }[]
  }[]
}

function outcomeOf(path: string): Count & { readonly named: readonly string[] } {
  try {
    const { numPassedTests, testResults } = JSON.parse(readFileSync(path, 'utf8')) as Report
    const named = testResults.filter(({ status }) => status === 'failed').flatMap(failuresOf)
    return { passed: numPassedTests, failed: named.length, named }
  } catch {
    return { passed: 0, failed: 0, named: [] }
  }
}

/** Where no test failed, a hook did, and vitest calls the tests after it skipped: they were not, they could not run. */
function failuresOf({ name, message, assertionResults }: Report['testResults'][number]): readonly string[] {
  const file = relative(process.cwd(), name)
  const failed = assertionResults.filter(({ status }) => status === 'failed')
  if (failed.length > 0)
    return failed.map(({ fullName, failureMessages }) => `${file}: ${fullName}: ${firstLine(failureMessages[0] ?? '')}`)
  const withheld = assertionResults.filter(({ status }) => status === 'skipped')
  if (withheld.length === 0) return [`${file}: ${firstLine(message)}`]
  return withheld.map(({ fullName }) => `${file}: ${fullName}: could not run, a hook before it failed`)
}

const firstLine = (text: string): string => (text.split('\n')[0] ?? '').slice(0, 300)

const counts: Count[] = []
counts.push(await check('types', bin('tsc'), '--noEmit'))
counts.push(await check('lint', bin('biome'), 'check', '.'))
counts.push(await tests('unit'))
counts.push(await tests('process'))
const toolchain = await check('toolchain', process.execPath, 'src/cli/bin.mjs', 'toolchain', 'build')
counts.push(toolchain)
// Only KEDA's own test needs it, and builds it if it must; here the build has a step and a time of its own.
if (toolchain.failed === 0)
  counts.push(await check('toolchain: KEDA', process.execPath, 'src/cli/bin.mjs', 'toolchain', 'build', 'keda'))
if (toolchain.failed === 0) counts.push(await tests('lab'))
rmSync(scratch, { recursive: true, force: true })

const sum = (pick: (count: Count) => number): number => counts.reduce((all, each) => all + pick(each), 0)
const failed = sum((each) => each.failed)
if (failures.length > 0) console.log(`\nfailed:\n${failures.map((each) => `  ${each}`).join('\n')}`)
console.log(`\n${sum((each) => each.passed)} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1
