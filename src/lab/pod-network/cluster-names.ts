// Cluster DNS of a lab with network namespaces, for every program that reads /etc/resolv.conf: UDP and TCP (RFC 7766) at its own address. Node
// processes answer themselves from the same table (preload/resolver.ts).
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Socket } from 'node:net'
import { DNS_IP } from '../topology/addresses.ts'
import { drawNowhere } from './dns-effect.ts'
import { answerTo, answerWith, failureOf, type NameRecord, parseQuery } from './dns-message.ts'
import type { Lookup } from './names.ts'

export type ClusterNames = { stop(): void }

/** `asker`: the address of the pod that asks, because a DNS fault may be its own. */
export type NamesFor = (asker: string, name: string) => Lookup

/** Records of a name that `NamesFor` does not give, such as SRV and PTR. Empty if there are none. */
export type RecordsFor = (type: string, name: string) => readonly NameRecord[]

type Known = { readonly namesFor: NamesFor; readonly recordsFor: RecordsFor }

const DNS_PORT = 53
const LENGTH_BYTES = 2

export async function serveClusterNames(known: Known, log: (line: string) => void): Promise<ClusterNames> {
  const datagrams = createSocket('udp4')
  datagrams.on('message', (message, { address, port }) => {
    const answer = answerFor(message, address, known)
    if (answer) datagrams.send(answer, port, address)
  })
  datagrams.on('error', (error) => log(`cluster DNS: ${error.message}`))
  datagrams.bind(DNS_PORT, DNS_IP)
  const streams = createServer((client) => serveStream(client, known))
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

function serveStream(client: Socket, known: Known): void {
  let received = Buffer.alloc(0)
  client.on('error', () => client.destroy())
  client.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    while (received.length >= LENGTH_BYTES) {
      const end = LENGTH_BYTES + received.readUInt16BE(0)
      if (received.length < end) return
      const answer = answerFor(received.subarray(LENGTH_BYTES, end), client.remoteAddress ?? '', known)
      received = received.subarray(end)
      if (!answer) return void client.destroy()
      const length = Buffer.alloc(LENGTH_BYTES)
      length.writeUInt16BE(answer.length)
      client.write(Buffer.concat([length, answer]))
    }
  })
}

function answerFor(message: Buffer, asker: string, { namesFor, recordsFor }: Known): Buffer | undefined {
  const query = parseQuery(message)
  if (!query) return undefined
  const { type, name } = query.question
  const asked = name.toLowerCase().replace(/\.$/, '')
  const found = namesFor(asker, asked)
  switch (found.kind) {
    case 'failed':
      return failureOf(query)
    case 'astray':
      return answerTo(query, [drawNowhere(Math.random)])
    case 'found':
    // Nothing leads out of the lab's network.
    case 'outside':
    case 'unknown': {
      if (found.kind === 'found' && type === 'A') return answerTo(query, found.ips)
      const records = recordsFor(type, asked)
      if (records.length > 0) return answerWith(query, records)
      return answerTo(query, found.kind === 'found' ? found.ips : undefined)
    }
  }
}
