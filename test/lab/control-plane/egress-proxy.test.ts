import { once } from 'node:events'
import { request } from 'node:http'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type EgressProxy, parseTarget, startEgressProxy } from '../../../src/lab/control-plane/egress-proxy.ts'
import { tempFolder } from '../../support/temp-folder.ts'

let folder = ''
let socketPath = ''
let proxy: EgressProxy | undefined
let endpoint: readonly [string, number] | undefined
beforeEach(async () => {
  folder = tempFolder()
  socketPath = join(folder, 'egress.sock')
  proxy = await startEgressProxy(socketPath, undefined, (ip, port) =>
    `${ip}:${port}` === '10.96.0.7:443' ? endpoint : undefined,
  )
})
afterEach(() => proxy?.close())

async function tunnel(target: string): Promise<{ status: number; socket: Socket }> {
  const outgoing = request({ socketPath, method: 'CONNECT', path: target }).end()
  const [answer, socket] = await once(outgoing, 'connect')
  return { status: answer.statusCode, socket }
}

describe('the egress proxy of the API server', () => {
  it('maps 10.x to 127.x, in both directions', async () => {
    const pod = createServer((socket) => socket.on('data', (data) => socket.end(`pod heard ${data}`)))
    await once(pod.listen(0, '127.244.1.9'), 'listening')
    const { status, socket } = await tunnel(`10.244.1.9:${(pod.address() as AddressInfo).port}`)
    socket.write('hello')
    const [said] = await once(socket.setEncoding('utf8'), 'data')
    pod.close()
    expect([status, said]).toEqual([200, 'pod heard hello'])
  })

  it('connects a Service to a pod behind it', async () => {
    const pod = createServer((socket) => socket.on('data', (data) => socket.end(`pod heard ${data}`)))
    await once(pod.listen(0, '127.244.1.9'), 'listening')
    endpoint = ['10.244.1.9', (pod.address() as AddressInfo).port]
    const { status, socket } = await tunnel('10.96.0.7:443')
    socket.write('hello')
    const [said] = await once(socket.setEncoding('utf8'), 'data')
    pod.close()
    expect([status, said]).toEqual([200, 'pod heard hello'])
  })

  it('reports a Service without a ready pod', async () => {
    endpoint = undefined
    expect((await tunnel('10.96.0.7:443')).status).toBe(502)
  })

  it('reports a port on which nobody listens', async () => {
    expect((await tunnel('10.244.1.9:9')).status).toBe(502)
  })

  it('does not answer for a node without power, not even with a refusal', async () => {
    const silent = join(folder, 'silent.sock')
    const dark = await startEgressProxy(silent, (address) => address === '10.244.1.9')
    const ask = (target: string) => request({ socketPath: silent, method: 'CONNECT', path: target }).end()
    const [refused] = await once(ask('10.244.1.8:9'), 'connect')
    expect(refused.statusCode).toBe(502)
    const waiting = ask('10.244.1.9:9').on('error', () => {})
    const answered = once(waiting, 'connect').then(() => 'answered')
    expect(await Promise.race([answered, new Promise((resolve) => setTimeout(() => resolve('silence'), 500))])).toBe(
      'silence',
    )
    dark.close()
  })

  it.each([
    '93.184.216.34:443',
    'example.org:443',
    '192.168.1.1:80',
    '10.1.2.3.4:80',
    '10.1.2.3:0',
    '10.1.2.3:99999',
    '10.1.2.3',
    '',
  ])('does not connect to "%s"', (target) => expect(parseTarget(target)).toBeUndefined())

  it('refuses other destinations', async () => {
    expect((await tunnel('93.184.216.34:443')).status).toBe(403)
  })

  it('connects to aggregated APIs, which listen on localhost', () => {
    expect(parseTarget('localhost:6443')).toEqual({ host: '127.0.0.1', port: 6443 })
  })

  it('closes open tunnels when the lab ends', async () => {
    const pod = createServer(() => {})
    await once(pod.listen(0, '127.244.1.9'), 'listening')
    const { socket } = await tunnel(`10.244.1.9:${(pod.address() as AddressInfo).port}`)
    proxy?.close()
    await once(socket, 'close')
    pod.close()
  })
})
