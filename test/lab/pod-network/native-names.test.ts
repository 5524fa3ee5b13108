// How a container that is not Node, and that can be told its name server, reaches the cluster: through its pod's relay. This process
// plays the container: it asks the name server that the pod's environment names, and dials what it is told.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import http from 'node:http'
import net from 'node:net'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { identityOf } from './sandbox-identity.ts'
import { type SmallCluster, startSmallCluster, type TestPod, within } from './small-cluster.ts'

const KEDA = identityOf(211, 'keda-operator-1', { namespace: 'keda', labels: { app: 'keda-operator' } })
const SILENCE_MS = 300

describe('a native container behind its relay', { timeout: 30_000 }, () => {
  let cluster: SmallCluster
  let server: TestPod
  let relay: ChildProcess
  let resolver = ''
  let ip = ''

  beforeAll(async () => {
    cluster = await startSmallCluster(226)
    server = await cluster.pod('server', { portNames: { web: 8080 } })
    await server.run('serve', { kind: 'http', port: 8080, name: 'server' })
    await cluster.service('web', [server], { 9080: 8080 })
    await cluster.service('db', [server], { 8080: 8080 }, { clusterIP: 'None', ports: [{ name: 'p8080', port: 8080 }] })
    const network = await cluster.core.add(KEDA)
    const { argv, env } = cluster.core.relayFor(KEDA, network)
    relay = spawn(argv[0] ?? '', argv.slice(1), {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    ip = network.ip
    resolver = network.env.MATCHDAY_RESOLVER ?? ''
    await vi.waitFor(() => ask(resolver, 'web.casino.svc'), { timeout: 10_000 })
  }, 30_000)
  afterAll(async () => {
    relay?.kill('SIGKILL')
    await cluster?.stop()
  })

  it('reaches a Service by its name, and the server sees the address of its pod', async () => {
    const [address] = await ask(resolver, 'web.casino.svc.cluster.local')
    expect(await get(address, 9080)).toMatchObject({ pod: 'server', from: ip })
  })

  it('reaches the pods behind a headless Service on the ports that they name', async () => {
    const [address] = await ask(resolver, 'db.casino.svc')
    expect(await get(address, 8080)).toMatchObject({ pod: 'server', from: ip })
  })

  it('gets NXDOMAIN for an unknown name', async () => {
    await expect(ask(resolver, 'nobody.casino.svc')).rejects.toThrow('code 3')
  })

  it('gets no connection that a NetworkPolicy forbids to its pod', async () => {
    const [address] = await ask(resolver, 'web.casino.svc')
    await cluster.policies([
      {
        metadata: { name: 'deny', namespace: 'casino' },
        spec: { podSelector: { matchLabels: { app: 'server' } }, policyTypes: ['Ingress'], ingress: [] },
      },
    ])
    expect(await within(SILENCE_MS, get(address, 9080))).toBe('silent')
    await cluster.policies([])
    expect(await get(address, 9080)).toMatchObject({ from: ip })
  })

  it('gets no connection during a fault on its pod', async () => {
    const [address] = await ask(resolver, 'web.casino.svc')
    const effect = { kind: 'partition' } as const
    await cluster.fault('f', { podUid: KEDA.uid, direction: 'both', peers: [`${server.ip}/32`], effect })
    expect(await within(SILENCE_MS, get(address, 9080))).toBe('silent')
    await cluster.fault('f')
    expect(await get(address, 9080)).toMatchObject({ from: ip })
  })
})

/** One question for addresses over TCP, as Go's resolver asks it. */
async function ask(server: string, name: string): Promise<readonly string[]> {
  const [host = '', port = ''] = server.split(':')
  const socket = net.connect({ host, port: Number(port) })
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)])
  const question = Buffer.concat([
    Buffer.from([0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]),
    ...labels,
    Buffer.from([0, 0, 1, 0, 1]),
  ])
  socket.write(Buffer.concat([Buffer.from([0, question.length]), question]))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  socket.destroy()
  const code = answer.readUInt16BE(4) & 0xf
  if (code !== 0) throw new Error(`code ${code}`)
  const count = answer.readUInt16BE(8)
  // Each record ends with the four bytes of its address, and all records are of one length.
  const records = answer.subarray(2 + question.length)
  return Array.from({ length: count }, (_, index) => {
    const end = (records.length / count) * (index + 1)
    return [...records.subarray(end - 4, end)].join('.')
  })
}

function get(host: string | undefined, port: number): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const request = http.get({ host, port, agent: false }, (response) => {
      let text = ''
      response.on('data', (chunk) => {
        text += chunk
      })
      response.on('end', () => resolve(JSON.parse(text)))
    })
    request.on('error', reject)
  })
}
