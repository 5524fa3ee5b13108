// Runs once for each new database cluster, while its server listens only on a private socket that trusts its owner. It creates the user and
// the database that the environment names, then runs the workload's own scripts, as the official image does. One difference: POSTGRES_USER
// owns its database but is not a superuser. Every user of this machine can reach the server's address, and a superuser may run programs
// (`COPY … FROM PROGRAM`) as the user that runs the lab. Bundled into the image, because a pod cannot read the project.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Client, escapeIdentifier, escapeLiteral } from 'pg'
import { messageOf } from '../../../domain/unknown.ts'

const [socketFolder = '', scriptFolder = ''] = process.argv.slice(2)
const SUPERUSER = 'postgres'
const { POSTGRES_USER: user = SUPERUSER, POSTGRES_PASSWORD: password = '' } = process.env
const database = process.env.POSTGRES_DB ?? user

// On a busy machine: the copy of the template (39 MB in 970 files), and the start of the server.
const START_MS_MAX = 40_000
const RETRY_MS = 25

async function connected(name: string): Promise<Client> {
  const deadlineMs = Date.now() + START_MS_MAX
  for (;;) {
    const client = new Client({ host: socketFolder, user: SUPERUSER, database: name })
    try {
      await client.connect()
      return client
    } catch (error) {
      if (Date.now() > deadlineMs) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function inside(name: string, work: (client: Client) => Promise<void>): Promise<void> {
  const client = await connected(name)
  await work(client)
  await client.end()
}

async function makeUser(client: Client): Promise<void> {
  // The superuser needs no password: pg_hba.conf lets it in by no address.
  if (user !== SUPERUSER)
    await client.query(`CREATE ROLE ${escapeIdentifier(user)} LOGIN PASSWORD ${escapeLiteral(password)}`)
  if (database !== SUPERUSER)
    await client.query(`CREATE DATABASE ${escapeIdentifier(database)} OWNER ${escapeIdentifier(user)}`)
}

/** What is mounted at /docker-entrypoint-initdb.d: SQL, run by the superuser in the new database, in the order of names. */
async function runScripts(client: Client): Promise<void> {
  if (!existsSync(scriptFolder)) return
  for (const name of readdirSync(scriptFolder).sort()) {
    if (name.endsWith('.sql')) await client.query(readFileSync(join(scriptFolder, name), 'utf8'))
    else if (!name.startsWith('..')) console.error(`postgres: ignoring ${name}: the lab runs *.sql only`)
  }
}

async function setUp(): Promise<void> {
  await inside(SUPERUSER, makeUser)
  await inside(database, runScripts)
}

setUp().catch((error) => {
  console.error(`postgres: ${messageOf(error)}`)
  process.exit(1)
})
