/**
 * A restored copy beside the live database: the newest base backup, and the log of the archive up to a named restore point. It becomes a database of
 * its own on a new timeline, and shows the book that it holds. It ends where the archive does not lead to the point, and is never tried again.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { serveBooks } from '../../shared/books.ts'
import { type Query, queryOn } from '../../shared/database.ts'
import type { Service } from '../../shared/service.ts'
import { walletBook } from '../wallet/ledger.ts'
import { type Archive, baseOf, hasBase, restoreCommand } from './archive.ts'
import { askServer, type ServerState } from './asking.ts'
import { includeSettings, SETTINGS } from './server.ts'

export type CopyOptions = {
  readonly point: string
  /** PGDATA, empty or left by an earlier try. */
  readonly folder: string
  readonly archive: Pick<Archive, 'folder'>
  /** What starts the server: the image's own command. */
  readonly command: readonly string[]
  /** Of the server beside it, for the keeper, and for the role that owns the book. */
  readonly url: string
  readonly bookUrl: string
}

const LOOK_MS = 100

/** Nothing of the copy reaches the archive, and no commit waits for anybody. Clients only read. */
const settingsOf = (point: string, archive: string): string => `# Written by the keeper of a restored copy.
archive_mode = off
restore_command = '${restoreCommand(archive)}'
recovery_target_name = '${point}'
recovery_target_action = promote
synchronous_standby_names = ''
default_transaction_read_only = on
fsync = off
`

export async function runCopy(service: Service, options: CopyOptions): Promise<void> {
  const { point, log } = { ...options, log: service.log }
  layOut(options)
  const child = start(options)
  child.once('exit', (code, signal) => {
    log.error('the copy ended', { point, how: signal ?? `code ${code}` })
    process.exit(1)
  })
  service.onStop(() => stopped(child))
  const asking = askServer(options.url)
  let seen: ServerState | undefined
  const timer = setInterval(async () => {
    const before = seen
    seen = await asking.state()
    if (isUp(seen) && !isUp(before)) log.info('restored', { point, timeline: seen?.timeline })
  }, LOOK_MS)
  service.onStop(async () => {
    clearInterval(timer)
    await asking.close()
  })
  service.needs(() => (isUp(seen) ? undefined : 'the copy is being restored'))
  service.app.get('/status', async () => ({ point, restored: isUp(seen), timeline: seen?.timeline ?? 0 }))
  serveBooks(service, { query: queryAt(options.bookUrl) }, walletBook)
  await service.listen()
}

/** Promoted: everything up to the point was applied. */
const isUp = (state: ServerState | undefined): boolean => state?.standby === false

/** Makes the folder of a server that recovers to the point when it starts. */
export function layOut({ point, folder, archive }: CopyOptions): void {
  if (!hasBase(archive.folder)) throw new Error(`${archive.folder} holds no base backup`)
  rmSync(folder, { recursive: true, force: true })
  cpSync(baseOf(archive.folder), folder, { recursive: true })
  // The server refuses a folder that others can read.
  chmodSync(folder, 0o700)
  mkdirSync(join(folder, 'pg_wal'), { recursive: true, mode: 0o700 })
  writeFileSync(join(folder, 'recovery.signal'), '')
  includeSettings(folder)
  writeFileSync(join(folder, SETTINGS), settingsOf(point, archive.folder), { mode: 0o600 })
}

function start({ command }: CopyOptions): ChildProcess {
  const [program = '', ...args] = command
  return spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
}

function stopped(child: ChildProcess): Promise<void> {
  child.removeAllListeners('exit')
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill('SIGQUIT')
  })
}

/** A connection for each question: a copy is asked a few times in its life. */
const queryAt =
  (url: string): Query =>
  async (name, sql, values) => {
    const client = new pg.Client({ connectionString: url, options: '-c search_path=wallet', query_timeout: 10_000 })
    client.on('error', () => undefined)
    await client.connect()
    try {
      return await queryOn(client)(name, sql, values)
    } finally {
      await client.end()
    }
  }
