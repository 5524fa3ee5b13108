import { execFile } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
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
  // Until the client tells its size.
  return ['script', '--quiet', '--return', '--command', `stty rows 40 cols 120; exec ${line}`, '/dev/null']
}

// A client tells its size at once, before script(1) has started the command.
const TRIES = 20
const AGAIN_MS = 50

/** Sets the size of the terminal that `script` made; its programs get SIGWINCH from the kernel. Nothing happens without one. */
export async function resize(script: number | undefined, { columns, rows }: Size): Promise<void> {
  for (let left = TRIES; left > 0 && script !== undefined; left--) {
    const terminal = terminalBelow(script)
    if (terminal !== undefined) {
      execFile('stty', ['-F', terminal, 'rows', String(rows), 'cols', String(columns)], () => undefined)
      return
    }
    await sleep(AGAIN_MS)
  }
}

function terminalBelow(script: number): string | undefined {
  try {
    const [child] = readFileSync(`/proc/${script}/task/${script}/children`, 'utf8').trim().split(' ')
    const input = readlinkSync(`/proc/${child}/fd/0`)
    return /^\/dev\/pts\/\d+$/.test(input) ? input : undefined
  } catch {
    return undefined // not started yet, or ended
  }
}
