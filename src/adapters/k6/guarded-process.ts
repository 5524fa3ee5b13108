/**
 * A process that dies with us, however we die. k6 does not watch its stdin, so a shell starts it: the shell leaves a guard behind
 * that reads from our pipe, and then becomes the program itself (exec), so that pid, exit code and signals are the program's own.
 * When the pipe ends without a word, we are dead, and the guard kills the program, if it still is the one it was left for.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

// Field 22 of /proc/PID/stat is the start time: with it a pid means one process and not its successor.
// The shell gives a background command /dev/null as stdin before its redirections, so the pipe moves to 3 first. $0 is the program's stdin.
const GUARD = `
started() { read -r line 2>/dev/null </proc/$1/stat || return 1; set -- \${line##*) }; shift 19; printf %s "$1"; }
exec 3<&0 <"$0"
born=$(started $$)
(
  trap '' INT TERM HUP
  if ! read -r farewell <&3 && [ "$(started $$)" = "$born" ]; then kill -KILL $$; fi
) >/dev/null 2>&1 &
exec 3<&-
exec "$@"
`

export type GuardedProcess = {
  readonly pid: number
  readonly stdout: Readable
  readonly stderr: Readable
  signal(name: NodeJS.Signals): void
  /** Resolves when the process has ended and its output was read; the guard ends with it. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/**
 * Starts `command` in a process group of its own, so that Ctrl-C at the terminal is ours to pass on. It reads `from.stdin`, by default
 * nothing, and works in `from.folder`. Rejects when it can't start.
 */
export async function guardedProcess(
  command: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  from: { readonly stdin?: string; readonly folder?: string } = {},
): Promise<GuardedProcess> {
  const args = ['-c', GUARD, from.stdin ?? '/dev/null', ...command]
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn('/bin/sh', args, {
    detached: true,
    env,
    cwd: from.folder,
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  // The guard may be gone when we say farewell.
  child.stdin.on('error', () => undefined)
  await new Promise<void>((spawned, failed) => child.once('spawn', spawned).once('error', failed))
  const { pid } = child
  if (pid === undefined) throw new Error('the process has no pid')
  child.once('exit', () => child.stdin.end('farewell\n'))
  return {
    pid,
    stdout: child.stdout,
    stderr: child.stderr,
    signal: (name) => {
      if (child.exitCode === null && child.signalCode === null) child.kill(name)
    },
    ended: new Promise((done) => child.once('close', (code, signal) => done({ code, signal }))),
  }
}
