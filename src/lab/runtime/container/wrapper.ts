import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, chownSync, closeSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { yieldCpu } from '../../machine/priority.ts'
import { isErrno, type ProcessId, startTicksOf } from '../../machine/processes.ts'
import { RuntimeFault } from '../fault.ts'
import type { ContainerRecord, Identity } from '../records.ts'
import { makeFifos, openForContainer } from './fifo.ts'
import { openInputPipe } from './input.ts'
import { ownEnvironment, startedIn } from './namespaces.ts'

/**
 * A small shell runs between the runtime and each container's main process, in its own session. It writes the main process's pid, and later
 * its exit code, to disk, so that a runtime that starts later knows both.
 *
 * It catches signals instead of ignoring them, because ignored signals would stay ignored in the container. Its own messages ("Killed") are
 * dropped. It begins when descriptor 4 is closed: by then it has its CPU priority, which the container inherits. After the end it stops itself
 * (SIGSTOP) and still holds the pipes, so that the last output is not lost while no runtime runs. The runtime kills it when everything is read.
 */
const SCRIPT = `d=$1; shift
trap : HUP INT QUIT TERM USR1 USR2
read -r _ <&4
exec 4>&2 2>/dev/null
( read -r p _ </proc/self/stat; echo "$p" >"$d/pid"; exec "$@" 2>&4 3>&- 4>&- )
echo $? >"$d/exit" && echo ended >&3 && kill -STOP $$`

export const pipesOf = (folder: string) => ({
  stdin: join(folder, 'stdin'),
  stdout: join(folder, 'stdout'),
  stderr: join(folder, 'stderr'),
  life: join(folder, 'life'),
})

/**
 * Creates everything that must be in a container's folder before it starts. The container's user may enter the folder and write only the
 * files named here. Nobody else may enter, because links in it lead to the pod's secrets.
 */
export async function prepareFolder(folder: string, identity: Identity | undefined, hasInput: boolean): Promise<void> {
  mkdirSync(folder, { recursive: true })
  if (identity) chownSync(folder, process.getuid?.() ?? 0, identity.gid)
  chmodSync(folder, identity ? 0o710 : 0o700)
  const { stdin, stdout, stderr, life } = pipesOf(folder)
  await makeFifos([...(hasInput ? [stdin] : []), stdout, stderr, life], identity)
  for (const name of ['pid', 'exit']) {
    writeFileSync(join(folder, name), '')
    if (identity) chownSync(join(folder, name), identity.uid, identity.gid)
  }
}

/** `input` is the writing end of the main process's standard input, where the pod asks for one. */
export type Started = { readonly wrapper: ProcessId; readonly input?: number }

export async function startWrapper(folder: string, record: ContainerRecord): Promise<Started> {
  const { stdin, stdout, stderr, life } = pipesOf(folder)
  const input = record.config.stdin ? openInputPipe(stdin) : undefined
  const ends = [stdout, stderr, life].map(openForContainer)
  try {
    const [command = '/bin/sh', ...args] = wrapped(folder, record)
    const { namespaces, identity } = record
    const child = spawn(command, args, {
      cwd: record.workingDir,
      env: namespaces ? ownEnvironment(record.env) : shellNames(record.env),
      detached: true, // its own session: signals of the lab or its terminal never reach a pod
      stdio: [input?.read ?? 'ignore', ...ends, 'pipe'],
      ...(namespaces ? {} : ownerOptions(identity)),
    })
    if (child.pid !== undefined) void yieldCpu(child.pid)
    letBegin(child)
    await spawned(child)
    child.unref()
    return { wrapper: idOf(child), ...(input ? { input: input.write } : {}) }
  } catch (error) {
    if (input) closeSync(input.write)
    throw error
  } finally {
    if (input) closeSync(input.read)
    for (const fd of ends) closeSync(fd)
  }
}

/** A wrapper whose runtime ends before this begins too: the kernel closes the pipe. */
function letBegin(child: ChildProcess): void {
  const gate = child.stdio[4]
  // The wrapper may already be gone.
  gate?.on('error', () => undefined)
  if (gate && 'end' in gate) gate.end()
}

/** In namespaces, labnet changes the user: only the lab's user may make them. */
function wrapped(folder: string, record: ContainerRecord): readonly string[] {
  const script = ['/bin/sh', '-c', SCRIPT, 'container', folder]
  if (record.namespaces) return [...script, ...startedIn(record.namespaces, record.argv)]
  return [...asIdentity(record.identity), ...script, ...withOddNames(record)]
}

/** Node drops all supplementary groups when it changes user. setpriv (util-linux) sets them. */
export function asIdentity(identity: Identity | undefined): string[] {
  if (!identity || identity.groups.length === 0) return []
  return [
    'setpriv',
    `--reuid=${identity.uid}`,
    `--regid=${identity.gid}`,
    `--groups=${identity.groups.join(',')}`,
    '--',
  ]
}

export const ownerOptions = (identity: Identity | undefined): { uid?: number; gid?: number } =>
  identity && identity.groups.length === 0 ? { uid: identity.uid, gid: identity.gid } : {}

// A shell drops environment variables whose names are not valid in a shell ("log.level"). env(1) adds them again.
const isShellName = (name: string): boolean => /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)

const shellNames = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).filter(([name]) => isShellName(name)))

function withOddNames(record: ContainerRecord): readonly string[] {
  const odd = Object.entries(record.env).filter(([name]) => !isShellName(name))
  return odd.length === 0 ? record.argv : ['env', ...odd.map(([name, value]) => `${name}=${value}`), ...record.argv]
}

export function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', (error) =>
      reject(new RuntimeFault('failed', `the process cannot be started: ${error.message}`)),
    )
  })
}

export function idOf(child: ChildProcess): ProcessId {
  const startTicks = child.pid === undefined ? undefined : startTicksOf(child.pid)
  if (child.pid === undefined || startTicks === undefined)
    throw new RuntimeFault('failed', 'the process ended while it was being started')
  return { pid: child.pid, startTicks }
}

/** The exit code that the wrapper wrote; undefined while the container runs, or when the wrapper was killed before. */
export function exitCodeIn(folder: string): number | undefined {
  return numberIn(join(folder, 'exit'))
}

/** True if the wrapper ever ran, whatever happened to it. */
export const wasStartedIn = (folder: string): boolean => numberIn(join(folder, 'pid')) !== undefined

/** When it was written, ms since 1970. */
export const exitTimeIn = (folder: string): number | undefined =>
  exitCodeIn(folder) === undefined ? undefined : statSync(join(folder, 'exit')).mtimeMs

/** The container's main process; undefined right after the start, and when it is no longer the wrapper's child. */
export function mainPidIn(folder: string, wrapper: ProcessId): number | undefined {
  const pid = numberIn(join(folder, 'pid'))
  if (pid === undefined || pid <= 1 || parentOf(pid) !== wrapper.pid) return undefined
  return pid
}

function parentOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return undefined
  }
}

function numberIn(file: string): number | undefined {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return /^\d+$/.test(text) ? Number(text) : undefined
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined
    throw error
  }
}
