/**
 * `npm run conformance`: runs upstream's conformance suites against labs of its own, in an empty network namespace. All specs take an hour and more, so
 * each result is kept the moment its spec ends, and `--resume` goes on from there.
 */
import { writeFileSync } from 'node:fs'
import { reportFailure } from '../../../src/cli/failure.ts'
import { stopSignal, stopsOnly } from '../../../src/cli/stop-signal.ts'
import { findTools, labTools } from '../../../src/cli/tools.ts'
import { TOOL_GROUPS } from '../../../src/toolchain/toolchain.ts'
import { isInside, runInside } from './empty-network.ts'
import { type Flags, flagsOf, HELP } from './flags.ts'
import { requirePrograms } from './images.ts'
import { readMeasured } from './kept.ts'
import { conformancePage } from './page.ts'
import { type Found, listTodo, performAll, plannedRun } from './perform.ts'

const PAGE = 'docs/conformance.md'
const GROUP_OF = { e2e: 'kubernetes-suite', others: 'kubernetes-suite', critest: 'cri-suite' } as const

const writePage = (): void => writeFileSync(PAGE, conformancePage(readMeasured()))

async function main(flags: Flags): Promise<number> {
  const signal = stopSignal(stopsOnly('stopping the lab; what was measured is kept…'))
  // Builds need the machine's network.
  const groups = flags.only === undefined ? (['kubernetes-suite', 'cri-suite'] as const) : [GROUP_OF[flags.only]]
  const run = await plannedRun(
    flags,
    await findTools(
      groups.flatMap((group) => TOOL_GROUPS[group]),
      signal,
    ),
  )
  if (flags.does === 'list') return listTodo(run)
  if (run.todo.some(({ suite }) => suite === 'others')) requirePrograms()
  if (!isInside()) {
    for (const networking of flags.networkings) await labTools(signal, networking)
    return runInside()
  }
  let found: Found
  try {
    found = await performAll(run, signal)
  } finally {
    writePage()
  }
  console.log(`${PAGE} is written`)
  return found.news.length + found.unrun.length > 0 ? 1 : 0
}

const flags = flagsOf(process.argv.slice(2))
if ('problems' in flags) {
  console.error(`${flags.problems.join('\n')}\n\nNext: npm run conformance -- --help`)
  process.exitCode = 2
} else if (flags.does === 'help') console.log(HELP)
else if (flags.does === 'page') writePage()
else process.exitCode = await main(flags).catch(reportFailure)
