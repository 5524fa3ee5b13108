// Streaming replication between two pods whose containers are not Node: the standby dials the primary through its own relay, and the
// primary is reached through its relay. Cuts and the loss of a zone must hold for it in each direction, as for any other flow.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import type { SandboxIdentity, SandboxNetwork } from '../../../src/lab/pod-network/network-plugin.ts'
import type { NetworkRule } from '../../../src/lab/pod-network/rules.ts'
import { copyAsStandby, initDatabase, runDatabase, stagePrograms } from './native-postgres.ts'
import { identityOf, POSTGRES_PORTS } from './sandbox-identity.ts'
import { type SmallCluster, startSmallCluster, type TestPod, within } from './small-cluster.ts'

const NODE_INDEX = 232
// Long enough for a row to cross and be replayed many times over: undisturbed, it takes some milliseconds.
const SILENCE_MS = 500
const UP_WITHIN = { timeout: 20_000, interval: 100 }
const REPLICATION_PORT = 15_432
const PARTITION = { kind: 'partition' } as const

const identity = (name: string) => identityOf(NODE_INDEX, name, { labels: { app: 'wallet-db' }, ports: POSTGRES_PORTS })

describe('streaming replication behind relays', () => {
  const folder = mkdtempSync(join(tmpdir(), 'md-repl-'))
  const processes: ChildProcess[] = []
  let cluster: SmallCluster
  let client: TestPod
  let primary: SandboxNetwork
  let standby: SandboxNetwork
  let rows = 0

  const relayed = async (pod: SandboxIdentity): Promise<SandboxNetwork> => {
    const network = await cluster.core.add(pod)
    const { argv, env } = cluster.core.relayFor(pod, network)
    processes.push(spawn(argv[0] ?? '', argv.slice(1), { env: { ...process.env, ...env }, stdio: 'inherit' }))
    return network
  }
  const open = (name: string, { ip }: SandboxNetwork) =>
    client.run('open', { name, kind: 'pg', host: ip, port: 5432, user: 'postgres' })
  const query = (name: string, sql: string) => client.run('query', { name, sql })
  const write = async () => {
    rows += 1
    await query('primary', `insert into entries values (${rows})`)
  }
  const arrived = async (name = 'standby') => (await query(name, 'select count(*)::int as n from entries'))[0].n
  const arrives = () => expect.poll(arrived, { timeout: 20_000 }).toBe(rows)
  /** Whether the primary has heard that the standby holds everything. */
  const confirmed = async () => {
    const sql = 'select bool_and(replay_lsn = pg_current_wal_lsn()) as all from pg_stat_replication'
    return (await query('primary', sql))[0].all
  }
  const cut = (pod: 'primary' | 'standby', direction: NetworkRule['direction'], peers: NetworkRule['peers']) =>
    cluster.fault('casino/cut', { podUid: `uid-${pod}`, direction, peers, effect: PARTITION })
  const heal = () => cluster.fault('casino/cut')
  const silence = () => client.run('wait', { ms: SILENCE_MS })

  beforeAll(async () => {
    cluster = await startSmallCluster(NODE_INDEX)
    client = await cluster.pod('client')
    primary = await relayed(identity('primary'))
    standby = await relayed(identity('standby'))
    await cluster.annotate(identity('standby'), {
      'matchday.dev/outbound': `${REPLICATION_PORT}=${primary.ip}:5432`,
    })
    const programs = stagePrograms(folder)
    const data = initDatabase(programs, join(folder, 'primary'))
    const copy = copyAsStandby(data, join(folder, 'standby'))
    processes.push(runDatabase(programs, data, primary.nativeAddress))
    const conninfo = `host=${standby.nativeAddress} port=${REPLICATION_PORT} user=postgres`
    const settings = [`primary_conninfo=${conninfo}`, 'wal_retrieve_retry_interval=200ms']
    processes.push(runDatabase(programs, copy, standby.nativeAddress, ...settings))
    await vi.waitFor(() => open('primary', primary), UP_WITHIN)
    await vi.waitFor(() => open('standby', standby), UP_WITHIN)
    await query('primary', 'create table entries (id int primary key)')
    await write()
    await vi.waitFor(async () => expect(await arrived()).toBe(rows), UP_WITHIN)
  }, 60_000)

  afterEach(heal)
  afterAll(async () => {
    for (const child of processes.reverse()) child.kill('SIGQUIT')
    await new Promise((resolve) => setTimeout(resolve, 200))
    for (const child of processes) child.kill('SIGKILL')
    await cluster?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('runs between the addresses of the pods', async () => {
    const [sender] = await query('primary', 'select host(client_addr) as from from pg_stat_replication')
    expect(sender).toEqual({ from: standby.ip.replace('10.', '127.') })
  })

  it.each([
    ['primary', 'out'],
    ['standby', 'in'],
    ['primary', 'both'],
    ['standby', 'both'],
  ] as const)('stalls under a cut at the %s (%s), unseen by both, and catches up', async (pod, direction) => {
    await cut(pod, direction, [`${pod === 'primary' ? standby.ip : primary.ip}/32`])
    await write()
    await silence()
    expect(await arrived()).toBe(rows - 1)
    expect(await query('primary', 'select state from pg_stat_replication')).toEqual([{ state: 'streaming' }])
    await heal()
    await arrives()
    await expect.poll(confirmed).toBe(true)
  })

  it.each([
    ['primary', 'in'],
    ['standby', 'out'],
  ] as const)(
    'brings the rows and not the word of their arrival under a cut at the %s (%s)',
    async (pod, direction) => {
      await expect.poll(confirmed).toBe(true)
      await cut(pod, direction, [`${pod === 'primary' ? standby.ip : primary.ip}/32`])
      await write()
      await arrives()
      await silence()
      expect(await confirmed()).toBe(false)
      await heal()
      await expect.poll(confirmed).toBe(true)
    },
  )

  it('does not reconnect during a partition, and does afterwards', async () => {
    await cut('standby', 'both', [`${primary.ip}/32`])
    await query('standby', "select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'walreceiver'")
    await write()
    await silence()
    expect(await arrived()).toBe(rows - 1)
    await heal()
    await arrives()
  })

  it('stops when the zone of the standby fails, with everything else in that zone', async () => {
    await cut('standby', 'both', 'any')
    await write()
    const asked = arrived()
    expect(await within(SILENCE_MS, asked)).toBe('silent')
    expect(await within(SILENCE_MS, open('late', standby))).toBe('silent')
    await heal()
    await asked
    await arrives()
  })

  it('stops when the zone of the primary fails, whose clients stall too', async () => {
    await cut('primary', 'both', 'any')
    const writing = write()
    expect(await within(SILENCE_MS, writing)).toBe('silent')
    expect(await arrived()).toBe(rows - 1)
    await heal()
    await writing
    await arrives()
  })
})
