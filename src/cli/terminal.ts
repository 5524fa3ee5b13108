/** What goes where: results on stdout, progress on stderr; colour only where the stream wants it (NO_COLOR, FORCE_COLOR, TERM=dumb are honoured). */
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** How a text is coloured; tests give one that leaves it as it is. */
export type Paint = (style: Style, text: string) => string

/** Styled for stderr or stdout, or plain when that stream shows no colour. */
export const onStderr = (style: Style, text: string): string => styleText(style, text, { stream: process.stderr })
export const onStdout = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout })

export const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Escape sequences of colours, which take no room on the screen. */
const COLOUR = new RegExp(`(${String.fromCharCode(27)}\\[[0-9;]*m)`)

export const widthOf = (text: string): number =>
  text.split(COLOUR).reduce((sum, part, index) => sum + (index % 2 === 0 ? part.length : 0), 0)

/** Cut to the width of the screen, colours kept: a line that the terminal wraps would take two, and a repaint would count one. */
export function clipped(text: string, columns: number): string {
  if (widthOf(text) <= columns) return text
  let room = columns - 1
  const parts = text.split(COLOUR).map((part, index) => {
    if (index % 2 === 1) return part
    const kept = part.slice(0, Math.max(0, room))
    room -= part.length
    return kept
  })
  return `${parts.join('')}…`
}

/** Broken between words where the screen ends; `first` and `rest` stand before its lines. A pipe has no end and gets one line. */
export function wrapped(text: string, columns: number, first: string, rest: string): readonly string[] {
  const lines: string[] = []
  let line = first
  for (const [index, word] of text.split(' ').entries()) {
    const longer = index === 0 ? `${line}${word}` : `${line} ${word}`
    if (index > 0 && longer.length > columns) {
      lines.push(line)
      line = `${rest}${word}`
    } else line = longer
  }
  return [...lines, line]
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

/** As wide as the screen is, without limit where there is none. */
export const columnsOf = (stream: NodeJS.WriteStream): number =>
  stream.isTTY === true ? stream.columns : Number.POSITIVE_INFINITY
