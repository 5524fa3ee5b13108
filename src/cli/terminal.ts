/** What goes where: results on stdout, progress on stderr; colour only where the stream wants it (NO_COLOR, FORCE_COLOR, TERM=dumb are honoured). */
import { styleText } from 'node:util'

type Style = Parameters<typeof styleText>[0]

/** Styled for stderr or stdout, or plain when that stream shows no colour. */
export const onStderr = (style: Style, text: string): string => styleText(style, text, { stream: process.stderr })
export const onStdout = (style: Style, text: string): string => styleText(style, text, { stream: process.stdout })

export const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
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
