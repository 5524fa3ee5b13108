import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'

/** The requests that a running lab answers over its control socket. Every answer is JSON. */
export type Controls = {
  status(): unknown
  /** @throws RangeError for a name that the lab does not have */
  node(name: string, action: 'kill' | 'stop' | 'start'): Promise<void>
  component(name: string, action: 'kill' | 'restart' | 'stop' | 'start'): Promise<void>
  stop(): void
}

const BODY_BYTES_MAX = 4_096

/**
 * `GET /status`; `POST /nodes/<node>/kubelet {"action": "kill" | "stop" | "start"}`; `POST /components/<name> {"action": "kill" | "restart"
 * | "stop" | "start"}`; `POST /stop`. The socket has mode 0600: a user who may open it could also kill the processes.
 */
export async function serveControls(socketPath: string, controls: Controls): Promise<{ close(): void }> {
  const server = createServer((request, response) => {
    handle(request, controls).then(
      (answer) => send(response, answer.status, answer.body),
      (error: unknown) => send(response, error instanceof RangeError ? 400 : 500, { error: String(error) }),
    )
  })
  const before = process.umask(0o077)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen(socketPath, resolve)
  await promise.finally(() => process.umask(before))
  return { close: () => void server.close() }
}

type Answer = { status: number; body: unknown }

async function handle(request: IncomingMessage, controls: Controls): Promise<Answer> {
  const route = `${request.method} ${request.url}`
  if (route === 'GET /status') return { status: 200, body: controls.status() }
  if (route === 'POST /stop') {
    controls.stop()
    return { status: 202, body: {} }
  }
  const node = /^POST \/nodes\/([a-z0-9-]+)\/kubelet$/.exec(route)?.[1]
  if (node) {
    await controls.node(node, oneOf(await actionOf(request), ['kill', 'stop', 'start']))
    return { status: 200, body: {} }
  }
  const component = /^POST \/components\/([a-z0-9-]+)$/.exec(route)?.[1]
  if (component) {
    await controls.component(component, oneOf(await actionOf(request), ['kill', 'restart', 'stop', 'start']))
    return { status: 200, body: {} }
  }
  return { status: 404, body: { error: `not found: ${route}` } }
}

async function actionOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) {
    text += chunk
    if (text.length > BODY_BYTES_MAX) throw new RangeError('the request is too long')
  }
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && 'action' in body ? body.action : undefined
  } catch {
    throw new RangeError('the request is not JSON')
  }
}

function oneOf<T extends string>(value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value)
  if (found === undefined)
    throw new RangeError(`action must be one of ${allowed.join(', ')}, got ${JSON.stringify(value)}`)
  return found
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
