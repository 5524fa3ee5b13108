/**
 * GitHub's runner obeys lines of a step's output: `::error file=a,line=1::message`, and the older `##[error]message`.
 * The first form counts only at the start of a line, after spaces; the second anywhere in it.
 * Source: ActionCommand.TryParseV2 and TryParse of actions/runner, and toolkit/command.ts for the escapes.
 */
import { Safe } from './safe.ts'
import { visible } from './visible.ts'

export type GitHubCommand = Safe<'github'>

/** The message of a command ends at the end of its line. */
export const escapeData = (text: string): string => visible(text, '\n').replaceAll('%', '%25').replaceAll('\n', '%0A')

/** A property also ends at a comma or a colon. */
export const escapeProperty = (text: string): string => escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')

export function githubCommand(
  command: 'error' | 'warning' | 'notice',
  properties: Readonly<Record<string, string | number>>,
  message: string,
): GitHubCommand {
  const all = Object.entries(properties).map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  // The older form is recognised anywhere, also in the message of the newer one.
  return new Safe('github', withoutOldCommands(`::${command} ${all.join(',')}::${escapeData(message)}`))
}

const withoutOldCommands = (line: string): string => line.replaceAll('##[', '## [')

/** A line that the runner treats as text, whatever it contains. */
export const withoutCommands = (line: string): string => withoutOldCommands(line.replace(/^(\s*):(?=:)/, '$1: '))
