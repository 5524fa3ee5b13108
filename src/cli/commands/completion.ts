import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { bashCompletion } from '../completion/bash.ts'
import { fishCompletion } from '../completion/fish.ts'
import { type CommandPlace, placesOf } from '../completion/tree.ts'
import { zshCompletion } from '../completion/zsh.ts'
import { amongWords, checkedArgument } from '../flags.ts'
import { print, termLines } from '../terminal.ts'

const scripts: Readonly<Record<string, (places: readonly CommandPlace[]) => string>> = {
  bash: bashCompletion,
  zsh: zshCompletion,
  fish: fishCompletion,
}

export function addCompletion(root: Command, finish: (code: number) => void): void {
  const shells = Object.keys(scripts)
  root
    .command('completion')
    .description('print the completion script for a shell')
    .addArgument(checkedArgument('<shell>', shells.join(', '), amongWords(shells, 'shells')))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(matchday completion bash)                                  # in ~/.bashrc\n  source <(matchday completion zsh)                                   # in ~/.zshrc, after compinit\n  matchday completion fish > ~/.config/fish/completions/matchday.fish',
    )
    .action((shell: string) => {
      const script = scripts[shell]
      if (script !== undefined) print(termLines(script(placesOf(root)).trimEnd()))
      finish(exitCodes.pass)
    })
}
