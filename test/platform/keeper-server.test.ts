/** How the keeper starts its PostgreSQL, seen from the command that it starts. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { createPostgresServer } from '../../src/platform/services/db-keeper/server.ts'
import { logOf } from '../../src/platform/shared/log.ts'
import { tempFolder } from '../support/temp-folder.ts'

it('archives from the first start on: the mode cannot change while the server runs, and an empty volume has no settings yet', async () => {
  const folder = tempFolder()
  const told = join(folder, 'told')
  const server = createPostgresServer({
    command: ['/bin/sh', '-c', 'printf "%s\\n" "$@" >"$0" && exec sleep 30', told, 'postgres'],
    folder: join(folder, 'empty'),
    pod: 'wallet-db-0',
    follower: 'wallet-db-0',
    leader: { host: 'wallet-db', user: 'keeper', password: 'secret' },
    archive: { folder: '/archive', timeoutS: 10, isSilent: false, keepsHistory: true },
    log: logOf('test'),
    onDeath: () => undefined,
  })
  expect(server.holding()).toBe('nothing')
  server.start(false)
  await expect
    .poll(() => existsSync(told) && readFileSync(told, 'utf8').split('\n'), { timeout: 10_000 })
    .toEqual(expect.arrayContaining(['postgres', '-c', 'archive_mode=always', 'archive_timeout=10s']))
  await server.stop()
})
