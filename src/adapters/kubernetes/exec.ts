/**
 * One command in a container, by the WebSocket protocol of the API server (`v5.channel.k8s.io`, `v4.channel.k8s.io`; k8s.io/apimachinery,
 * pkg/util/remotecommand): the first byte of each message is its channel, and channel 3 ends with a Status.
 */
import type { IncomingMessage } from 'node:http'
import { text as readText } from 'node:stream/consumers'
import type { RawData, WebSocket } from 'ws'
import { messageOf } from '../../domain/unknown.ts'
import type { ExecAnswer, ExecRequest } from '../../protocols/kubernetes/api.ts'
import { fields, text } from './fields.ts'

export const EXEC_PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

export function execPath({ namespace, pod, container, command }: ExecRequest): string {
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' })
  for (const word of command) query.append('command', word)
  return `/api/v1/namespaces/${namespace}/pods/${pod}/exec?${query}`
}

/** The output of a program that is not ours must not fill the memory. The rest is dropped. */
const OUTPUT_MAX = 64 * 1024

/** Waits for the end of the command. Never rejects: the answer's `problem` says why it did not run or failed. */
export function execAnswer(socket: WebSocket, timeoutMs: number): Promise<ExecAnswer> {
  let output = ''
  return new Promise((resolve) => {
    const end = (problem?: string) => {
      clearTimeout(timer)
      socket.terminate()
      resolve({ output, ...(problem === undefined ? {} : { problem }) })
    }
    const timer = setTimeout(() => end(`no answer within ${timeoutMs / 1000} s`), timeoutMs)
    socket.on('message', (data: RawData) => {
      const bytes = Buffer.isBuffer(data) ? data : Buffer.concat([data].flat().map((each) => new Uint8Array(each)))
      const said = bytes.subarray(1).toString()
      if (bytes[0] === 1) output = (output + said).slice(0, OUTPUT_MAX)
      if (bytes[0] === 3) end(problemOf(said))
    })
    socket.on('unexpected-response', (_, response: IncomingMessage) => {
      readText(response).then(
        (body) => end(`${response.statusCode} ${problemOf(body) ?? body.slice(0, 200)}`),
        (error) => end(messageOf(error)),
      )
    })
    socket.on('error', (error) => end(messageOf(error)))
    socket.on('close', () => end('the connection ended before the command did'))
  })
}

/** The message of a Status; undefined for a success. */
function problemOf(status: string): string | undefined {
  try {
    const { status: outcome, message } = fields(JSON.parse(status))
    return outcome === 'Success' ? undefined : text(message) || status.slice(0, 200)
  } catch {
    return status.slice(0, 200)
  }
}
