/** The progress line of one record; undefined for records that only the journal needs. The words are those of the live page. */
import type { Evidence } from '../domain/evidence.ts'
import { eventWords } from '../report/live/event-words.ts'
import type { Look } from '../report/words.ts'
import { onStderr, type TerminalText, term } from './terminal.ts'

const colours = { good: 'green', bad: 'red', warn: 'yellow' } as const satisfies Readonly<Record<Look, string>>

export function eventText(record: Evidence): TerminalText | undefined {
  const words = eventWords(record)
  if (words === undefined) return undefined
  const { subject, text, look } = words
  return term`${onStderr('bold', subject)}${look === undefined ? text : onStderr(colours[look], text)}`
}
