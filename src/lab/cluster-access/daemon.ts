/** What every daemon of the lab has in common: its one flag, its log, and that it ends when it is told to or its owner is gone. */

import { parseArgs } from 'node:util'

export type Log = (text: string) => void

export type Daemon = { readonly root: string; readonly log: Log; readonly stopping: AbortSignal }

/** Reads `--lab <root>`. The log goes to standard error, which the owner keeps; end of standard input means that the owner is gone. */
export function startDaemon(name: string): Daemon {
  const { values } = parseArgs({ options: { lab: { type: 'string' } } })
  if (values.lab === undefined) {
    process.stderr.write(`${name}: --lab <root> is missing\n`)
    process.exit(2)
  }
  const stop = new AbortController()
  process.on('SIGTERM', () => stop.abort())
  process.on('SIGINT', () => stop.abort())
  process.stdin.on('end', () => stop.abort())
  process.stdin.on('error', () => stop.abort())
  process.stdin.resume()
  const log: Log = (text) => process.stderr.write(`${new Date().toISOString()} ${text}\n`)
  return { root: values.lab, log, stopping: stop.signal }
}
