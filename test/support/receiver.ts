/** A receiver of webhooks on this machine that can be slow, refuse, go away and come back at the same port. */
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'

export type Received = { readonly headers: IncomingHttpHeaders; readonly body: string; readonly status: number }
export type Answer = {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly afterMs?: number
}

export type Receiver = {
  readonly url: string
  /** Every request, in the order of the answers. */
  readonly received: readonly Received[]
  /** Ids of the CloudEvents that were accepted. */
  accepted(): readonly string[]
  /** From now on. `n` counts requests from 0. */
  answer(how: (n: number) => Answer): void
  /** Nobody listens at the port any more, until `up`. */
  down(): Promise<void>
  up(): Promise<void>
}

/** A secret stands in its path. */
export async function receiver(how: (n: number) => Answer = () => ({ status: 204 })): Promise<Receiver> {
  const received: Received[] = []
  let [answer, port, n] = [how, 0, 0]
  let server: Server | undefined
  const up = async (): Promise<void> => {
    server = createServer(async (request, response) => {
      const { status, headers = {}, afterMs = 0 } = answer(n++)
      const body = await text(request).catch(() => '')
      if (afterMs > 0) await new Promise((resolve) => setTimeout(resolve, afterMs))
      received.push({ headers: request.headers, body, status })
      response.writeHead(status, headers).end()
    })
    await new Promise<void>((resolve) => server?.listen(port, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  }
  const down = async (): Promise<void> => {
    const closing = server
    server = undefined
    closing?.closeAllConnections()
    await new Promise<void>((resolve) => (closing ? closing.close(() => resolve()) : resolve()))
  }
  await up()
  onTestFinished(down)
  return {
    url: `http://127.0.0.1:${port}/hooks/s3cret-path`,
    received,
    accepted: () =>
      received.filter(({ status }) => status < 300).map(({ body }) => (JSON.parse(body) as { id: string }).id),
    answer(next) {
      answer = next
    },
    down,
    up,
  }
}
