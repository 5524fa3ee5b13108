/** The content of the layers: Node with the libraries that it loads, PostgreSQL, a service. No shell, no package manager. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import { ownFile } from '../../machine/own-file.ts'
import { entriesBelow, type LayerEntry } from './layer.ts'
import { librariesOf } from './libraries.ts'

/** Numeric, because a kubelet cannot check `runAsNonRoot` for a user name. 65532 is what other small images use, 999 PostgreSQL's official one. */
export const USERS = { service: 65_532, postgres: 999 } as const

const NODE = 'usr/local/bin/node'
const POSTGRES = 'usr/local/pgsql'
const ENTRYPOINT = 'usr/local/bin/docker-entrypoint.sh'
export const PROGRAMS_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

const text = (path: string, ...lines: readonly string[]): LayerEntry => ({
  kind: 'file',
  path,
  source: Buffer.from(lines.map((line) => `${line}\n`).join('')),
})

/** The Node that runs this. It brings its own certificates and time zones. */
export async function nodeEntries(): Promise<readonly LayerEntry[]> {
  return [
    ...(await librariesOf(process.execPath)),
    { kind: 'file', path: NODE, source: process.execPath, executable: true },
    text(
      'etc/passwd',
      'root:x:0:0:root:/:/sbin/nologin',
      `postgres:x:${USERS.postgres}:${USERS.postgres}::/:/sbin/nologin`,
      `service:x:${USERS.service}:${USERS.service}::/:/sbin/nologin`,
    ),
    text('etc/group', 'root:x:0:', `postgres:x:${USERS.postgres}:`, `service:x:${USERS.service}:`),
    text('etc/nsswitch.conf', 'hosts: files dns'),
    // Writable for every user, as in any distribution.
    { kind: 'folder', path: 'tmp', mode: 0o1777 },
  ]
}

export const serviceEntries = (bundle: Buffer): readonly LayerEntry[] => [
  { kind: 'file', path: 'app/main.cjs', source: bundle },
]

/** `main.cjs` without its folder: a lab's container has no root of its own, so only the program and the working folder are moved. */
export const serviceCommand = [`/${NODE}`, 'main.cjs'] as const
export const SERVICE_FOLDER = '/app'
export const postgresCommand = [`/${ENTRYPOINT}`] as const

/** `staged` is the folder of the lab's image `matchday/postgres`. */
export async function postgresEntries(staged: string): Promise<readonly LayerEntry[]> {
  const libraries = join(staged, 'lib')
  return [
    ...(await librariesOf(join(staged, 'bin', 'postgres'), libraries)),
    ...entriesBelow(staged, POSTGRES, isServed),
    { kind: 'file', path: ENTRYPOINT, source: await bundledEntrypoint(), executable: true },
    { kind: 'folder', path: 'var/run/postgresql', mode: 0o1777 },
    { kind: 'folder', path: 'var/lib/postgresql/data', mode: 0o1777 },
    { kind: 'folder', path: 'docker-entrypoint-initdb.d' },
  ]
}

/** Leaves out the lab's launcher, which needs a shell, and initdb: the template holds a database cluster. */
const isServed = (path: string): boolean => path !== 'run.sh' && !path.startsWith(join('bin', 'initdb'))

async function bundledEntrypoint(): Promise<Buffer> {
  const entry = ownFile('../postgres/entrypoint.ts', import.meta.url)
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    absWorkingDir: dirname(entry),
    banner: { js: `#!/${NODE}` },
    logLevel: 'silent',
  })
  return Buffer.from(outputFiles[0]?.contents ?? readFileSync(entry))
}
