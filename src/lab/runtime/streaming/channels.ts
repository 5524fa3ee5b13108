import type { RawData, WebSocket } from 'ws'

/**
 * Kubernetes' remote-command protocol over WebSocket. Each binary message starts with the number of a channel. Version 5 adds the message
 * 255 n: "the client has closed channel n". Source: k8s.io/apimachinery/pkg/util/remotecommand and KEP-4006.
 */
export const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

export type Incoming = { kind: 'stdin'; data: Buffer } | { kind: 'stdin-closed' } | { kind: 'ignored' }

export function parseMessage(raw: RawData): Incoming {
  const message = Array.isArray(raw) ? Buffer.concat(raw) : Buffer.isBuffer(raw) ? raw : Buffer.from(raw)
  if (message[0] === CHANNEL.stdin) return { kind: 'stdin', data: message.subarray(1) }
  if (message[0] === CHANNEL.close && message[1] === CHANNEL.stdin) return { kind: 'stdin-closed' }
  return { kind: 'ignored' } // terminal sizes, and additions of later versions
}

export function sendOutput(socket: WebSocket, stream: 'stdout' | 'stderr', data: Buffer): void {
  send(socket, CHANNEL[stream], data)
}

/** The last message of a stream: a metav1.Status. kubectl takes the command's exit code from it. */
export function sendStatus(socket: WebSocket, status: object): void {
  send(socket, CHANNEL.error, Buffer.from(JSON.stringify({ metadata: {}, ...status })))
  socket.close(1000)
}

export const success = { status: 'Success' }

export const failure = (message: string) => ({ status: 'Failure', message, reason: 'InternalError', code: 500 })

export const nonZeroExit = (code: number) => ({
  status: 'Failure',
  reason: 'NonZeroExitCode',
  message: `command terminated with non-zero exit code: exit status ${code}`,
  details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
})

function send(socket: WebSocket, channel: number, data: Buffer): void {
  if (socket.readyState === socket.OPEN) socket.send(Buffer.concat([Buffer.from([channel]), data]))
}
