import type { RawData, WebSocket } from 'ws'

/**
 * Kubernetes' remote-command protocol over WebSocket. Each message starts with the number of a channel: a byte in the binary protocols, a digit
 * before base64 in the others. Version 4 ends with a metav1.Status on the error channel, version 1 with the text of an error only. Version 5
 * adds the message 255 n: "the client has closed channel n". A client that names no protocol gets version 1.
 * Source: k8s.io/cri-streaming/pkg/streaming/remotecommand/websocket.go and KEP-4006.
 */
export const PROTOCOLS = [
  'v5.channel.k8s.io',
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
] as const

const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const

/** Of a terminal, in characters. */
export type Size = { readonly columns: number; readonly rows: number }

export type Incoming =
  | { kind: 'stdin'; data: Buffer }
  | { kind: 'stdin-closed' }
  | { kind: 'resize'; size: Size }
  | { kind: 'ignored' }

export function parseMessage(socket: Pick<WebSocket, 'protocol'>, raw: RawData): Incoming {
  const [channel, data] = splitMessage(socket, raw)
  if (channel === CHANNEL.stdin) return { kind: 'stdin', data }
  if (channel === CHANNEL.close && data[0] === CHANNEL.stdin) return { kind: 'stdin-closed' }
  const size = channel === CHANNEL.resize ? sizeIn(data.toString()) : undefined
  return size ? { kind: 'resize', size } : { kind: 'ignored' } // additions of later versions
}

export function splitMessage(
  socket: Pick<WebSocket, 'protocol'>,
  raw: RawData,
): [channel: number | undefined, data: Buffer] {
  const message = Array.isArray(raw) ? Buffer.concat(raw) : Buffer.isBuffer(raw) ? raw : Buffer.from(raw)
  if (!isBase64(socket)) return [message[0], message.subarray(1)]
  const text = message.toString('latin1')
  return [text === '' ? undefined : Number(text[0]), Buffer.from(text.slice(1), 'base64')]
}

function sizeIn(text: string): Size | undefined {
  try {
    const { Width: columns, Height: rows }: { Width?: unknown; Height?: unknown } = JSON.parse(text)
    const isSize = (value: unknown): value is number =>
      Number.isInteger(value) && Number(value) > 0 && Number(value) < 65_536
    return isSize(columns) && isSize(rows) ? { columns, rows } : undefined
  } catch {
    return undefined
  }
}

export function sendOutput(socket: WebSocket, stream: 'stdout' | 'stderr', data: Buffer): void {
  sendOn(socket, CHANNEL[stream], data)
}

type Status = { readonly status: string; readonly message?: string }

/** The last message of a stream. kubectl takes the command's exit code from it. */
export function sendStatus(socket: WebSocket, status: Status): void {
  if (hasStatus(socket)) sendOn(socket, CHANNEL.error, Buffer.from(JSON.stringify({ metadata: {}, ...status })))
  else if (status.message !== undefined) sendOn(socket, CHANNEL.error, Buffer.from(status.message))
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

const hasStatus = ({ protocol }: WebSocket): boolean => /^v[45]\./.test(protocol)
const isBase64 = ({ protocol }: Pick<WebSocket, 'protocol'>): boolean => protocol.includes('base64')

/** `done` is called when the data is sent, or can no longer be. */
export function sendOn(socket: WebSocket, channel: number, data: Buffer, done: () => void = () => undefined): void {
  if (socket.readyState !== socket.OPEN) return done()
  const message = isBase64(socket)
    ? `${channel}${data.toString('base64')}`
    : Buffer.concat([Buffer.from([channel]), data])
  socket.send(message, () => done())
}
