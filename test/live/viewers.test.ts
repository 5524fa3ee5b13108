import { createServer, get, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { instant } from '../../src/domain/units.ts'
import { createFeed } from '../../src/live/feed.ts'
import { createViewers } from '../../src/live/viewers.ts'
import { evidence } from '../support/evidence.ts'

/** A page that is connected by real sockets and does or does not read. */
async function connect(reads: boolean): Promise<ServerResponse> {
  const response = Promise.withResolvers<ServerResponse>()
  const server = createServer((_, answer) => response.resolve(answer)).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const asked = get({ port: (server.address() as AddressInfo).port }, (answer) =>
    reads ? answer.resume() : answer.pause(),
  )
  asked.on('error', () => undefined)
  onTestFinished(() => {
    asked.destroy()
    server.close()
  })
  return response.promise
}

describe('a viewer that does not read', () => {
  it('gets one message and then nothing, while another viewer gets everything', async () => {
    const feed = createFeed()
    feed.add(evidence().map((record, index) => ({ record, line: index + 1 })))
    feed.draw('running', 0)
    const viewers = createViewers(feed)
    const [stuck, awake] = [await connect(false), await connect(true)]
    viewers.welcome(stuck, 0, {})
    viewers.welcome(awake, 0, {})
    let written = 0
    for (let line = 10_000; line < 12_000; line++) {
      const problem = 'x'.repeat(20_000)
      feed.add([{ line, record: { kind: 'evidence-lost', at: instant(0), about: 'a watch', problem } }])
      written += problem.length
      viewers.tell()
      if (line % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(written).toBe(40e6)
    // What one message is at most, beside what lies in the socket.
    expect(stuck.writableLength).toBeLessThan(5e6)
    await expect.poll(() => awake.writableLength).toBe(0)
    viewers.bye()
  })
})
