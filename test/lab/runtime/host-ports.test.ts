import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { createHostPorts } from '../../../src/lab/runtime/host-ports.ts'
import type { SandboxRecord } from '../../../src/lab/runtime/records.ts'

// On this machine, pod 10.244.9.7 is 127.244.9.7.
const [POD, POD_HERE, NODE_HERE, ALSO_HERE] = ['10.244.9.7', '127.244.9.7', '127.99.0.77', '127.99.0.78']

const sandbox = (...portMappings: SandboxRecord['config']['portMappings']): SandboxRecord => ({
  id: 'abc',
  createdAtMs: 0,
  config: {
    metadata: { name: 'web-1', uid: 'u', namespace: 'shop', attempt: 0 },
    hostname: '',
    logDirectory: '',
    dnsConfig: null,
    portMappings,
    labels: {},
    annotations: {},
    linux: null,
  },
  network: { ip: POD, env: {}, nativeAddress: '127.245.9.7' },
})

async function listening(host: string) {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    void text(client).then((said) => client.end(`you said ${said}`))
  }).listen(0, host)
  await once(server, 'listening')
  const address = server.address()
  return { server, port: typeof address === 'object' && address ? address.port : 0 }
}

/** The answer to one message, or the code of the error. */
async function ask(port: number, host = NODE_HERE): Promise<string> {
  const socket = connect(port, host)
  const failed = once(socket, 'error').then(([error]) => String(error.code))
  socket.end('hello')
  return Promise.race([text(socket), failed]).catch((error) => String(error.code))
}

/** The answer to one datagram within a quarter of a second. */
async function answerTo(socket: Socket | undefined, word: string, port: number): Promise<string> {
  if (socket === undefined) return expect.fail('a socket is missing')
  const answered = once(socket, 'message', { signal: AbortSignal.timeout(250) })
  socket.send(word, port, NODE_HERE)
  return answered.then(([message]) => String(message)).catch(() => 'no answer')
}

const freePort = async () => {
  const { server, port } = await listening(NODE_HERE)
  server.close()
  await once(server, 'close')
  return port
}

/** Sockets of this machine that listen at the node's address: Linux writes it with its bytes in reverse, and 0A for this state. */
const listeners = () =>
  readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .filter((line) => / 4D00637F:[0-9A-F]{4} \S+ 0A /.test(line))

/** Of this machine, in every state. */
const openDatagramPorts = () =>
  readFileSync('/proc/net/udp', 'utf8')
    .split('\n')
    .flatMap((line) => / [0-9A-F]{8}:([0-9A-F]{4}) /.exec(line)?.[1] ?? [])
    .map((port) => Number.parseInt(port, 16))

describe('a port of the node', () => {
  it('leads to the pod that asks for it, until the pod is stopped', async () => {
    const pod = await listening(POD_HERE)
    const hostPort = await freePort()
    const ports = createHostPorts({ loopback: NODE_HERE }, () => undefined)
    ports.open(sandbox({ protocol: 'TCP', containerPort: pod.port, hostPort }))
    expect(await ask(hostPort)).toBe('you said hello')
    ports.close('abc')
    expect(await ask(hostPort)).toBe('ECONNREFUSED')
    pod.server.close()
  })

  it('passes on datagrams, and each caller gets its own answers', async () => {
    const pod = createSocket('udp4').bind(0, POD_HERE)
    const flows: number[] = []
    pod.on('message', (message, { port, address }) => {
      flows.push(port)
      pod.send(`you said ${message}`, port, address)
    })
    await once(pod, 'listening')
    const hostPort = await freePort()
    const ports = createHostPorts({ loopback: NODE_HERE }, () => undefined)
    ports.open(sandbox({ protocol: 'UDP', containerPort: pod.address().port, hostPort }))
    const callers = ['one', 'two'].map((word) => ({ word, socket: createSocket('udp4') }))
    for (const { word, socket } of callers) {
      // A datagram to a socket that is not bound yet is lost.
      await expect.poll(() => answerTo(socket, word, hostPort)).toBe(`you said ${word}`)
    }
    // The pod sees one source address and port for all messages of a client, as with the packet rules of a node.
    expect(await answerTo(callers[0]?.socket, 'again', hostPort)).toBe('you said again')
    expect(new Set(flows).size).toBe(callers.length)
    ports.close('abc')
    expect(await answerTo(callers[0]?.socket, 'late', hostPort)).toBe('no answer')
    // So the pod has nobody to answer.
    for (const port of flows) expect(openDatagramPorts()).not.toContain(port)
    for (const { socket } of callers) socket.close()
    pod.close()
  })

  it('is opened at the address that the pod names, if the node has it', async () => {
    const pod = await listening(POD_HERE)
    const [named, any, elsewhere] = [await freePort(), await freePort(), await freePort()]
    const ports = createHostPorts({ loopback: NODE_HERE }, () => undefined, [NODE_HERE, ALSO_HERE])
    ports.open(
      sandbox(
        { protocol: 'TCP', containerPort: pod.port, hostPort: named, hostIp: '10.99.0.77' },
        { protocol: 'TCP', containerPort: pod.port, hostPort: any, hostIp: '0.0.0.0' },
        { protocol: 'TCP', containerPort: pod.port, hostPort: elsewhere, hostIp: '10.99.0.79' },
      ),
    )
    const answers = async (port: number) => [await ask(port), await ask(port, ALSO_HERE)]
    expect(await answers(named)).toEqual(['you said hello', 'ECONNREFUSED'])
    // A hostIP that the node does not have is ignored.
    for (const port of [any, elsewhere]) expect(await answers(port)).toEqual(['you said hello', 'you said hello'])
    ports.close('abc')
    pod.server.close()
  })

  it('that another program has is logged, and does not end the runtime', async () => {
    const taken = await listening(NODE_HERE)
    const logged: string[] = []
    const ports = createHostPorts({ loopback: NODE_HERE }, (line) => logged.push(line))
    ports.open(sandbox({ protocol: 'TCP', containerPort: 80, hostPort: taken.port }))
    await expect.poll(() => logged).toEqual([expect.stringMatching(/^hostPort \d+ of web-1: .*EADDRINUSE/)])
    taken.server.close()
  })

  it('for datagrams that another program has is logged, and does not end the runtime', async () => {
    const taken = createSocket('udp4').bind(0, NODE_HERE)
    await once(taken, 'listening')
    const logged: string[] = []
    const ports = createHostPorts({ loopback: NODE_HERE }, (line) => logged.push(line))
    ports.open(sandbox({ protocol: 'UDP', containerPort: 80, hostPort: taken.address().port }))
    await expect.poll(() => logged).toEqual([expect.stringMatching(/^hostPort \d+ of web-1: .*EADDRINUSE/)])
    taken.close()
  })

  it('is not opened for a port without one, or for another protocol', async () => {
    const ports = createHostPorts({ loopback: NODE_HERE }, () => undefined)
    const unused = await freePort()
    ports.open(sandbox({ protocol: 'TCP', containerPort: unused, hostPort: 0 }))
    ports.open(sandbox({ protocol: 'SCTP', containerPort: unused, hostPort: unused }))
    await freePort() // by now a server would accept connections, if listen() was called before
    expect(await ask(unused)).toBe('ECONNREFUSED')
    expect(listeners()).toEqual([])
  })
})
