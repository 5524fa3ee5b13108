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

// The size until the client sends one.
const FIRST_SIZE = 'stty rows 40 cols 120;'
const AGAIN_MS = 50
const PATIENCE_MS = 30_000

/**
 * Sets the size of the terminal that `script` made, once its command runs. The kernel sends SIGWINCH. Several sizes are set one after the other,
 * so that the client's last one stays. Without a terminal, nothing happens.
 */
export function resizer(script: () => number | undefined): (size: Size) => void {
  let next: Size | undefined
  let isBusy = false
  async function setAll(): Promise<void> {
    const terminal = await terminalOfCommand(script)
    while (next !== undefined) {
      const size = next
      next = undefined
      if (terminal !== undefined) await setSize(terminal, size)
    }
    isBusy = false
  }
  return (size) => {
    next = size
    if (isBusy) return
    isBusy = true
    void setAll()
  }
}

/** stty makes one call for the rows and one for the columns: the command gets two signals. An error means that the command has ended. */
function setSize(terminal: string, { columns, rows }: Size): Promise<void> {
  return new Promise((done) => {
    execFile('stty', ['-F', terminal, 'rows', String(rows), 'cols', String(columns)], () => done())
  })
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

function terminalBelow(script: number): string | undefined {
  try {
    const [child] = readFileSync(`/proc/${script}/task/${script}/children`, 'utf8').trim().split(' ')
    if (!hasFirstSize(readFileSync(`/proc/${child}/cmdline`, 'utf8'))) return undefined
    const input = readlinkSync(`/proc/${child}/fd/0`)
    return /^\/dev\/pts\/\d+$/.test(input) ? input : undefined
  } catch {
    return undefined // not started yet, or ended
  }
}

/**
 * Whether the shell that sets the first size has given way to the command: before, it would overwrite the client's size. Linux shows an
 * empty command line while a process starts its program, also for that shell.
 */
export const hasFirstSize = (commandLine: string): boolean => commandLine !== '' && !commandLine.includes(FIRST_SIZE)
