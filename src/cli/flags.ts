/**
 * Flags that are checked before a command does anything. All wrong values are reported together, with exit code 2. A command adds its flags with
 * `checkedFlag` and the checks that need more than one flag with `checkedTogether`; `refuseWrongFlags` runs them.
 */
import { accessSync, constants, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Argument, type Command, Option } from 'commander'
import type { Issue } from '../domain/issue.ts'
import { chooseAmong } from '../files/did-you-mean.ts'
import { parseFlag } from '../files/flags.ts'
import type { Shape } from '../files/shape.ts'
import { BadInput } from './failure.ts'

/** The problem and the next step for a wrong value; undefined for a right one. */
export type Complaint = Pick<Issue, 'problem' | 'next'> & { readonly code?: string }
export type ValueCheck = (written: string) => Complaint | undefined
/** `flags` holds the values as commander keeps them. */
export type CommandCheck = (flags: Readonly<Record<string, unknown>>) => readonly Issue[]

const valueChecks = new WeakMap<Option | Argument, ValueCheck>()
const wordsOf = new WeakMap<ValueCheck, readonly string[]>()
const commandChecks = new WeakMap<Command, readonly CommandCheck[]>()

export function checkedFlag(flags: string, description: string, check: ValueCheck, otherwise?: unknown): Option {
  const option = new Option(flags, description)
  if (otherwise !== undefined) option.default(otherwise)
  valueChecks.set(option, check)
  return option
}

export function checkedArgument(name: string, description: string, check: ValueCheck): Argument {
  const argument = new Argument(name, description)
  valueChecks.set(argument, check)
  return argument
}

export const isChecked = (of: Option | Argument): boolean => valueChecks.has(of)

export function checkedTogether(command: Command, check: CommandCheck): Command {
  commandChecks.set(command, [...(commandChecks.get(command) ?? []), check])
  return command
}

/** `-o json` prints one document on stdout, also when the command fails; docs/output has its schema. */
export const outputFlag = (formats: readonly string[] = ['text', 'json']): Option =>
  checkedFlag('-o, --output <format>', formats.join(' or '), amongWords(formats, 'formats'), 'text')

export const issueOfFlag = (flag: string, { problem, next, code = 'wrong-value' }: Complaint): Issue => ({
  at: { file: flag, line: 0, column: 0 },
  code,
  problem,
  next,
})

/** @throws BadInput with everything that is wrong with the flags and arguments of this command */
export function refuseWrongFlags(command: Command): void {
  const issues = [
    ...command.options.flatMap((option) =>
      check(option, option.long ?? option.flags, command.getOptionValue(option.attributeName()), command, option),
    ),
    ...command.registeredArguments.flatMap((argument, at) =>
      check(argument, argument.name(), command.processedArgs[at], command),
    ),
    ...(commandChecks.get(command) ?? []).flatMap((each) => [...each(command.opts())]),
  ]
  if (issues.length > 0) throw new BadInput(issues)
}

/** Defaults are ours, and may not be there yet. */
function check(
  of: Option | Argument,
  name: string,
  value: unknown,
  command: Command,
  option?: Option,
): readonly Issue[] {
  const valueCheck = valueChecks.get(of)
  if (valueCheck === undefined) return []
  if (option !== undefined && command.getOptionValueSource(option.attributeName()) === 'default') return []
  const written = (Array.isArray(value) ? value : [value]).filter((each) => typeof each === 'string')
  return written.flatMap((each) => {
    const complaint = valueCheck(each)
    return complaint === undefined ? [] : [issueOfFlag(name, complaint)]
  })
}

export function amongWords(known: readonly string[], what: string): ValueCheck {
  const check: ValueCheck = (written) =>
    known.includes(written)
      ? undefined
      : { problem: `there is no ${what.replace(/s$/, '')} "${written}".`, next: chooseAmong(written, known, what) }
  wordsOf.set(check, known)
  return check
}

/** All values that a flag or argument may have, where they are a list. */
export function knownValues(of: Option | Argument): readonly string[] | undefined {
  const check = valueChecks.get(of)
  return check && wordsOf.get(check)
}

/** The forms and messages are those of the files. */
export const ofShape =
  (shape: Shape<unknown>, flag: string): ValueCheck =>
  (written) => {
    const parsed = parseFlag(shape, flag, written)
    return parsed.ok ? undefined : parsed.issues[0]
  }

export const aFile: ValueCheck = (path) => {
  const found = statOf(path)
  if (found === undefined)
    return { code: 'file-missing', problem: `there is no file ${path}.`, next: 'Give the path of a file.' }
  return found.isDirectory() ? { problem: `${path} is a folder.`, next: 'Give the path of a file.' } : undefined
}

export const aFolder: ValueCheck = (path) => {
  const found = statOf(path)
  if (found === undefined)
    return { code: 'file-missing', problem: `there is no folder ${path}.`, next: 'Give the path of a folder.' }
  return found.isDirectory() ? undefined : { problem: `${path} is no folder.`, next: 'Give the path of a folder.' }
}

export const aWebAddress: ValueCheck = (text) => {
  const { protocol } = URL.parse(text) ?? {}
  if (protocol === 'http:' || protocol === 'https:') return undefined
  return { problem: `${text} is no web address.`, next: 'Write it as http://host:port or https://host.' }
}

export const aFileOrFolder: ValueCheck = (path) => {
  if (statOf(path) !== undefined) return undefined
  return { code: 'file-missing', problem: `there is no ${path}.`, next: 'Give a path that is there.' }
}

/** A folder that is there, or one that can be made. */
export const aFolderToWrite: ValueCheck = (path) => {
  let at = resolve(path)
  while (statOf(at) === undefined && dirname(at) !== at) at = dirname(at)
  const next = 'Choose another folder.'
  if (!statOf(at)?.isDirectory()) return { problem: `${at} is no folder.`, next }
  try {
    accessSync(at, constants.W_OK)
    return undefined
  } catch {
    return { problem: `${at} may not be written.`, next }
  }
}

function statOf(path: string) {
  try {
    return statSync(path)
  } catch {
    return undefined
  }
}
