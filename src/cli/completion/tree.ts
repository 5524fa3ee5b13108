/**
 * Completion for shells. The tree of commands and flags comes from commander's own, so that it has what `--help` shows; one file for each shell turns it
 * into a script. The script needs no matchday at the press of Tab: starting Node takes too long for that.
 */
import type { Argument, Command, Option } from 'commander'
import { knownValues } from '../flags.ts'

/** What a flag's value or an argument can be completed with. `other` is free text, such as the name of a context. */
export type Values =
  | { readonly kind: 'none' }
  | { readonly kind: 'files' }
  | { readonly kind: 'folders' }
  | { readonly kind: 'other' }
  | { readonly kind: 'words'; readonly words: readonly string[] }

export type Flag = {
  /** With their hyphens: `--output`, `-o`. */
  readonly names: readonly string[]
  readonly description: string
  readonly values: Values
}

/** A command by its words, such as `lab up`; the program itself has none. */
export type CommandPlace = {
  readonly path: string
  readonly commands: readonly { readonly name: string; readonly description: string }[]
  readonly flags: readonly Flag[]
  readonly argument: Values
}

/** The program and all its commands, each before those below it. Hidden ones are left out. */
export function placesOf(command: Command, path: readonly string[] = []): readonly CommandPlace[] {
  const help = command.createHelp()
  const commands = help.visibleCommands(command).filter((each) => each.name() !== 'help')
  const place: CommandPlace = {
    path: path.join(' '),
    commands: commands.map((each) => ({ name: each.name(), description: each.description() })),
    flags: help.visibleOptions(command).map(flagOf),
    argument: argumentOf(command.registeredArguments),
  }
  return [place, ...commands.flatMap((each) => placesOf(each, [...path, each.name()]))]
}

const flagOf = (option: Option): Flag => ({
  names: [option.long, option.short].filter((name) => name !== undefined && name !== null),
  description: option.description,
  values: option.required || option.optional ? valuesOf(option, option.flags, option.argChoices) : { kind: 'none' },
})

function argumentOf([first]: readonly Argument[]): Values {
  return first === undefined ? { kind: 'none' } : valuesOf(first, `<${first.name()}>`, first.argChoices)
}

/** The placeholder says what it is, as it does to people. */
function valuesOf(of: Option | Argument, placeholder: string, choices: readonly string[] | undefined): Values {
  const words = choices ?? knownValues(of)
  if (words !== undefined) return { kind: 'words', words }
  if (/<folder/.test(placeholder)) return { kind: 'folders' }
  return /<(file|rehearsal)/.test(placeholder) ? { kind: 'files' } : { kind: 'other' }
}
