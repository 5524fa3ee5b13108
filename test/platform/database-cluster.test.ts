import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { afterEach, describe, expect, it } from 'vitest'
import { createDatabaseCluster } from '../../src/platform/services/db-operator/cluster.ts'
import type { ClusterApi } from '../../src/platform/shared/cluster-api.ts'

/** Listens and never accepts: once its queue is full its kernel answers no SYN, as nobody does at the address of a pod that is gone. */
const DEAF = `
  const { parentPort } = require('node:worker_threads')
  const server = require('node:net').createServer().listen({ host: '127.0.0.4', port: 0, backlog: 1 }, () => {
    parentPort.postMessage(server.address().port)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20_000)
  })`

describe('asking a keeper', () => {
  const ends: (() => unknown)[] = []
  afterEach(async () => {
    for (const end of ends.splice(0)) await end()
  })

  const pod = (ip: string) => ({ name: `pod-${ip}`, ip, role: undefined })
  const clusterAt = (port: number) => createDatabaseCluster({} as ClusterApi, '', '', port)

  async function keeperAt(ip: string, port: number, answerAfterMs: number): Promise<void> {
    const server = createServer(async (_, response) => {
      await sleep(answerAfterMs)
      response.end(JSON.stringify({ pod: ip }))
    })
    await new Promise<void>((resolve) => server.listen(port, ip, resolve))
    ends.push(() => server.close().closeAllConnections())
  }

  async function deaf(): Promise<number> {
    const worker = new Worker(DEAF, { eval: true })
    ends.push(() => worker.terminate())
    const port = await new Promise<number>((resolve) => worker.once('message', resolve))
    const queued: Socket[] = Array.from({ length: 4 }, () => connect(port, '127.0.0.4').on('error', () => undefined))
    ends.push(() => queued.map((socket) => socket.destroy()))
    await sleep(50)
    return port
  }

  it('waits for a busy keeper, and not for a missing one', async () => {
    const port = await deaf()
    await keeperAt('127.0.0.5', port, 200)
    const { ask } = clusterAt(port)
    const order: unknown[] = []
    await Promise.all(['127.0.0.5', '127.0.0.4'].map(async (ip) => order.push(await ask(pod(ip)))))
    expect(order).toEqual([undefined, { pod: '127.0.0.5' }])
  })

  it('gives no answer for a keeper without an address, or with nothing listening there', async () => {
    const server = createServer().listen(0, '127.0.0.6')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    const { ask } = clusterAt(port)
    expect(await ask({ name: 'pod', ip: undefined, role: undefined })).toBeUndefined()
    expect(await ask(pod('127.0.0.6'))).toBeUndefined()
  })
})
