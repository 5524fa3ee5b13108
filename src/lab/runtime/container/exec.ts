import { type ChildProcess, spawn } from 'node:child_process'
import { RuntimeFault } from '../fault.ts'
import type { ContainerRecord } from '../records.ts'
import { joinedTo, ownEnvironment } from './namespaces.ts'
import { inImage } from './program.ts'
import { asIdentity, ownerOptions, spawned } from './wrapper.ts'

export type ExecResult = { stdout: Buffer; stderr: Buffer; exitCode: number }

// The kubelet keeps far less of the output of an exec probe or hook. This limit keeps a runaway command from filling memory.
const OUTPUT_BYTES_MAX = 16 * 1024 * 1024

/**
 * Starts another process in a container, beside its main process, with the same user, environment and folder. Its pipes belong to the runtime, so it ends with the
 * runtime.
 */
export async function startExec(
  record: ContainerRecord,
  command: readonly string[],
  stdin: 'ignore' | 'pipe',
  mainPid: number | undefined,
): Promise<ChildProcess> {
  if (command.length === 0) throw new RuntimeFault('invalid', 'exec needs a command')
  const { namespaces, identity, workingDir: cwd, env, image } = record
  const own = inImage(command, image.folder)
  if (namespaces && mainPid === undefined) throw new RuntimeFault('wrong-state', 'the container has just ended')
  const beside = namespaces && mainPid !== undefined && joinedTo(namespaces, mainPid, own)
  const [program = '', ...args] = beside || [...asIdentity(identity), ...own]
  const child = spawn(program, args, {
    detached: true,
    stdio: [stdin, 'pipe', 'pipe'],
    ...(beside ? { cwd: '/', env: ownEnvironment(env) } : { cwd, env, ...ownerOptions(identity) }),
  })
  await spawned(child)
  return child
}

/** Kills a process started above and everything it started in its session. */
export function killExec(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // it has just ended
  }
}

/** 128 + the number of the signal, as a shell reports it. 137 (SIGKILL) is used for signals that are not listed. */
const SIGNAL_EXIT: Partial<Record<NodeJS.Signals, number>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGABRT: 134,
  SIGSEGV: 139,
  SIGTERM: 143,
}

export const exitCodeOf = (code: number | null, signal: NodeJS.Signals | null): number =>
  code ?? (signal === null ? undefined : SIGNAL_EXIT[signal]) ?? 137

/** @throws RuntimeFault `timeout`; the command is killed then. 0 means no time limit. */
export async function execToEnd(
  record: ContainerRecord,
  command: readonly string[],
  timeoutSeconds: number,
  mainPid: number | undefined,
): Promise<ExecResult> {
  const child = await startExec(record, command, 'ignore', mainPid)
  const stdout = collect(child, 'stdout')
  const stderr = collect(child, 'stderr')
  return new Promise((resolve, reject) => {
    const timer = timeoutSeconds > 0 ? setTimeout(expire, timeoutSeconds * 1000) : undefined
    function expire() {
      killExec(child)
      reject(new RuntimeFault('timeout', `command ${JSON.stringify(command)} took longer than ${timeoutSeconds} s`))
    }
    child.once('close', (code, signal) => {
      clearTimeout(timer)
      resolve({ stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr), exitCode: exitCodeOf(code, signal) })
    })
  })
}

function collect(child: ChildProcess, name: 'stdout' | 'stderr'): Buffer[] {
  const chunks: Buffer[] = []
  let bytes = 0
  child[name]?.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes <= OUTPUT_BYTES_MAX) chunks.push(chunk)
  })
  return chunks
}
