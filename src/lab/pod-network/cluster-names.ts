// Cluster DNS of a lab with network namespaces, for every program that reads /etc/resolv.conf: UDP and TCP (RFC 7766) at its own address. Node
// processes answer themselves from the same table (preload/resolver.ts).
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { DNS_IP } from '../topology/addresses.ts'
import { drawNowhere } from './dns-effect.ts'
import { answerTo, failureOf, parseQuery } from './dns-message.ts'
import type { Lookup } from './names.ts'

export type ClusterNames = { stop(): void }

/** `asker`: the address of the pod that asks, because a DNS fault may be its own. */
export type NamesFor = (asker: string, name: string) => Lookup

const DNS_PORT = 53
const LENGTH_BYTES = 2

export async function serveClusterNames(namesFor: NamesFor, log: (line: string) => void): Promise<ClusterNames> {
  const datagrams = createSocket('udp4')
  datagrams.on('message', (message, { address, port }) => {
    const answer = answerFor(message, address, namesFor)
    if (answer) datagrams.send(answer, port, address)
  })
  datagrams.on('error', (error) => log(`cluster DNS: ${error.message}`))
  datagrams.bind(DNS_PORT, DNS_IP)
  const streams = createServer((client) => serveStream(client, namesFor))
  streams.on('error', (error) => log(`cluster DNS over TCP: ${error.message}`))
  streams.listen(DNS_PORT, DNS_IP)
  await Promise.all([once(datagrams, 'listening'), once(streams, 'listening')])
  return {
    stop: () => {
      datagrams.close()
      streams.close()
    },
  }
}

function serveStream(client: Socket, namesFor: NamesFor): void {
  let received = Buffer.alloc(0)
  client.on('error', () => client.destroy())
  client.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    while (received.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + received.readUInt16BE(0)
      if (received.length < end) return
      const answer = answerFor(received.subarray(LENGTH_BYTES, end), client.remoteAddress ?? '', namesFor)
      received = received.subarray(end)
      if (!answer) return void client.destroy()
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt16BE(answer.length)
      client.write(Buffer.concat([length, answer]))
    }
  })
}

function answerFor(message: Buffer, asker: string, namesFor: NamesFor): Buffer | undefined {
  const query = parseQuery(message)
  if (!query) return undefined
  const found = namesFor(asker, query.question.name.toLowerCase().replace(/\.$/, ''))
  switch (found.kind) {
    case 'found':
      return answerTo(query, found.ips)
    case 'failed':
      return failureOf(query)
    case 'astray':
      return answerTo(query, [drawNowhere(Math.random)])
    // Nothing leads out of the lab's network.
    case 'outside':
    case 'unknown':
      return answerTo(query, undefined)
  }
}
