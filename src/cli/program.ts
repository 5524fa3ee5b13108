/** The commands and the handling of their failures. */
import { Command, CommanderError } from 'commander'
import { exitCodes } from '../domain/verdict.ts'
import { addCapacity } from './commands/capacity.ts'
import { addCheck } from './commands/check.ts'
import { addCompare } from './commands/compare.ts'
import { addCompletion } from './commands/completion.ts'
import { addDashboard } from './commands/dashboard.ts'
import { addGameday } from './commands/gameday.ts'
import { addHeal } from './commands/heal.ts'
import { addHistory } from './commands/history.ts'
import { addImages } from './commands/images.ts'
import { addInit } from './commands/init.ts'
import { addJudge } from './commands/judge.ts'
import { addK6 } from './commands/k6.ts'
import { addLab } from './commands/lab.ts'
import { addList } from './commands/list.ts'
import { addLive } from './commands/live.ts'
import { addLoad } from './commands/load.ts'
import { addNotify } from './commands/notify.ts'
import { addOpen } from './commands/open.ts'
import { addPlan } from './commands/plan.ts'
import { addPublish } from './commands/publish.ts'
import { addReport } from './commands/report.ts'
import { addRun } from './commands/run.ts'
import { addScenario } from './commands/scenario.ts'
import { addSlo } from './commands/slo.ts'
import { addToolchain } from './commands/toolchain.ts'
import { type FailureReport, lastFailure, reportFailure, usageReport } from './failure.ts'
import { refuseWrongFlags } from './flags.ts'
import { VERSION } from './package.ts'
import { hasPrinted, jsonText, print } from './terminal.ts'

const EXIT_CODES = `
Exit codes:
  0 pass            1 fail             2 bad file or flags   3 inconclusive
  4 aborted, healed 5 environment      6 not healed          70 defect of matchday
`

/** All commands with their flags. `finish` takes the exit code. */
export function program(finish: (code: number) => void): Command {
  const root = new Command('matchday')
    .description(
      'Rehearses traffic peaks under faults on Kubernetes and says, with evidence, whether the objectives held.',
    )
    .version(VERSION)
    .exitOverride()
    // The flags of `matchday k6 …` are k6's.
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for the flags and examples)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', EXIT_CODES)
    .hook('preAction', (_, command) => refuseWrongFlags(command))
  for (const add of [
    addInit,
    addRun,
    addPlan,
    addCapacity,
    addCompare,
    addCheck,
    addJudge,
    addReport,
    addList,
    addHistory,
    addOpen,
    addLive,
    addGameday,
    addNotify,
    addPublish,
    addDashboard,
    addLoad,
    addSlo,
    addHeal,
    addLab,
    addImages,
    addToolchain,
    addScenario,
    addK6,
    addCompletion,
  ])
    add(root, finish)
  return root
}

/** Performs one command line (the words after the program's name) and returns its exit code. Never throws. */
export async function matchday(words: readonly string[]): Promise<number> {
  hasPrinted()
  lastFailure()
  const { exitCode, failure } = await performed(words)
  // A result that was printed says what went wrong itself.
  if (failure !== undefined && wantsJson(words) && !hasPrinted()) print(jsonText({ ...failure, exitCode }))
  return exitCode
}

/** Read from the words themselves: flags that are wrong never become options. */
const wantsJson = (words: readonly string[]): boolean => /(^| )(-o|--output)[ =]?json( |$)/.test(words.join(' '))

type Performed = { readonly exitCode: number; readonly failure?: FailureReport | undefined }

async function performed(words: readonly string[]): Promise<Performed> {
  let exitCode: number = exitCodes.pass
  try {
    await program((code) => {
      exitCode = code
    }).parseAsync(words, { from: 'user' })
    return { exitCode, failure: lastFailure() }
  } catch (error) {
    if (!(error instanceof CommanderError)) return { exitCode: reportFailure(error), failure: lastFailure() }
    if (error.exitCode === 0) return { exitCode: exitCodes.pass }
    return { exitCode: exitCodes.badInput, failure: usageReport(error.message) }
  }
}
