import { execFile } from 'node:child_process'
import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { isOnPath } from '../container/program.ts'
import type { Size } from './channels.ts'

/**
 * Terminals of containers. Node has no pseudo terminals. script(1) of util-linux makes one, where it is installed: the command runs as its
 * child on a terminal of its own.
 */
export function onTerminal(command: readonly string[], path: string | undefined): readonly string[] {
  if (!isOnPath('script', path)) return command
  const line = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  return ['script', '--quiet', '--return', '--command', `${FIRST_SIZE} exec ${line}`, '/dev/null']
}

// Until the client tells its size.
const FIRST_SIZE = 'stty rows 40 cols 120;'
const AGAIN_MS = 50
const PATIENCE_MS = 30_000

/**
 * Sets the size of the terminal that `script` made; its programs get SIGWINCH from the kernel. A client tells its size at once, before
 * script(1) has started the command: the last size told is set when the command runs. Nothing happens without a terminal.
 */
export function resizer(script: () => number | undefined): (size: Size) => void {
  let told: Size | undefined
  let waiting = false
  return (size) => {
    told = size
    if (waiting) return
    waiting = true
    void terminalOfCommand(script).then((terminal) => {
      waiting = false
      if (terminal !== undefined && told !== undefined) setSize(terminal, told)
    })
  }
}

// stty sets rows and columns by two calls, so that the programs get two signals.
function setSize(terminal: string, { columns, rows }: Size): void {
  execFile('stty', ['-F', terminal, 'rows', String(rows), 'cols', String(columns)], () => undefined)
}

async function terminalOfCommand(script: () => number | undefined): Promise<string | undefined> {
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    const pid = script()
    if (pid === undefined || !existsSync(`/proc/${pid}`)) return undefined
    const terminal = terminalBelow(pid)
    if (terminal !== undefined) return terminal
    await sleep(AGAIN_MS)
  }
  return undefined
}

/** The shell that sets the first size would overwrite a size that is set before it becomes the command. */
function terminalBelow(script: number): string | undefined {
  try {
    const [child] = readFileSync(`/proc/${script}/task/${script}/children`, 'utf8').trim().split(' ')
    if (readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(FIRST_SIZE)) return undefined
    const input = readlinkSync(`/proc/${child}/fd/0`)
    return /^\/dev\/pts\/\d+$/.test(input) ? input : undefined
  } catch {
    return undefined // not started yet, or ended
  }
}
