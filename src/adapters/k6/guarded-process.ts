/**
 * A process that dies with us in every case. k6 does not watch its stdin, so a shell starts it. The shell leaves a guard behind that reads from our
 * pipe, and then replaces itself by the program (exec), so pid, exit code and signals are the program's own. If the pipe closes without a message we
 * are dead, and the guard kills the program, if the pid is still the same process.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

// Field 22 of /proc/PID/stat is the start time, which distinguishes a process from a later one with the same pid. The shell gives a background
// command /dev/null as stdin before its redirections, so the pipe moves to 3 first. $0 is the program's stdin.
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
 * Starts `command` in a process group of its own, so that we decide whether to pass on Ctrl-C. It reads `from.stdin` (default: nothing) and runs in
 * `from.folder`. Rejects if it cannot start.
 */
export async function startGuardedProcess(
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
  // The guard may already be gone.
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
