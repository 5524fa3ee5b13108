import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { isAlive, type ProcessId } from '../../machine/processes.ts'
import type { ProcessTable } from '../processes/table.ts'
import { openForReading } from './fifo.ts'
import { type Input, inputOf } from './input.ts'
import type { LogSink, StreamName } from './log-sink.ts'
import { exitCodeIn, mainPidIn, pipesOf } from './wrapper.ts'

/** A running container, started by this process or found running. */
export type ContainerLife = {
  readonly wrapper: ProcessId
  readonly logs: LogSink
  /** Standard input; undefined where the pod asks for none, and after a restart of the runtime. */
  readonly input?: Input
  /** Resolves when every process is gone and all output is written. 137 (128 + SIGKILL) when the exit code is unknown. */
  readonly exited: Promise<number>
  mainPid(): number | undefined
  /** The same, but waits for a process that is only being started. */
  awaitMainPid(): Promise<number | undefined>
  /** Signals the main process only, like process 1 of a real container; false when it cannot be reached. */
  signal(signal: NodeJS.Signals): boolean
  /** Kills every process of the container. */
  kill(): void
}

const UNKNOWN_EXIT_CODE = 137

// The shell around the main process writes the pid, and a hook may run a command before that.
const ARRIVE_MS_MAX = 10_000
const ARRIVE_LOOK_MS = 5

// A process that escaped the container may keep its output open. The container's end waits no longer than this for it.
const DRAIN_MS_MAX = 1000

export function watchLife(about: {
  id: string
  folder: string
  wrapper: ProcessId
  logs: LogSink
  table: ProcessTable
  /** The writing end of its standard input, and whether it closes with its first client. */
  input?: { readonly fd: number; readonly once: boolean } | undefined
}): ContainerLife {
  const { id, folder, wrapper, logs, table } = about
  const pipes = pipesOf(folder)
  const input = about.input && inputOf(about.input.fd, about.input.once)
  table.addRoot(wrapper.pid, id)
  const outputs = [
    copy(openForReading(pipes.stdout), 'stdout', logs),
    copy(openForReading(pipes.stderr), 'stderr', logs),
  ]
  const life = openForReading(pipes.life)

  const killMain = () => {
    const main = mainPidIn(folder, wrapper)
    table.kill(id, main === undefined ? undefined : wrapper.pid)
  }
  const exited = ended(life, folder, wrapper).then(async () => {
    life.destroy()
    input?.close()
    await table.end(id)
    await settled(outputs)
    table.forget(id)
    logs.close()
    return exitCodeIn(folder) ?? UNKNOWN_EXIT_CODE
  })
  return {
    wrapper,
    logs,
    ...(input ? { input } : {}),
    exited,
    mainPid: () => mainPidIn(folder, wrapper),
    async awaitMainPid() {
      const deadline = performance.now() + ARRIVE_MS_MAX
      while (performance.now() < deadline && exitCodeIn(folder) === undefined && isAlive(wrapper)) {
        const pid = mainPidIn(folder, wrapper)
        if (pid !== undefined) return pid
        await sleep(ARRIVE_LOOK_MS)
      }
      return undefined
    },
    signal: (signal) => send(mainPidIn(folder, wrapper), signal),
    kill: killMain,
  }
}

/** The wrapper reports the exit, or is gone. A container that ended while no runtime ran has left its exit code on disk. */
function ended(life: Socket, folder: string, wrapper: ProcessId): Promise<void> {
  return new Promise((resolve) => {
    life.once('data', () => resolve())
    life.once('end', resolve)
    life.once('error', () => resolve())
    if (exitCodeIn(folder) !== undefined || !isAlive(wrapper)) resolve()
  })
}

function copy(pipe: Socket, stream: StreamName, logs: LogSink): { pipe: Socket; done: Promise<void> } {
  pipe.setEncoding('latin1')
  pipe.on('data', (text: string) => logs.write(stream, text))
  const done = new Promise<void>((resolve) => {
    pipe.once('close', () => {
      logs.finish(stream)
      resolve()
    })
  })
  pipe.on('error', () => pipe.destroy())
  return { pipe, done }
}

async function settled(outputs: readonly { pipe: Socket; done: Promise<void> }[]): Promise<void> {
  const timer = setTimeout(() => {
    for (const { pipe } of outputs) pipe.destroy()
  }, DRAIN_MS_MAX)
  await Promise.all(outputs.map(({ done }) => done))
  clearTimeout(timer)
}

function send(pid: number | undefined, signal: NodeJS.Signals): boolean {
  if (pid === undefined) return false
  try {
    process.kill(pid, signal)
    return true
  } catch {
    return false // it has just ended; the wrapper will report it
  }
}
