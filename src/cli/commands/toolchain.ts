import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { STANDARD_TOOLS, TOOL_GROUPS, TOOL_NAMES, type ToolName } from '../../toolchain/toolchain.ts'
import { amongWords, checkedArgument, outputFlag } from '../flags.ts'
import { stopSignal, stopsOnly } from '../stop-signal.ts'
import { jsonText, print, term } from '../terminal.ts'
import { findTools } from '../tools.ts'

export function addToolchain(root: Command, finish: (code: number) => void): void {
  root
    .command('toolchain')
    .description('find or build the programs that matchday drives')
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

const NAMES: readonly string[] = [...TOOL_NAMES, ...Object.keys(TOOL_GROUPS)]

function toolsNamed(name: string): readonly ToolName[] {
  if (name in TOOL_GROUPS) return TOOL_GROUPS[name as keyof typeof TOOL_GROUPS]
  return TOOL_NAMES.filter((each) => each === name)
}
