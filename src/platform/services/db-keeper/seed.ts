/**
 * Base backups over the replication protocol (what pg_basebackup does): a standby's volume, with the log that makes it
 * consistent, and the base of the archive. It needs nothing of the leader but its port. Made aside and renamed, so that a keeper that
 * is killed meanwhile leaves the old folder, or a whole new one.
 */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { asError } from '../../../domain/unknown.ts'
import { unpackInto } from './tar.ts'

// A server that goes silent during a backup must not block a standby for ever.
const SILENT_MS = 10_000
const CONNECT_MS = 2_000

/** The log comes with it, so nobody waits for the archive. */
const STANDBY = "BASE_BACKUP (LABEL 'standby', CHECKPOINT 'fast', WAL true, WAIT false, MANIFEST 'no')"
/** Without its log. The server ends it only when the archive has taken that. */
const ARCHIVED = "BASE_BACKUP (LABEL 'archive', CHECKPOINT 'fast', WAL false, WAIT true, MANIFEST 'no')"

/** First byte of each message of a backup: a new archive, or a part of it. */
const ARCHIVE = 'n'.charCodeAt(0)
const DATA = 'd'.charCodeAt(0)

/**
 * Copies the leader's database to `folder`, ready to start as a standby. The old content goes, and its server with it (`release`), only
 * when the copy is complete.
 */
export async function seed(url: string, folder: string, release: () => Promise<void>): Promise<void> {
  const aside = `${folder}.seed`
  await unpack(url, STANDBY, aside)
  writeFileSync(join(aside, 'standby.signal'), '')
  // What was written needs no fsync: a server that starts from a backup first makes its whole folder durable (recovery_init_sync_method).
  await release()
  rmSync(folder, { recursive: true, force: true })
  renameSync(aside, folder)
}

/** Copies the database of a server whose log is archived. @throws Error when the archive does not take the log, also after a while */
export async function backUp(url: string, folder: string): Promise<void> {
  const aside = `${folder}.new`
  await unpack(url, ARCHIVED, aside)
  rmSync(folder, { recursive: true, force: true })
  renameSync(aside, folder)
}

async function unpack(url: string, command: string, folder: string): Promise<void> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const archive = unpackInto(folder)
  await receive(url, command, (message) => {
    if (message[0] === DATA) archive.write(message.subarray(1))
    else if (message[0] === ARCHIVE && message.toString('latin1', 1, message.indexOf(0, 1)) !== 'base.tar')
      throw new Error('the leader has tablespaces, which this copy would miss')
  })
  await archive.end()
}

async function receive(url: string, command: string, take: (message: Buffer) => void): Promise<void> {
  const address = new URL(url)
  address.searchParams.set('replication', 'true')
  const client = new pg.Client({ connectionString: address.href, connectionTimeoutMillis: CONNECT_MS })
  const failed = new Promise<never>((_, reject) => client.on('error', reject))
  failed.catch(() => undefined)
  await client.connect()
  const watchdog = setTimeout(() => void client.end(), SILENT_MS)
  try {
    const copied = new Promise<void>((resolve, reject) => {
      client.query(
        backupQuery(
          command,
          (message) => {
            watchdog.refresh()
            take(message)
          },
          (error) => (error ? reject(error) : resolve()),
        ),
      )
    })
    await Promise.race([copied, failed])
  } finally {
    clearTimeout(watchdog)
    await client.end().catch(() => undefined)
  }
}

/** The driver does not implement COPY OUT, but passes all messages to the query object. */
function backupQuery(command: string, take: (message: Buffer) => void, done: (error?: Error) => void): pg.Submittable {
  let failure: Error | undefined
  const asker = {
    submit: (connection: pg.Connection) => connection.query(command),
    handleRowDescription: () => undefined,
    handleDataRow: () => undefined,
    handleCommandComplete: () => undefined,
    handleCopyData: ({ chunk }: { chunk: Buffer }) => {
      if (failure !== undefined) return
      try {
        take(chunk)
      } catch (thrown) {
        failure = asError(thrown)
        done(failure)
      }
    },
    handleError: (error: Error) => done(error),
    handleReadyForQuery: () => done(failure),
  }
  return asker
}
