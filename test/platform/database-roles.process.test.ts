/**
 * Any user of the machine can reach a lab's databases. This file is such a user: it knows the repository, and with each role it tries to run
 * programs and to read files as whoever runs the lab.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askServer } from '../../src/platform/services/db-keeper/asking.ts'
import { seed } from '../../src/platform/services/db-keeper/seed.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { type LabPostgres, ownSecrets, repositorySecrets, startLabPostgres } from './support/lab-postgres.ts'
import { startPostgres } from './support/postgres.ts'

const secrets = ownSecrets()
/** Other test files listen on other addresses; a user may run two checkouts of this one. */
const hostOf = (n: number): string => `127.45.${process.pid % 250}.${n}`
const databases = { casino: 'wallet-db', providers: 'providers-db' } as const
let servers: Record<keyof typeof databases, LabPostgres>
let starting: readonly Promise<LabPostgres>[] = []

beforeAll(async () => {
  const [casino, providers] = [
    startLabPostgres(databases.casino, hostOf(1), secrets),
    startLabPostgres(databases.providers, hostOf(2), secrets),
  ]
  starting = [casino, providers]
  servers = { casino: await casino, providers: await providers }
})
// Also if only one of them started.
afterAll(async () => {
  for (const each of await Promise.allSettled(starting)) if (each.status === 'fulfilled') await each.value.stop()
})

/** Every role, and every word that could be its password, as the manifests name them. */
function known(): { roles: readonly string[]; passwords: readonly string[] } {
  const files = ['base/secrets.yaml', 'keda/payout-worker.yaml']
  const text = files.map((file) => readFileSync(join('src/platform/manifests', file), 'utf8')).join('\n')
  const roles = [...text.matchAll(/CREATE ROLE (\w+)/g)].map(([, role]) => String(role))
  const passwords = [...text.matchAll(/placeholder-[a-z0-9-]+/g)].map(([word]) => word)
  return {
    roles: [...new Set([...roles, 'postgres'])],
    passwords: [...new Set([...passwords, 'postgres', '', 'matchday'])],
  }
}

const clientOf = (user: string, password: string, database: keyof typeof databases, options = {}) =>
  new pg.Client({ host: servers[database].host, port: 5432, user, password, database, ...options })

async function connected(user: string, password: string, database: keyof typeof databases): Promise<pg.Client> {
  const client = clientOf(user, password, database)
  client.on('error', () => undefined)
  await client.connect()
  return client
}

const INVALID_PASSWORD = '28P01'
const NO_ENTRY = '28000'
const NO_PRIVILEGE = '42501'

/** What PostgreSQL lets only a superuser do, or a member of its roles for programs and files. */
const attacks = (role: string): readonly string[] => [
  `CREATE TEMP TABLE loot (line text); COPY loot FROM PROGRAM 'id'`,
  `COPY (SELECT 1) TO PROGRAM 'cat'`,
  `CREATE TEMP TABLE files (line text); COPY files FROM '/etc/passwd'`,
  `COPY (SELECT 1) TO '/tmp/matchday-was-here'`,
  `SELECT pg_read_file('/etc/passwd')`,
  `SELECT pg_read_binary_file('/etc/passwd')`,
  `SELECT pg_ls_dir('/')`,
  `SELECT lo_import('/etc/passwd')`,
  `SELECT rolpassword FROM pg_authid`,
  `ALTER SYSTEM SET archive_command = 'id'`,
  `CREATE FUNCTION run(text) RETURNS int AS 'libc.so.6', 'system' LANGUAGE C`,
  `CREATE EXTENSION file_fdw`,
  `ALTER ROLE ${role} SUPERUSER`,
  `GRANT pg_execute_server_program TO ${role}`,
  `CREATE ROLE other SUPERUSER`,
  `SET ROLE postgres`,
  `SET SESSION AUTHORIZATION postgres`,
]

