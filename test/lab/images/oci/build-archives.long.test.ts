/** Images for clusters, read back by the rules of their format, and started from nothing but what is in them. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { unpackArchive } from '../../../../src/lab/images/archive.ts'
import { type BuiltArchive, buildArchives } from '../../../../src/lab/images/oci/build-archives.ts'
import { wrongIn } from '../../../support/output-schema.ts'
import { tempFolder } from '../../../support/temp-folder.ts'
import { type ReadArchive, readArchive } from './archive-reader.ts'

const entry = fileURLToPath(new URL('./greeting-app.ts', import.meta.url))
const NAMES = ['shop/api', 'shop/api-next', 'matchday/postgres'] as const
const sources = NAMES.slice(0, 2).map((name) => ({ name, entry, env: { GREETING: 'hello' } }))
const registry = 'registry.example.com/team'

let folder = ''
let built: readonly BuiltArchive[] = []
/** Read once: each holds a Node. */
const read = new Map<string, ReadArchive>()
const archiveOf = (name: string): ReadArchive => {
  const found = read.get(name)
  if (found === undefined) throw new Error(`no archive of ${name} was written`)
  return found
}
const fileOf = (name: string): string => built.find((each) => each.name === name)?.file ?? ''

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'md-images-'))
  built = await buildArchives({ folder: join(folder, 'out'), sources, postgres: true, tag: '1.0', registry })
  for (const { name, file } of built) read.set(name, await readArchive(file))
}, 240_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.each(NAMES)('the archive of %s', (name) => {
  it('keeps the rules of the OCI image layout, and of docker save', () => {
    const { problems, config, files, saved, descriptors } = archiveOf(name)
    expect(problems).toEqual([])
    expect(config).toMatchObject({ os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch })
    expect([...files.values()].filter(({ owner, modifiedMs }) => owner !== '0:0' || modifiedMs !== 0)).toEqual([])
    expect(saved).toHaveLength(1)
    expect(saved[0]?.RepoTags).toEqual([`${registry}/${name}:1.0`])
    expect(saved[0]?.Layers).toHaveLength(2)
    expect(descriptors.map(({ annotations }) => annotations?.['io.containerd.image.name'])).toEqual([
      `${registry}/${name}:1.0`,
      `${registry}/${name}@${descriptors[0]?.digest}`,
    ])
  })

  it('has a numeric user that is not root, and no shell', () => {
    const { config, files } = archiveOf(name)
    expect(config.config.User).toBe(name === 'matchday/postgres' ? '999:999' : '65532:65532')
    expect([...files.keys()].filter((path) => /(^|\/)(sh|bash|busybox|apt|apk)$/.test(path))).toEqual([])
    expect(files.get('tmp/')?.mode).toBe(0o1777)
  })
})

it('two names of one program are two images; the same build again gives the same digests', async () => {
  const digests = built.map(({ digest }) => digest)
  expect(new Set(digests).size).toBe(3)
  const [source] = sources
  // Alone: what else is built must not matter.
  const again = {
    folder: join(folder, 'again'),
    sources: source ? [source] : [],
    postgres: false,
    tag: '1.0',
    registry,
  }
  expect((await buildArchives(again)).map(({ digest }) => digest)).toEqual(digests.slice(0, 1))
}, 120_000)

it('the kustomize component pins what the archives hold', () => {
  const component = parse(readFileSync(join(folder, 'out', 'kustomization.yaml'), 'utf8'))
  const held = NAMES.map((name) => archiveOf(name).descriptors[0]?.digest)
  expect(component.kind).toBe('Component')
  expect(component.images).toEqual(
    NAMES.map((name, index) => ({ name, newName: `${registry}/${name}`, digest: held[index] })),
  )
})

it('what the command prints about them has the published form', () => {
  expect(wrongIn('images', { format: 1, images: built })).toEqual([])
})

type Started = { Entrypoint: string[]; Cmd?: string[]; Env: string[]; User: string; WorkingDir?: string }

