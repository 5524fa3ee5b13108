import type { ChildProcess } from 'node:child_process'
import type { Readable } from 'node:stream'
import type { WebSocket } from 'ws'
import { exitCodeOf, killExec, startExec } from '../container/exec.ts'
import type { Life } from '../container/life.ts'
import { isOnPath } from '../container/program.ts'
import { messageOf } from '../fault.ts'
import type { ContainerRecord } from '../records.ts'
import { failure, nonZeroExit, parseMessage, sendOutput, sendStatus, success } from './channels.ts'

export type ExecOffer = { record: ContainerRecord; command: readonly string[]; stdin: boolean; tty: boolean }
export type AttachOffer = { life: Life; tty: boolean }

// A command that writes faster than the client reads has to wait, as on a terminal.
const BUFFERED_BYTES_MAX = 1024 * 1024
const RESUME_AFTER_MS = 20

/** Runs a command for `kubectl exec`. If the client disconnects, the command is ended. */
export async function exec(socket: WebSocket, offer: ExecOffer): Promise<void> {
  const early = holdMessages(socket)
  let child: ChildProcess
  try {
    const command = offer.tty ? onTerminal(offer) : offer.command
    child = await startExec(offer.record, command, offer.stdin ? 'pipe' : 'ignore')
  } catch (error) {
    return sendStatus(socket, failure(messageOf(error)))
  }
  if (child.stdout) forward(socket, child.stdout, 'stdout')
  if (child.stderr) forward(socket, child.stderr, offer.tty ? 'stdout' : 'stderr')
  child.stdin?.on('error', () => undefined) // the command may not read its input
  early.passTo((message) => {
    if (message.kind === 'stdin') child.stdin?.write(message.data)
    if (message.kind === 'stdin-closed') child.stdin?.end()
  })
  socket.once('close', () => killExec(child))
  child.once('close', (code, signal) => {
    const exitCode = exitCodeOf(code, signal)
    sendStatus(socket, exitCode === 0 ? success : nonZeroExit(exitCode))
  })
}

/** Follows the output of a running container. Its standard input is closed in the lab. */
export function attach(socket: WebSocket, offer: AttachOffer): void {
  const { logs, exited } = offer.life
  const stop = logs.subscribe((stream, text) =>
    sendOutput(socket, offer.tty ? 'stdout' : stream, Buffer.from(text, 'latin1')),
  )
  socket.once('close', stop)
  exited.then((code) => sendStatus(socket, code === 0 ? success : nonZeroExit(code)))
}

/** Node has no pseudo terminals. script(1) of util-linux makes one, if it is installed. Its size never changes. */
function onTerminal({ record, command, stdin }: ExecOffer): readonly string[] {
  if (!stdin || !isOnPath('script', record.env.PATH)) return command
  const line = command.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ')
  return ['script', '--quiet', '--return', '--command', `stty rows 40 cols 120; exec ${line}`, '/dev/null']
}

type Message = ReturnType<typeof parseMessage>

/** Input may arrive before the command runs. */
function holdMessages(socket: WebSocket): { passTo(receiver: (message: Message) => void): void } {
  const held: Message[] = []
  let pass = (message: Message): void => {
    held.push(message)
  }
  socket.on('message', (raw) => pass(parseMessage(raw)))
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