describe('an attacker who knows the repository', () => {
  it('cannot log in to any database with a password from the repository', async () => {
    const { roles, passwords } = known()
    expect(roles).toEqual(['casino', 'keeper', 'providers', 'postgres'])
    expect(passwords).toContain(repositorySecrets('wallet-db').KEEPER_PASSWORD)
    for (const database of ['casino', 'providers'] as const)
      for (const user of roles)
        for (const password of passwords) {
          const code = await connected(user, password, database).then(
            () => 'let in',
            ({ code = 'no password' }) => code,
          )
          expect([INVALID_PASSWORD, NO_ENTRY, 'no password'], `${user} with "${password}"`).toContain(code)
        }
  })

  it('cannot log in as superuser with any password, not even for replication', async () => {
    const password = secrets('wallet-db').POSTGRES_PASSWORD ?? ''
    expect(password).toMatch(/^[0-9a-f]{64}$/)
    for (const options of [{}, { replication: 'true' }])
      await expect(clientOf('postgres', password, 'casino', options).connect()).rejects.toMatchObject({
        code: NO_ENTRY,
      })
  })
})

describe.each([
  ['casino', 'casino', () => new URL(secrets('wallet-db-client').DATABASE_URL ?? '').password],
  ['keeper', 'casino', () => secrets('wallet-db').KEEPER_PASSWORD ?? ''],
  ['providers', 'providers', () => new URL(secrets('providers-db-client').DATABASE_URL ?? '').password],
] as const)('%s, with its true password,', (role, database, passwordOf) => {
  let client: pg.Client
  beforeAll(async () => {
    client = await connected(role, passwordOf(), database)
  })
  afterAll(() => client?.end())

  it.each(attacks(role).map((attack) => [attack]))('may not: %s', async (attack) => {
    await expect(client.query(attack)).rejects.toMatchObject({ code: NO_PRIVILEGE })
  })

  it('is not a superuser; the only superuser may not log in from any address', async () => {
    const { rows } = await client.query(
      'SELECT rolname FROM pg_roles WHERE rolsuper OR rolcreaterole OR rolbypassrls ORDER BY 1',
    )
    expect(rows).toEqual([{ rolname: 'postgres' }])
  })
})

describe('the keeper without a superuser', () => {
  const urlOf = (server: LabPostgres) =>
    `postgres://keeper:${secrets('wallet-db').KEEPER_PASSWORD}@${server.host}:5432/casino`

  it('sees the server’s state, writes checkpoints and may promote', async () => {
    const asking = askServer(urlOf(servers.casino))
    const services = await connected(
      'casino',
      new URL(secrets('wallet-db-client').DATABASE_URL ?? '').password,
      'casino',
    )
    try {
      const state = await asking.state()
      expect(state).toMatchObject({ standby: false, timeline: 1 })
      // The keeper's own are not counted: it sees those of other roles.
      expect(state?.connections).toBeGreaterThanOrEqual(1)
      await asking.checkpoint()
      await expect(asking.promote()).rejects.toThrow('recovery is not in progress')
    } finally {
      await services.end()
      await asking.close()
    }
  })

  it('copies the leader, but cannot write a copy on the server', async () => {
    const folder = join(tempFolder(), 'copy')
    await seed(urlOf(servers.casino), folder, async () => undefined)
    expect(readFileSync(join(folder, 'PG_VERSION'), 'utf8').trim()).toBe('18')
    const client = clientOf('keeper', secrets('wallet-db').KEEPER_PASSWORD ?? '', 'casino', { replication: 'true' })
    await client.connect()
    await expect(
      client.query("BASE_BACKUP (TARGET 'server', TARGET_DETAIL '/tmp/matchday-was-here')"),
    ).rejects.toMatchObject({ code: NO_PRIVILEGE })
    await client.end()
  })
})

describe('a PostgreSQL that is killed', () => {
  /** Files that a process has mapped into its memory. */
  const mappedBy = (pid: number): string => readFileSync(`/proc/${pid}/maps`, 'utf8')

  it('of a lab leaves no shared memory in /dev/shm, because it is in the data folder', () => {
    const maps = mappedBy(servers.providers.pid)
    expect(maps).toContain(`${servers.providers.data}/pg_dynshmem/mmap`)
    expect(maps).not.toContain('/dev/shm/')
  })

  it('of a test leaves no shared memory either', async () => {
    const server = await startPostgres()
    const maps = mappedBy(server.pid)
    await server.stop()
    expect(maps).toContain('/pg_dynshmem/mmap')
    expect(maps).not.toContain('/dev/shm/')
  })
})
