import { execFile } from 'node:child_process'
import { chmodSync, chownSync, lstatSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LabError } from '../../machine/lab-error.ts'
import { NOBODY } from '../../machine/users.ts'

const run = promisify(execFile)

/** Makes `<image>/template`: an empty database cluster that every user can copy. Its superuser is `postgres`, without a password. */
export async function makeTemplate(image: string): Promise<void> {
  // initdb refuses to run as root, and writes only where its user may.
  const scratch = mkdtempSync(join(tmpdir(), 'matchday-initdb-'))
  const identity = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {}
  if (identity.uid !== undefined) chownSync(scratch, identity.uid, identity.gid)
  const cluster = join(scratch, 'template')
  const env = { LD_LIBRARY_PATH: join(image, 'lib'), TZ: 'UTC', PATH: process.env.PATH ?? '/usr/bin:/bin' }
  const options = [
    '--username=postgres',
    '--auth=trust',
    '--encoding=UTF8',
    '--locale=C',
    '--no-instructions',
    '--no-sync',
  ]
  try {
    const command = [join(image, 'bin', 'initdb'), `--pgdata=${cluster}`, ...options]
    await runNamed(command, { ...identity, env, cwd: scratch })
    makeReadable(cluster)
    await run('cp', ['-R', cluster, join(image, 'template')])
  } catch (cause) {
    throw new LabError({
      code: 'image-build-failed',
      problem: `initdb cannot create the database cluster of the matchday/postgres image: ${wordsOf(cause)}`,
      next: 'the user that runs the lab must have a name in /etc/passwd, and a temporary folder to write to.',
      cause,
    })
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

type RunOptions = { cwd: string; env: NodeJS.ProcessEnv; uid?: number; gid?: number }

/** initdb needs a name for its user. A user without one, as in many containers, borrows the name of `nobody` in a user namespace. */
async function runNamed([program = '', ...args]: readonly string[], options: RunOptions): Promise<void> {
  try {
    await run(program, args, options)
  } catch (first) {
    if (!wordsOf(first).includes('could not look up')) throw first
    const borrow = ['--user', `--map-user=${NOBODY}`, '--', program, ...args]
    await run('unshare', borrow, options).catch(() => {
      throw first
    })
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : String(error)

/** initdb makes all its files private. */
function makeReadable(path: string): void {
  const stat = lstatSync(path)
  if (stat.isSymbolicLink()) return
  chmodSync(path, stat.isDirectory() ? 0o755 : 0o644)
  if (stat.isDirectory()) for (const name of readdirSync(path)) makeReadable(join(path, name))
}