async function unpacked(name: string): Promise<{ root: string; config: Started }> {
  const at = tempFolder()
  const root = join(at, 'root')
  for (const path of ['proc', 'dev']) mkdirSync(join(root, path), { recursive: true })
  await unpackArchive(fileOf(name), root, join(at, 'config.json'))
  // What a kubelet mounts, writable for the image's user.
  for (const path of ['tmp', 'var/lib/postgresql/data', 'var/run/postgresql'])
    if (existsSync(join(root, path))) chmodSync(join(root, path), 0o777)
  return { root, config: JSON.parse(readFileSync(join(at, 'config.json'), 'utf8')).config }
}

const ISOLATED = ['--user', '--map-root-user', '--mount', '--net', '--pid', '--fork', '--kill-child=SIGKILL']

/** As a container: its own root, network and processes, only its environment, and its user. */
function start(root: string, { Entrypoint, Cmd = [], Env, User, WorkingDir = '/' }: Started): ChildProcess {
  const [user = '', group = ''] = User.split(':')
  const script = `set -e; root=$1; shift
    mount -t proc proc "$root/proc"; mount --rbind /dev "$root/dev"; mount -t tmpfs tmpfs "$root/dev/shm"; ip link set lo up
    exec "$@"`
  const inside = ['--user', `--map-user=${user}`, `--map-group=${group}`, `--root=${root}`, `--wd=${WorkingDir}`, '--']
  const command = ['env', '-i', ...Env, UNSHARE, ...inside, ...Entrypoint, ...Cmd]
  return spawn('unshare', [...ISOLATED, 'sh', '-c', script, 'sh', root, ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
const UNSHARE = '/usr/bin/unshare'
const isolated = spawnSync('unshare', [...ISOLATED, 'unshare', '--user', '--map-user=999', 'true'], {
  encoding: 'utf8',
})
const refusal = isolated.status === 0 ? undefined : isolated.stderr?.trim() || 'there is no unshare'

// Where this user may not make namespaces, the real tier and the lab still start images.
describe.skipIf(refusal !== undefined)(`the image as the whole file system${refusal ? ` (${refusal})` : ''}`, () => {
  it('a service starts with its environment', async () => {
    const { root, config } = await unpacked('shop/api')
    const child = start(root, config)
    const [said, complaint] = await Promise.all([textOf(child.stdout), textOf(child.stderr)])
    expect({ said, complaint }).toEqual({ said: 'hello from /app, production\n', complaint: '' })
  })

  it('PostgreSQL refuses to start without a password, makes its cluster with one, and serves', async () => {
    const { root, config } = await unpacked('matchday/postgres')
    const without = await textOf(start(root, config).stderr)
    expect(without).toBe('postgres: POSTGRES_PASSWORD is not set and the volume is empty\n')
    const Env = [
      ...config.Env,
      'POSTGRES_USER=shop',
      'POSTGRES_PASSWORD=secret',
      'PGDATA=/var/lib/postgresql/data/pgdata',
    ]
    const child = start(root, { ...config, Env })
    const lines = createInterface({ input: child.stderr ?? Readable.from([]) })
    const seen: string[] = []
    for await (const line of lines) {
      seen.push(line)
      if (/listening on IPv4 address "0.0.0.0", port 5432/.test(line)) break
    }
    child.kill('SIGKILL')
    expect(seen.join('\n')).toContain('listening on IPv4 address "0.0.0.0", port 5432')
    // Nobody gets in without a password, and the superuser not at all.
    expect(readFileSync(join(root, 'var/lib/postgresql/data/pgdata/pg_hba.conf'), 'utf8').split('\n')).toEqual([
      'host all postgres all reject',
      'host all all all scram-sha-256',
      'host replication postgres all reject',
      'host replication all all scram-sha-256',
      '',
    ])
  }, 60_000)
})

const textOf = async (stream: Readable | null): Promise<string> => text(stream ?? Readable.from([]))
