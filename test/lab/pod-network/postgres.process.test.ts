// A container that is not Node: the real PostgreSQL behind its pod's relay. Faults, policies and addresses act on it as on any pod.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { initDatabase, runDatabase, stagePrograms } from './native-postgres.ts'
import { identityOf, POSTGRES_PORTS } from './sandbox-identity.ts'
import { between, type SmallCluster, startSmallCluster, type TestPod, within } from './small-cluster.ts'

const PARTITION = { kind: 'partition' } as const

describe('PostgreSQL behind its relay', () => {
  const folder = mkdtempSync(join(tmpdir(), 'md-pg-'))
  let cluster: SmallCluster
  let client: TestPod
  let stranger: TestPod
  let postgres: ChildProcess
  let relay: ChildProcess
  let network: { ip: string; nativeAddress: string; env: Readonly<Record<string, string>> }
  const identity = identityOf(230, 'wallet-db-0', { uid: 'uid-db', labels: { app: 'db' }, ports: POSTGRES_PORTS })
  const open = (pod: TestPod, name: string) =>
    pod.run('open', { name, kind: 'pg', host: network.ip, port: 5432, user: 'postgres' })

  beforeAll(async () => {
    cluster = await startSmallCluster(230)
    client = await cluster.pod('client')
    stranger = await cluster.pod('stranger')
    network = await cluster.core.add(identity)
    const { argv, env } = cluster.core.relayFor(identity, network)
    relay = spawn(argv[0] ?? '', argv.slice(1), {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
  }, 20_000)

  afterAll(async () => {
    postgres?.kill('SIGQUIT')
    relay?.kill('SIGKILL')
    await cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('refuses connections while the container does not listen, so that probes fail', async () => {
    await client.run('wait', { ms: 300 })
    await expect(open(client, 'early')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('shows the database the address of the real client', async () => {
    const programs = stagePrograms(folder)
    postgres = runDatabase(programs, initDatabase(programs, join(folder, 'data')), network.nativeAddress)
    await expect
      .poll(
        () =>
          open(client, 'db').then(
            () => 'open',
            (error) => error.code,
          ),
        { timeout: 15_000 },
      )
      .toBe('open')
    const rows = await client.run('query', {
      name: 'db',
      sql: 'select host(inet_client_addr()) as client, host(inet_server_addr()) as server',
    })
    expect(rows).toEqual([{ client: client.ip.replace('10.', '127.'), server: network.nativeAddress }])
  }, 30_000)

  it('stalls during a partition, resumes after it, and serves other clients', async () => {
    await open(stranger, 'db')
    const [db] = [{ uid: identity.uid, ip: network.ip }]
    await cluster.fault('casino/cut', {
      ...between(client, client, PARTITION),
      podUid: db?.uid ?? '',
      peers: [`${client.ip}/32`],
    })
    const stalled = client.run('echo', { name: 'db', text: 'late' })
    expect(await within(300, stalled)).toBe('silent')
    expect(await stranger.run('echo', { name: 'db' })).toMatchObject({ said: 'ping' })
    await cluster.fault('casino/cut')
    expect(await within(5_000, stalled)).toMatchObject({ said: 'late' })
  })

  it('is delayed by a rule on its own pod too', async () => {
    const delay = { kind: 'delay', latencyMs: 50, jitterMs: 0, correlation: 0 } as const
    await cluster.fault('casino/slow', {
      podUid: identity.uid,
      direction: 'out',
      peers: [`${client.ip}/32`],
      effect: delay,
    })
    const { tookMs } = await client.run('echo', { name: 'db' })
    expect(tookMs).toBeGreaterThan(45)
    await cluster.fault('casino/slow')
  })

  it('does not apply HTTP faults, and says so', async () => {
    const abort = { kind: 'http', target: 'request', port: 5432, match: {}, acts: { abort: true } } as const
    const answers = await cluster.fault('httpchaos:casino/x', { podUid: identity.uid, effect: abort })
    expect(answers).toMatchObject({
      [identity.uid]: {
        refused: 'a container of casino/wallet-db-0 does not run Node: the lab cannot inject faults into its HTTP',
      },
      [client.uid]: 'acknowledged',
    })
    await cluster.fault('httpchaos:casino/x')
    const cut = { ...between(client, stranger, PARTITION), podUid: identity.uid }
    expect(await cluster.fault('casino/cut', cut)).toMatchObject({ [identity.uid]: 'acknowledged' })
    await cluster.fault('casino/cut')
  })

  it('enforces NetworkPolicies', async () => {
    await cluster.policies([
      {
        metadata: { name: 'db', namespace: 'casino' },
        spec: {
          podSelector: { matchLabels: { app: 'db' } },
          ingress: [{ from: [{ podSelector: { matchLabels: { app: 'client' } } }], ports: [{ port: 5432 }] }],
        },
      },
    ])
    await open(client, 'allowed')
    expect(await within(300, open(stranger, 'denied'))).toBe('silent')
    await cluster.policies([])
  })

  it('closes the database connection of a dead client, and leaves none behind', async () => {
    const victim = await stranger.another()
    await open(victim, 'db')
    const sql = "select count(*)::int as open from pg_stat_activity where backend_type = 'client backend'"
    const counted = async () => (await client.run('query', { name: 'db', sql }))[0].open
    const before = await counted()
    await victim.kill('SIGKILL')
    await expect.poll(counted).toBe(before - 1)
  })

  it('carries outgoing connections of the container, as the annotation says', async () => {
    await stranger.run('serve', { kind: 'http', port: 8080, name: 'stranger' })
    await cluster.annotate(identity, { 'matchday.dev/outbound': `18080=${stranger.ip}:8080, nonsense` })
    const answer = () =>
      fetch(`http://${network.nativeAddress}:18080/`).then(
        (response) => response.json(),
        (error) => String(error.cause?.code),
      )
    await expect.poll(answer, { timeout: 5_000 }).toMatchObject({ pod: 'stranger', from: network.ip })
    await cluster.fault('casino/cut', {
      podUid: identity.uid,
      direction: 'out',
      peers: [`${stranger.ip}/32`],
      effect: PARTITION,
    })
    expect(await within(300, answer())).toBe('silent')
    await cluster.fault('casino/cut')
  })

  it('closes the port when the container is gone', async () => {
    postgres.kill('SIGQUIT')
    await new Promise((resolve) => postgres.once('exit', resolve))
    await open(client, 'gone').catch(() => {})
    await client.run('wait', { ms: 100 })
    await expect(open(client, 'gone')).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})
