/**
 * What goes where: results on stdout, progress on stderr; colour only where the stream wants it (NO_COLOR, FORCE_COLOR, TERM=dumb are
 * honoured). Everything is written here, as `TerminalText`, so that no name can bring an escape sequence or a CI command of its own.
 */
import { styleText } from 'node:util'
import type { GitHubCommand } from '../report/escape/github.ts'
import { printable, type TerminalText, term } from '../report/escape/terminal.ts'

export { jsonText, printable, type TerminalText, term, termLines } from '../report/escape/terminal.ts'

type Style = Parameters<typeof styleText>[0]

/** How a text is coloured; tests give one that leaves it as it is. */
export type Paint = (style: Style, text: string | TerminalText) => TerminalText

/** Styled for stderr or stdout, or plain when that stream shows no colour. */
export const onStderr: Paint = (style, text) =>
  term.own(styleText(style, term`${text}`.text, { stream: process.stderr }))
export const onStdout: Paint = (style, text) =>
  term.own(styleText(style, term`${text}`.text, { stream: process.stdout }))

/** Above the lines of progress, if there are any. */
export function say(text: TerminalText): void {
  aboveProgress(`${printable(text)}\n`)
}

/** A command for GitHub's runner, which reads stderr as it reads stdout. */
export function sayCommand(command: GitHubCommand): void {
  aboveProgress(`${command.text}\n`)
}

export function print(text: TerminalText): void {
  process.stdout.write(`${printable(text)}\n`)
}

/** The last lines of an interactive terminal, which are painted again and again. Whatever else is said goes above them. */
let progress: readonly TerminalText[] = []

/** Paints these lines in place of the ones before; none takes them away. For interactive terminals only. */
export function showProgressLines(lines: readonly TerminalText[]): void {
  const shown = lines.map((line) => clipped(line, columnsOf(process.stderr)))
  process.stderr.write(erased() + painted(shown))
  progress = shown
}

const aboveProgress = (text: string): void => {
  process.stderr.write(erased() + text + painted(progress))
}

const erased = (): string => (progress.length > 0 ? `\u001b[${progress.length}A\u001b[0J` : '')
const painted = (lines: readonly TerminalText[]): string => lines.map((line) => `${printable(line)}\n`).join('')

/** Escape sequences of colours, which take no room on the screen. */
const COLOUR = new RegExp(`(${String.fromCharCode(27)}\\[[0-9;]*m)`)

export const widthOf = ({ text }: TerminalText): number =>
  text.split(COLOUR).reduce((sum, part, index) => sum + (index % 2 === 0 ? part.length : 0), 0)

/** Cut to the width of the screen, colours kept: a line that the terminal wraps would take two, and a repaint would count one. */
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

/** Broken between words where the screen ends; `first` and `rest` stand before its lines. A pipe has no end and gets one line. */
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

/** A closed pipe (`matchday … | head`) is the reader's wish, not an error. */
export function tolerateClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
}

export const isInteractive = (): boolean =>
  process.stderr.isTTY === true && process.env.CI === undefined && process.env.TERM !== 'dumb'

/** As wide as the screen is; without limit for a pipe, and for a terminal that reports no width (0), as some in containers do. */
export const columnsOf = ({ isTTY, columns }: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>): number =>
  isTTY === true && columns > 0 ? columns : Number.POSITIVE_INFINITY
