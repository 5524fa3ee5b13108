import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { WebSocket } from 'ws'
import { messageOf } from '../../../domain/unknown.ts'
import { exitCodeOf, killExec, startExec } from '../container/exec.ts'
import type { ContainerLife } from '../container/life.ts'
import type { ContainerRecord } from '../records.ts'
import { failure, type Incoming, nonZeroExit, parseMessage, sendOutput, sendStatus, success } from './channels.ts'
import { onTerminal, resizer } from './terminal.ts'

export type ExecOffer = {
  record: ContainerRecord
  life: ContainerLife
  command: readonly string[]
  stdin: boolean
  tty: boolean
}
export type AttachOffer = { life: ContainerLife; stdin: boolean; tty: boolean }

// A command that writes faster than the client reads has to wait, as on a terminal.
const BUFFERED_BYTES_MAX = 1024 * 1024
const RESUME_AFTER_MS = 20

/** Runs a command for `kubectl exec`. If the client disconnects, the command is ended. */
export async function exec(socket: WebSocket, offer: ExecOffer): Promise<void> {
  const early = holdMessages(socket)
  const { record, life, command, stdin, tty } = offer
  let child: ChildProcess
  try {
    const line = tty && stdin ? onTerminal(command, record.env.PATH) : command
    child = await startExec(record, line, stdin ? 'pipe' : 'ignore', await life.awaitMainPid())
  } catch (error) {
    return sendStatus(socket, failure(messageOf(error)))
  }
  if (child.stdout) forward(socket, child.stdout, 'stdout')
  if (child.stderr) forward(socket, child.stderr, tty ? 'stdout' : 'stderr')
  child.stdin?.on('error', () => undefined) // the command may not read its input
  const resize = resizer(() => child.pid)
  early.passTo((message) => {
    if (message.kind === 'stdin') child.stdin?.write(message.data)
    if (message.kind === 'stdin-closed') child.stdin?.end()
    if (message.kind === 'resize' && tty) resize(message.size)
  })
  socket.once('close', () => killExec(child))
  child.once('close', (code, signal) => {
    const exitCode = exitCodeOf(code, signal)
    sendStatus(socket, exitCode === 0 ? success : nonZeroExit(exitCode))
  })
}

/** Joins a running container: its output, and its standard input where the pod asks for one. */
export function attach(socket: WebSocket, { life, stdin, tty }: AttachOffer): void {
  const { logs, exited, input } = life
  const stop = logs.subscribe((stream, text) =>
    sendOutput(socket, tty ? 'stdout' : stream, Buffer.from(text, 'latin1')),
  )
  const resize = resizer(life.mainPid)
  socket.on('message', (raw) => {
    const message = parseMessage(socket, raw)
    if (message.kind === 'stdin' && stdin) input?.write(message.data)
    if (message.kind === 'stdin-closed' && stdin) input?.clientLeft()
    if (message.kind === 'resize' && tty) resize(message.size)
  })
  socket.once('close', () => {
    stop()
    if (stdin) input?.clientLeft()
  })
  // The status is that of attaching, whatever the container's exit code: kubectl reads that from the pod, and takes a failure here for one of attach.
  exited.then(() => sendStatus(socket, success))
}

/** Input may arrive before the command runs. */
function holdMessages(socket: WebSocket): { passTo(receiver: (message: Incoming) => void): void } {
  const held: Incoming[] = []
  let pass = (message: Incoming): void => {
    held.push(message)
  }
  socket.on('message', (raw) => pass(parseMessage(socket, raw)))
  return {
    passTo(receiver) {
      for (const message of held) receiver(message)
      pass = receiver
    },
  }
}

function forward(socket: WebSocket, output: Readable, stream: 'stdout' | 'stderr'): void {
  output.on('data', (data: Buffer) => {
    sendOutput(socket, stream, data)
    if (socket.bufferedAmount < BUFFERED_BYTES_MAX) return
    output.pause()
    const timer = setInterval(() => {
      if (socket.bufferedAmount >= BUFFERED_BYTES_MAX && socket.readyState === socket.OPEN) return
      clearInterval(timer)
      output.resume()
    }, RESUME_AFTER_MS)
  })
}
