/** The runner of vitest that tries the mutants of an order (MATCHDAY_SWITCHES) on each test. */
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { relative } from 'node:path'
import { type RunnerTestCase, type RunnerTestSuite, TestRunner } from 'vitest'
import { install, Switches } from './switches.ts'
import { type Order, Trying } from './trying.ts'

/** vitest may make a runner for each test file; the mutants that still live are those of the process. */
const shared = globalThis as { __trying?: Trying }

function begin(): Trying {
  const order = JSON.parse(readFileSync(process.env.MATCHDAY_SWITCHES ?? '', 'utf8')) as Order
  return new Trying(
    order,
    install(new Switches(order.files.length)),
    (finding) => appendFileSync(order.log, `${JSON.stringify(finding)}\n`),
    (group) => writeFileSync(order.current, JSON.stringify(group)),
  )
}

shared.__trying ??= begin()
const trying = shared.__trying

export default class SwitchRunner extends TestRunner {
  override async onBeforeRunSuite(suite: RunnerTestSuite): Promise<void> {
    if ('filepath' in suite) trying.loaded(relative('.', String(suite.filepath)))
    await super.onBeforeRunSuite(suite)
  }

  async runTask(test: RunnerTestCase): Promise<void> {
    const run = TestRunner.getTestFn(test)
    const named = { testFile: relative('.', test.file.filepath), name: test.name }
    await trying.test(named, () => {
      this.onBeforeTryTask(test)
      return run()
    })
  }
}
