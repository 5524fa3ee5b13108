import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { createHostPorts } from '../../../src/lab/runtime/host-ports.ts'
import type { SandboxRecord } from '../../../src/lab/runtime/records.ts'

// On this machine, pod 10.244.9.7 is 127.244.9.7.
const [POD, POD_HERE, NODE_HERE] = ['10.244.9.7', '127.244.9.7', '127.99.0.77']

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
async function ask(port: number): Promise<string> {
  const socket = connect(port, NODE_HERE)
  const failed = once(socket, 'error').then(([error]) => String(error.code))
  socket.end('hello')
  return Promise.race([text(socket), failed]).catch((error) => String(error.code))
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

  it('that another program has is logged, and does not end the runtime', async () => {
    const taken = await listening(NODE_HERE)
    const logged: string[] = []
    const ports = createHostPorts({ loopback: NODE_HERE }, (line) => logged.push(line))
    ports.open(sandbox({ protocol: 'TCP', containerPort: 80, hostPort: taken.port }))
    await expect.poll(() => logged).toEqual([expect.stringMatching(/^hostPort \d+ of web-1: .*EADDRINUSE/)])
    taken.server.close()
  })

  it('is not opened for a port without one', async () => {
    const ports = createHostPorts({ loopback: NODE_HERE }, () => undefined)
    const unused = await freePort()
    ports.open(sandbox({ protocol: 'TCP', containerPort: unused, hostPort: 0 }))
    await freePort() // a server that was told to listen before does so by now
    expect(await ask(unused)).toBe('ECONNREFUSED')
    expect(listeners()).toEqual([])
  })
})
