/**
 * Results go to stdout, progress to stderr. Colour only if the stream supports it (NO_COLOR, FORCE_COLOR and TERM=dumb are honoured). All output is
 * `TerminalText`, so that no name can inject an escape sequence or a CI command.
 */
import { styleText } from 'node:util'
import type { GitHubCommand } from '../report/escape/github.ts'
import { printable, type TerminalText, term } from '../report/escape/terminal.ts'

export { jsonText, printable, type TerminalText, term, termLines } from '../report/escape/terminal.ts'

type Style = Parameters<typeof styleText>[0]

/** How text is coloured; tests pass one that leaves it unchanged. */
export type Paint = (style: Style, text: string | TerminalText) => TerminalText

/** Styled for stderr or stdout, or plain if that stream shows no colour. */
export const onStderr: Paint = (style, text) =>
  term.own(styleText(style, term`${text}`.text, { stream: process.stderr }))
export const onStdout: Paint = (style, text) =>
  term.own(styleText(style, term`${text}`.text, { stream: process.stdout }))

/** Prints above the progress lines, if there are any. */
export function say(text: TerminalText): void {
  aboveProgress(`${printable(text)}\n`)
}

/** A command for GitHub's runner, which reads stderr as it reads stdout. */
export function sayCommand(command: GitHubCommand): void {
  aboveProgress(`${command.text}\n`)
}

let printed = false

export function print(text: TerminalText): void {
  printed = true
  process.stdout.write(`${printable(text)}\n`)
}

/** Whether anything was printed since this was last asked: `-o json` gives one document, a result or a failure. */
export function hasPrinted(): boolean {
  const before = printed
  printed = false
  return before
}

/** The last lines of an interactive terminal, which are repainted. All other output goes above them. */
let progress: readonly TerminalText[] = []

/** Replaces the previous lines with these; an empty list removes them. For interactive terminals only. */
export function showProgressLines(lines: readonly TerminalText[]): void {
  const shown = lines.slice(0, rowsOf(process.stderr)).map((line) => clipped(line, columnsOf(process.stderr)))
  process.stderr.write(erased() + painted(shown))
  progress = shown
}

const aboveProgress = (text: string): void => {
  process.stderr.write(erased() + text + painted(progress))
}

/** From the first column: Ctrl-C leaves `^C` there, and the cursor behind it. */
const erased = (): string => (progress.length > 0 ? `\r\u001b[${progress.length}A\u001b[0J` : '')
const painted = (lines: readonly TerminalText[]): string => lines.map((line) => `${printable(line)}\n`).join('')

/** Escape sequences of colours, which have no width. */
const COLOUR = new RegExp(`(${String.fromCharCode(27)}\\[[0-9;]*m)`)

export const widthOf = ({ text }: TerminalText): number =>
  text.split(COLOUR).reduce((sum, part, index) => sum + (index % 2 === 0 ? part.length : 0), 0)

/** Cut to the terminal's width, with colours kept. A line that wraps would take two rows, but a repaint counts one. */
export function clipped(line: TerminalText, columns: number): TerminalText {
  if (widthOf(line) <= columns) return line
  let room = columns - 1
  const parts = line.text.split(COLOUR).map((part, index) => {
    if (index % 2 === 1) return part
    const kept = part.slice(0, Math.max(0, room))
    room -= part.length
    return kept
  })
  return term.own(`${parts.join('')}…`)
}

/** Wrapped between words at the terminal's width; `first` and `rest` are the prefixes of its lines. Output to a pipe is not wrapped. */
export function wrapped(text: string, columns: number, first: string, rest: string): readonly TerminalText[] {
  const lines: string[] = []
  let line = first
  for (const [index, word] of term`${text}`.text.split(' ').entries()) {
    const longer = index === 0 ? `${line}${word}` : `${line} ${word}`
    if (index > 0 && longer.length > columns) {
      lines.push(line)
      line = `${rest}${word}`
    } else line = longer
  }
  return [...lines, line].map((each) => term.own(each))
}

/** A closed pipe (`matchday … | head`) is intended by the reader and not an error. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

/** Without a width, lines that wrap could not be counted, and a repaint would overwrite what was said before. */
export const isInteractive = (): boolean =>
  columnsOf(process.stderr) !== Number.POSITIVE_INFINITY && process.env.CI === undefined && process.env.TERM !== 'dumb'

/** A repaint reaches no further than the top of the screen. The last row holds the cursor. */
const rowsOf = ({ rows }: Pick<NodeJS.WriteStream, 'rows'>): number => (rows > 1 ? rows - 1 : Number.POSITIVE_INFINITY)

/** The terminal's width. No limit for a pipe, or for a terminal that reports width 0, as some in containers do. */
export const columnsOf = ({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number =>
  isTTY === true && columns > 0 ? columns : Number.POSITIVE_INFINITY
