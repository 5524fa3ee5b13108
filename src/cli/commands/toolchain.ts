import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { type CleanResult, cleanToolchain } from '../../toolchain/clean.ts'
import { gigabytes } from '../../toolchain/disk.ts'
import { STANDARD_TOOLS, TOOL_GROUPS, TOOL_NAMES, type ToolName } from '../../toolchain/toolchain.ts'
import { amongWords, checkedArgument, outputFlag } from '../flags.ts'
import { stopSignal, stopsOnly } from '../stop-signal.ts'
import { jsonText, print, say, term } from '../terminal.ts'
import { findTools } from '../tools.ts'

export function addToolchain(root: Command, finish: (code: number) => void): void {
  const toolchain = root.command('toolchain').description('find or build the programs that matchday drives')
  addBuild(toolchain, finish)
  addClean(toolchain, finish)
}

function addBuild(toolchain: Command, finish: (code: number) => void): void {
  toolchain
    .command('build')
    .description('make tools ready: given path, PATH, cache, or built by Go from the committed go.mod')
    .addArgument(
      checkedArgument(
        '[tools...]',
        `which ones (default: all that every run needs): ${NAMES.join(', ')}`,
        amongWords(NAMES, 'tools'),
      ),
    )
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nA path of your own: MATCHDAY_K6=/opt/k6 matchday toolchain build\n\nExamples:\n  matchday toolchain build\n  matchday toolchain build keda\n  matchday toolchain build --output json',
    )
    .action(async (names: string[], flags: { output: string }) => {
      const found = await findTools(
        names.length === 0 ? STANDARD_TOOLS : names.flatMap(toolsNamed),
        stopSignal(stopsOnly('stopping; finished builds are kept…')),
      )
      if (flags.output === 'json') print(jsonText({ format: 1, tools: found }))
      else
        for (const [name, { path, version }] of Object.entries(found))
          print(term`${name.padEnd(26)} ${version.padEnd(10)} ${path}`)
      finish(exitCodes.pass)
    })
}

function addClean(toolchain: Command, finish: (code: number) => void): void {
  toolchain
    .command('clean')
    .description('remove compiled packages, and programs of versions that this matchday does not use')
    .option('--dry-run', 'only list what would be removed')
    .addOption(outputFlag())
    .addHelpText(
      'after',
      "\nThe programs that this matchday uses stay, and so does a program that is running. Another matchday on this machine, of another version,\nbuilds its programs again when it next needs them. Go's modules and a GOCACHE of your own are left alone.\n\nExamples:\n  matchday toolchain clean --dry-run\n  matchday toolchain clean\n  matchday toolchain clean --output json | jq .freedBytes",
    )
    .action(async (flags: { dryRun?: true; output: string }) => {
      const isDryRun = flags.dryRun === true
      const result = await cleanToolchain({
        isDryRun,
        onWait: tellOnce((pid) => say(term`waiting for process ${pid}, which builds`)),
        signal: stopSignal(stopsOnly('stopping…')),
      })
      const freedBytes = result.removed.reduce((sum, { bytes }) => sum + bytes, 0)
      if (flags.output === 'json') print(jsonText({ format: 1, dryRun: isDryRun, freedBytes, ...result }))
      else printCleaned(result, freedBytes, isDryRun)
      finish(exitCodes.pass)
    })
}

function printCleaned({ removed, inUse, chosenCache }: CleanResult, freedBytes: number, isDryRun: boolean): void {
  for (const { what, path, bytes } of removed) print(term`${what.padEnd(17)} ${gigabytes(bytes).padStart(7)}  ${path}`)
  for (const { path, pid } of inUse) say(term`${path} stays: process ${pid} runs a program of it.`)
  if (chosenCache !== undefined)
    say(term`The compiled packages are in ${chosenCache}, which you chose for Go (GOCACHE). They stay.`)
  if (removed.length === 0) print(term`nothing to remove`)
  else print(term`${isDryRun ? 'would free' : 'freed'} ${gigabytes(freedBytes)}`)
}

/** The lock is looked at twice a second. */
function tellOnce(tell: (pid: number) => void): (pid: number) => void {
  let told = false
  return (pid) => {
    if (!told) tell(pid)
    told = true
  }
}

const NAMES: readonly string[] = [...TOOL_NAMES, ...Object.keys(TOOL_GROUPS)]

function toolsNamed(name: string): readonly ToolName[] {
  if (name in TOOL_GROUPS) return TOOL_GROUPS[name as keyof typeof TOOL_GROUPS]
  return TOOL_NAMES.filter((each) => each === name)
}
