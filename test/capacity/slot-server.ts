/**
 * A server whose limit is known: so many slots, each busy for the service time, so slots ÷ service time requests a second. Requests wait in line; one
 * whose client has gone is dropped without work. `metastable`: once its line is long, each request takes four times as long until the line is empty.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type SlotServer = { readonly url: string; close(): Promise<void> }

export async function slotServer(options: {
  readonly slots: number
  readonly serviceMs: number
  readonly metastable?: boolean
}): Promise<SlotServer> {
  const line: ServerResponse[] = []
  let busy = 0
  let tired = false
  const work = () => {
    while (busy < options.slots) {
      const next = line.shift()
      if (next === undefined) {
        tired = tired && busy > 0
        return
      }
      if (next.destroyed) continue
      busy += 1
      setTimeout(
        () => {
          busy -= 1
          next.end('{}')
          work()
        },
        options.serviceMs * (tired ? 4 : 1),
      )
    }
  }
  const server = createServer((_, response) => {
    line.push(response)
    const long = (options.slots * 1500) / options.serviceMs
    if (options.metastable && line.length > long) tired = true
    work()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
