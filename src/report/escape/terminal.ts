/** Text on a terminal or in a log: one line, no escape sequence but our own colours, and nothing that a CI runner obeys. */
import { withoutCommands } from './github.ts'
import { type Safe, tagOf } from './safe.ts'
import { visible } from './visible.ts'

export type TerminalText = Safe<'terminal'>

export const escapeTerminal = (text: string): string => visible(text)

export const term = tagOf('terminal', escapeTerminal)

/** Text of several lines, such as a stack trace: its own line ends stay. `indent` begins every line but the first. */
export const termLines = (text: string, indent = ''): TerminalText =>
  term.join(
    text.split(/\r\n|\n/).map((line) => term`${line}`),
    `\n${indent}`,
  )

/** What may be written to the stream. Lines are looked at as a whole, because a command may be put together of two parts. */
export const printable = (text: TerminalText): string => text.text.split('\n').map(withoutCommands).join('\n')

/**
 * JSON for stdout, the same value for whoever parses it: what a terminal or a runner would obey is written as `\u` escapes.
 * JSON.stringify escapes only C0 controls and halves of a pair.
 */
export function jsonText(value: unknown): TerminalText {
  const json = JSON.stringify(value, undefined, 2)
  const escaped = json.replace(/[\x7f-\x9f\p{Bidi_Control}\u2028\u2029]/gu, unicodeEscape)
  return term.own(escaped.replaceAll('##[', '#\\u0023['))
}

const unicodeEscape = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
