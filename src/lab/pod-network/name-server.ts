// Cluster DNS for the native container beside a relay, over TCP, which is enough for a program with an injected resolver (RFC 7766). The
// relay does the lookups itself, so policies and faults affect them as in any pod. For a cluster name the answer is an address on which
// the relay listens for the peer's ports.
import dns from 'node:dns'
import net from 'node:net'
import { answerTo, parseQuery } from './dns-message.ts'

/** Returns this machine's address for a cluster address. Resolves when something listens there. */
export type StandInFor = (ip: string) => Promise<string>

const LENGTH_BYTES = 2

export function serveNames(host: string, port: number, standInFor: StandInFor): net.Server {
  const server = net.createServer((client) => {
    let received = Buffer.alloc(0)
    client.on('error', () => client.destroy())
    client.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk])
      while (received.length >= LENGTH_BYTES) {
        const end = LENGTH_BYTES + received.readUInt16BE(0)
        if (received.length < end) return
        void reply(client, received.subarray(LENGTH_BYTES, end), standInFor)
        received = received.subarray(end)
      }
    })
  })
  server.on('error', (error) => console.error(`relay: name server: ${error.message}`))
  server.listen(port, host)
  return server
}

async function reply(client: net.Socket, message: Buffer, standInFor: StandInFor): Promise<void> {
  const query = parseQuery(message)
  if (!query) return void client.destroy()
  try {
    const answer = answerTo(query, await addressesOf(query.question.name, standInFor))
    const length = Buffer.alloc(LENGTH_BYTES)
    length.writeUInt16BE(answer.length)
    client.write(Buffer.concat([length, answer]))
  } catch {
    // No DNS server could be reached. A real server would not answer either.
    client.destroy()
  }
}

/** Undefined when the name does not exist. @throws when cluster DNS cannot be reached */
async function addressesOf(name: string, standInFor: StandInFor): Promise<readonly string[] | undefined> {
  try {
    const found = await dns.promises.lookup(name, { all: true, family: 4 })
    return await Promise.all(found.map(({ address }) => standInFor(address)))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOTFOUND') return undefined
    throw error
  }
}
