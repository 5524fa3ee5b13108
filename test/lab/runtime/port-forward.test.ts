import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createDeflate } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import { createHeaderReader, DICTIONARY } from '../../../src/lab/runtime/streaming/spdy-headers.ts'
import { type BenchNode, openBenchNode, type Pod, runPod } from './bench-node.ts'
import type { CriClient } from './cri-client.ts'
import { headerPacker, type SpdyClient, spdyClient, tunnelled, upgraded } from './spdy-client.ts'

let bench: BenchNode
let cri: CriClient
let pod: Pod
let here: string
const servers: Server[] = []

beforeAll(async () => {
  bench = await openBenchNode()
  cri = bench.cri()
  pod = await runPod(bench, cri, 'web-1')
  // Without namespaces, pod 10.244.1.2 is 127.244.1.2.
  here = (bench.address(pod.sandbox) ?? '').replace(/^10\./, '127.')
})
afterAll(async () => {
  for (const server of servers) server.close()
  await bench.close()
})

/** A program of the pod. @returns its port */
async function listening(serve: (client: Socket) => void, host = here): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => undefined) // the other end may break off
    serve(client)
  })
  servers.push(server.listen(0, host))
  await once(server, 'listening')
  const address = server.address()
  return typeof address === 'object' && address ? address.port : 0
}

/** Answers when the client has sent everything. */
const answering = (client: Socket): void => {
  const heard: Buffer[] = []
  client.on('data', (data) => heard.push(data))
  client.once('end', () => client.end(`heard ${Buffer.concat(heard)}`))
}

const urlFor = async (...ports: number[]) =>
  (await cri.call<{ url: string }>('PortForward', { podSandboxId: pod.sandbox, port: ports })).url

async function overSpdy(): Promise<SpdyClient> {
  const connection = await upgraded(await urlFor(), 'portforward.k8s.io')
  if (typeof connection === 'number') throw new Error(`refused with ${connection}`)
  return spdyClient(connection)
}

const overTunnel = async (): Promise<SpdyClient> => spdyClient(await tunnelled(await urlFor()))

let requests = 0
/** The two streams of a connection, in the order in which kubectl opens them. */
async function connected(client: SpdyClient, port: number) {
  requests += 1
  const headers = { port: String(port), requestid: String(requests) }
  const errors = await client.open({ streamtype: 'error', ...headers })
  errors.end()
  return { errors, data: await client.open({ streamtype: 'data', ...headers }) }
}

const MEBIBYTES = 1024 * 1024

describe.each([
  ['SPDY', overSpdy],
  ['SPDY in a WebSocket', overTunnel],
])('port-forward by %s', (_, dial) => {
  let client: SpdyClient
  beforeEach(async () => {
    client = await dial()
    return () => client.leave()
  })

  it('forwards connections to a port of the pod, and ends each on its own', async () => {
    const port = await listening(answering)
    const [one, other] = [await connected(client, port), await connected(client, port)]
    other.data.send('two')
    one.data.send('o')
    one.data.send('ne')
    one.data.end()
    expect(await one.data.over).toBe('ended')
    expect(one.data.text()).toBe('heard one')
    expect(await one.errors.over).toBe('ended')
    expect(one.errors.text()).toBe('')
    other.data.end()
    await other.data.over
    expect(other.data.text()).toBe('heard two')
  })

  it('loses nothing of a large transfer, in either direction', async () => {
    const port = await listening((peer) => peer.pipe(peer))
    const { data } = await connected(client, port)
    const sent = Buffer.alloc(5 * MEBIBYTES, 'abcdefg')
    for (let at = 0; at < sent.length; at += 30_000) data.send(sent.subarray(at, at + 30_000))
    data.end()
    expect(await data.over).toBe('ended')
    expect(data.text() === sent.toString()).toBe(true)
  })

  it('makes the client wait while the program does not read, and loses no data', async () => {
    const port = await listening((peer) => {
      let bytes = 0
      setTimeout(() => {
        peer.on('data', (data) => {
          bytes += data.length
        })
        peer.once('end', () => peer.end(String(bytes)))
      }, 200)
    })
    const { data } = await connected(client, port)
    // More than the buffers of the kernel hold.
    for (let sent = 0; sent < 24; sent += 1) data.send(Buffer.alloc(MEBIBYTES))
    data.end()
    await data.over
    expect(data.text()).toBe(String(24 * MEBIBYTES))
  })

  it('says what is wrong when nothing in the pod listens, and serves the next connection', async () => {
    const { errors, data } = await connected(client, 1)
    expect(await data.over).toBe('reset')
    expect(await errors.over).toBe('ended')
    expect(errors.text()).toMatch(
      /^error forwarding port 1 to pod web-1: nothing in the pod listens on port 1: .*ECONNREFUSED/,
    )
    const next = await connected(client, await listening((peer) => peer.end('still here')))
    await next.data.over
    expect(next.data.text()).toBe('still here')
  })

  it('reaches a program that is not Node at its own address', async () => {
    const port = await listening((peer) => peer.end('native'), '127.245.1.9')
    const { data } = await connected(client, port)
    await data.over
    expect(data.text()).toBe('native')
  })

  it('closes the connection in the pod when the client resets its stream, or leaves', async () => {
    const closed: Promise<unknown>[] = []
    const port = await listening((peer) => {
      closed.push(once(peer, 'close'))
      peer.resume().once('end', () => peer.destroy())
      peer.write('open')
    })
    const [one, other] = [await connected(client, port), await connected(client, port)]
    await expect.poll(() => one.data.text() + other.data.text()).toBe('openopen')
    one.data.reset()
    await Promise.race(closed)
    client.leave()
    await Promise.all(closed)
    await client.closed
  })

  it('answers pings, and refuses a stream without a port or of another type', async () => {
    client.ping(7)
    await expect.poll(() => client.pongs).toEqual([7])
    const refused = [
      await client.open({ streamtype: 'data', requestid: 'x' }),
      await client.open({ streamtype: 'data', port: '70000', requestid: 'x' }),
      await client.open({ streamtype: 'stdin', port: '80', requestid: 'x' }),
    ]
    expect(await Promise.all(refused.map(({ over }) => over))).toEqual(['reset', 'reset', 'reset'])
  })
})

