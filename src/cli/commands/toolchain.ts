import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { TOOL_NAMES } from '../../toolchain/toolchain.ts'
import { stopSignal } from '../stop-signal.ts'
import { print } from '../terminal.ts'
import { findTools } from '../tools.ts'

export function addToolchain(root: Command, finish: (code: number) => void): void {
  root
    .command('toolchain')
    .description('find or build k6 and the control plane')
    .command('build')
    .description('make every tool ready: given path, PATH, cache, or built by Go from the committed go.mod')
    .option('-o, --output <format>', 'text or json', 'text')
    .addHelpText(
      'after',
      '\nA path of your own: MATCHDAY_K6=/opt/k6 matchday toolchain build\n\nExamples:\n  matchday toolchain build\n  matchday toolchain build --output json',
    )
    .action(async (flags: { output: string }) => {
      const found = await findTools(TOOL_NAMES, stopSignal())
      if (flags.output === 'json') print(JSON.stringify(found, undefined, 2))
      else
        for (const [name, { path, version }] of Object.entries(found))
          print(`${name.padEnd(26)} ${version.padEnd(10)} ${path}`)
      finish(exitCodes.pass)
    })
}
