// Runs once for each new database cluster, while its server answers only on a private socket that trusts its owner: makes the user
// and the database that the environment names, as the official image does. Bundled into the image, since a pod can't read the project.
import { Client, escapeIdentifier, escapeLiteral } from 'pg'

const [socketFolder = ''] = process.argv.slice(2)
const { POSTGRES_USER: user = 'postgres', POSTGRES_PASSWORD: password = '' } = process.env
const database = process.env.POSTGRES_DB ?? user

const START_MS_MAX = 20_000
const RETRY_MS = 25

async function connected(): Promise<Client> {
  const deadlineMs = Date.now() + START_MS_MAX
  for (;;) {
    const client = new Client({ host: socketFolder, user: 'postgres', database: 'postgres' })
    try {
      await client.connect()
      return client
    } catch (error) {
      if (Date.now() > deadlineMs) throw error
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
    }
  }
}

async function setUp(): Promise<void> {
  const client = await connected()
  const role = `ROLE ${escapeIdentifier(user)} SUPERUSER LOGIN PASSWORD ${escapeLiteral(password)}`
  await client.query(`${user === 'postgres' ? 'ALTER' : 'CREATE'} ${role}`)
  if (database !== 'postgres')
    await client.query(`CREATE DATABASE ${escapeIdentifier(database)} OWNER ${escapeIdentifier(user)}`)
  await client.end()
}

setUp().catch((error) => {
  console.error(`postgres: ${error instanceof Error ? error.message : error}`)
  process.exit(1)
})