describe('port-forward by channels of a WebSocket', () => {
  async function channels(protocol: string, ...ports: number[]) {
    const socket = new WebSocket((await urlFor(...ports)).replace('http:', 'ws:'), protocol)
    const heard: Record<number, Buffer> = {}
    socket.on('message', (message: Buffer) => {
      const data = message.subarray(1)
      const channel = protocol.includes('base64') ? Number(String.fromCharCode(message[0] ?? 0)) : (message[0] ?? 0)
      const bytes = protocol.includes('base64') ? Buffer.from(data.toString(), 'base64') : data
      heard[channel] = Buffer.concat([heard[channel] ?? Buffer.alloc(0), bytes])
    })
    await once(socket, 'open')
    return { socket, heard, closed: once(socket, 'close') }
  }
  const portBytes = (port: number) => Buffer.from([port & 0xff, port >> 8])

  it.each(['v4.channel.k8s.io', 'v4.base64.channel.k8s.io'])('carries two ports: %s', async (protocol) => {
    const echo = await listening((peer) => peer.once('data', (data) => peer.end(`heard ${data}`)))
    const { socket, heard, closed } = await channels(protocol, echo, 1)
    if (protocol.includes('base64')) socket.send(`0${Buffer.from('hello').toString('base64')}`)
    else socket.send(Buffer.from('\0hello'))
    await closed
    expect(heard[0]).toEqual(Buffer.concat([portBytes(echo), Buffer.from('heard hello')]))
    expect(heard[1]).toEqual(portBytes(echo))
    expect(heard[2]).toEqual(portBytes(1))
    expect(heard[3]?.subarray(0, 2)).toEqual(portBytes(1))
    expect(heard[3]?.subarray(2).toString()).toMatch(/^error forwarding port 1 to pod web-1: .*ECONNREFUSED/)
  })
})

describe('a pod on the network of its node', () => {
  it.each([
    ['the node', () => bench.node.loopback],
    ['the machine', () => '127.0.0.1'],
  ])('is reached at the address of %s', async (_, host) => {
    const linux = { securityContext: { namespaceOptions: { network: 'NODE' } } }
    const { sandbox } = await runPod(bench, cri, `host-${host()}`, { linux })
    const port = await listening((peer) => peer.end('of the node'), host())
    const { url } = await cri.call<{ url: string }>('PortForward', { podSandboxId: sandbox, port: [] })
    const client = spdyClient(await tunnelled(url))
    const { data } = await connected(client, port)
    await data.over
    expect(data.text()).toBe('of the node')
    client.leave()
  })
})

describe('the URL of a port-forward', () => {
  it('works once, and only for a protocol that is spoken here', async () => {
    const url = await urlFor()
    expect(await upgraded(url, 'other.k8s.io')).toBe(403)
    expect(await upgraded(url, 'portforward.k8s.io')).toBe(404)
  })

  it('is not given for a pod that is stopped', async () => {
    const stopped = await runPod(bench, cri, 'stopped')
    await cri.call('StopPodSandbox', { podSandboxId: stopped.sandbox })
    const asked = cri.call('PortForward', { podSandboxId: stopped.sandbox, port: [80] })
    await expect(asked).rejects.toThrow(/is stopped/)
  })
})

describe('headers of SPDY', () => {
  it('begin with the dictionary of the protocol: zlib names it by its checksum', async () => {
    const packer = createDeflate({ dictionary: DICTIONARY })
    packer.end('x')
    const [head] = await once(packer, 'data')
    expect(head.subarray(2, 6).toString('hex')).toBe('e3c6a7c2')
  })

  it('are read also if they refer to bytes of earlier frames', async () => {
    const read = createHeaderReader()
    const pack = headerPacker()
    for (let turn = 0; turn < 2000; turn += 1) {
      const value = `${turn} of a value that is long enough to fill the window of 32 KiB`
      const headers = read(await pack({ port: '8080', requestid: value }))
      expect(Object.fromEntries(headers)).toEqual({ port: '8080', requestid: value })
    }
  })
})
