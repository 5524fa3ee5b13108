// One GET to the API server: a whole JSON answer, or a watch's lines as they come.
import type { IncomingMessage } from 'node:http'
import https from 'node:https'
import { type ApiAccess, readKubeconfig } from './kubeconfig.ts'

export class ApiError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export type ApiConnection = {
  readonly access: ApiAccess
  getJson(path: string, signal: AbortSignal): Promise<unknown>
  /** Resolves when the server ends the stream. @throws ApiError, or whatever broke the connection */
  readLines(path: string, signal: AbortSignal, take: (line: string) => void): Promise<void>
}

// A server that was stopped (SIGSTOP) keeps its connections open; bookmarks come once a minute on a healthy watch.
const SILENCE_MS = 180_000
const ANSWER_MS = 30_000

/** Reads the kubeconfig anew: after a restart the API server may be elsewhere. @throws Error when it cannot be read */
export function connectApi(kubeconfig: string): ApiConnection {
  const access = readKubeconfig(kubeconfig)
  const agent = new https.Agent({ keepAlive: true })
  const get = (path: string, signal: AbortSignal, silenceMs: number) => open(access, agent, path, signal, silenceMs)
  return {
    access,
    async getJson(path, signal) {
      return JSON.parse(await readText(await get(path, signal, ANSWER_MS)))
    },
    async readLines(path, signal, take) {
      let rest = ''
      for await (const text of await get(path, signal, SILENCE_MS)) {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) if (line) take(line)
      }
    },
  }
}

async function open(access: ApiAccess, agent: https.Agent, path: string, signal: AbortSignal, silenceMs: number) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const request = https.get(new URL(path, access.server), {
      agent,
      signal,
      rejectUnauthorized: !access.insecure,
      headers: { accept: 'application/json', ...(access.token ? { authorization: `Bearer ${access.token}` } : {}) },
      ...(access.ca ? { ca: access.ca } : {}),
      ...(access.clientCertificate ? { cert: access.clientCertificate } : {}),
      ...(access.clientKey ? { key: access.clientKey } : {}),
    })
    request.once('response', resolve)
    request.on('error', reject)
    request.setTimeout(silenceMs, () =>
      request.destroy(new Error(`no answer from ${access.server.host} for ${silenceMs} ms`)),
    )
  })
  response.setEncoding('utf8')
  const status = response.statusCode ?? 0
  if (status !== 200) throw new ApiError(status, `${path}: ${status} ${(await readText(response)).slice(0, 300)}`)
  return response
}

async function readText(response: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}
