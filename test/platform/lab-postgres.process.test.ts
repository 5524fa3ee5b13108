/** A PostgreSQL of the tests that does not start: no process and no folder of it is left, and the error has what it wrote. */
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { tempFolder } from '../support/temp-folder.ts'
import { ownSecrets, type Secrets, startLabPostgres, startStandby } from './support/lab-postgres.ts'

const secrets = ownSecrets()
const hostOf = (n: number): string => `127.48.${process.pid % 250}.${n}`
const UNKNOWN = { no_such_setting: '1' }
const COMPLAINT = /^PostgreSQL ended; it wrote:\n[\s\S]*unrecognized configuration parameter "no_such_setting"/

let folder: string
beforeEach(() => {
  folder = tempFolder()
  chmodSync(folder, 0o755)
  vi.stubEnv('TMPDIR', folder)
})
afterEach(() => void vi.unstubAllEnvs())

/** Processes whose command line has the folder in it. */
const processes = (): readonly string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(folder)
    } catch {
      return false
    }
  })
const left = () => [processes(), readdirSync(folder)]

describe('a PostgreSQL that does not start', () => {
  it('because it ends: its error says why', async () => {
    await expect(startLabPostgres('wallet-db', hostOf(1), secrets, UNKNOWN)).rejects.toThrow(COMPLAINT)
    expect(left()).toEqual([[], []])
  })

  it('in time: it is stopped, also while its new database is still being set up', async () => {
    const endless: Secrets = (name) =>
      name === 'wallet-db-roles' ? { 'endless.sql': 'SELECT pg_sleep(600)' } : secrets(name)
    await expect(startLabPostgres('wallet-db', hostOf(2), endless, {}, 8_000)).rejects.toThrow(
      /^PostgreSQL did not start within 8 s; it wrote:\n[\s\S]*starting PostgreSQL/,
    )
    expect(left()).toEqual([[], []])
  })

  it('as a standby: its primary still runs, and can be stopped', async () => {
    const primary = await startLabPostgres('wallet-db', hostOf(3), secrets)
    const running = readdirSync(folder)
    await expect(startStandby(primary, hostOf(4), secrets, UNKNOWN)).rejects.toThrow(COMPLAINT)
    expect(readdirSync(folder)).toEqual(running)
    await primary.stop()
    expect(left()).toEqual([[], []])
  })
})
