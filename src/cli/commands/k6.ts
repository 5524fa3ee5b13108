import { spawn } from 'node:child_process'
import type { Command } from 'commander'
import { k6Environment } from '../../adapters/k6/inspect.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { stopSignal } from '../stop-signal.ts'
import { findTool } from '../tools.ts'

export function addK6(root: Command, finish: (code: number) => void): void {
  root
    .command('k6')
    .description('the k6 that rehearsals use, with arguments and exit codes of its own')
    .argument('[arguments...]', "k6's own command and flags")
    .allowUnknownOption()
    .passThroughOptions()
    .addHelpText(
      'after',
      '\nExamples:\n  matchday k6 run script.js\n  matchday k6 run --vus 10 --duration 30s script.js\n  matchday k6 help run',
    )
    .action(async (words: string[]) => finish(await k6(words)))
}

async function k6(words: readonly string[]): Promise<number> {
  const found = await findTool('k6', stopSignal())
  // K6_… of the user's environment count here, as with k6 itself.
  const env = { ...k6Environment(), ...process.env }
  const child = spawn(found.path, words, { stdio: 'inherit', env })
  return new Promise((done, failed) => {
    child.once('error', failed)
    // Ctrl-C reaches k6 too, because it is in our process group. It ends by itself.
    child.once('close', (code) => done(code ?? exitCodes.aborted))
  })
}
