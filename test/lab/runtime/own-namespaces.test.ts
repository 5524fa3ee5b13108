import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { joinedTo, startedIn } from '../../../src/lab/runtime/container/namespaces.ts'
import { type Inside, namespacesOf } from '../../../src/lab/runtime/container/own-namespaces.ts'
import { unenforcedNames } from '../../../src/lab/runtime/notices.ts'
import type { SandboxRecord } from '../../../src/lab/runtime/records.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'md-'))
  return () => rmSync(folder, { recursive: true, force: true })
})

const sandbox = (parts: Partial<SandboxRecord> = {}): SandboxRecord => ({
  id: 'abc',
  createdAtMs: 0,
  config: {
    metadata: { name: 'web-1', uid: 'u', namespace: 'shop', attempt: 0 },
    hostname: 'web-1',
    logDirectory: '',
    dnsConfig: {
      servers: ['10.96.0.10'],
      searches: ['shop.svc.cluster.local', 'svc.cluster.local'],
      options: ['ndots:5'],
    },
    portMappings: [],
    labels: {},
    annotations: {},
    linux: null,
  },
  network: { ip: '10.244.1.2', env: {}, nativeAddress: '127.245.1.2', namespace: '/lab/net/ns/abc' },
  ...parts,
})

const inside = (parts: Partial<Inside> = {}): Inside => ({
  folder,
  imageFolder: join(folder, 'image'),
  volumes: [],
  temporary: join(folder, 'tmp'),
  workingDir: folder,
  env: { SECRET: 'x=y' },
  identity: { uid: 65534, gid: 65534, groups: [7] },
  config: {
    mounts: [
      { containerPath: '/etc/app/', hostPath: '/lab/volumes/app', readonly: true },
      { containerPath: '/', hostPath: '/lab/volumes/all', readonly: false },
    ],
    linux: null,
    workingDir: '',
  },
  ...parts,
})

const made = (of = sandbox(), within = inside()) => {
  const found = namespacesOf({ labnet: '/bin/labnet', labRoot: '/lab' }, of, within)
  return { found, plan: JSON.parse(readFileSync(found?.plan ?? '', 'utf8')) }
}

describe('the namespaces of a container', () => {
  it('are none in a lab without them', () => {
    expect(namespacesOf({ labnet: undefined, labRoot: '/lab' }, sandbox(), inside())).toBeUndefined()
  })

  it('are its pod’s network and host name, and a user of its own', () => {
    expect(made().plan).toMatchObject({
      network: '/lab/net/ns/abc',
      hostName: 'web-1',
      user: { uid: 65534, gid: 65534, groups: [7] },
      env: ['SECRET=x=y'],
    })
  })

  it('shorten a host name that the kernel would refuse', () => {
    const { config } = sandbox()
    const name = 'w'.repeat(80)
    const long = sandbox({ config: { ...config, hostname: '', metadata: { ...config.metadata, name } } })
    expect(made(long).plan.hostName).toBe('w'.repeat(64))
  })

  it('leave a pod on the node’s network there, with the node’s name', () => {
    const { network: _, ...onNode } = sandbox()
    const { plan } = made(onNode)
    expect(plan.network).toBeUndefined()
    expect(plan.hostName).toBe('')
  })

  it('hold its volumes, /tmp, the lab’s folder and a name server at their paths', () => {
    const { root } = made().plan
    expect(root.binds).toEqual([
      { from: join(folder, 'tmp'), to: '/tmp' },
      { from: '/lab', to: '/lab', alone: true },
      { from: join(folder, 'resolv.conf'), to: '/etc/resolv.conf' },
      { from: '/lab/volumes/app', to: '/etc/app', readOnly: true },
    ])
    expect(readFileSync(join(folder, 'resolv.conf'), 'utf8')).toBe(
      'nameserver 10.96.0.10\nsearch shop.svc.cluster.local svc.cluster.local\noptions ndots:5\n',
    )
    expect(root.readOnly).toBe(false)
  })

  it('hold what the image has at its root, unless the machine has it or a volume is in it', () => {
    const root = join(folder, 'image', 'rootfs')
    for (const name of ['app-of-image', 'data-of-image', 'etc']) mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, 'serve-of-image'), Buffer.alloc(100_000))
    writeFileSync(join(root, 'note-of-image'), '')
    symlinkSync('/nowhere', join(root, 'broken-of-image'))
    const mounts = [{ containerPath: '/data-of-image/db', hostPath: '/lab/volumes/db', readonly: false }]
    const { binds, copies } = made(sandbox(), inside({ config: { mounts, linux: null, workingDir: '' } })).plan.root
    expect(binds.slice(3)).toEqual([
      { from: join(root, 'app-of-image'), to: '/app-of-image', readOnly: true },
      { from: join(root, 'serve-of-image'), to: '/serve-of-image', readOnly: true },
      { from: '/lab/volumes/db', to: '/data-of-image/db', readOnly: false },
    ])
    // Of small files each container has its own, which it may change.
    expect(copies).toEqual([{ from: join(root, 'note-of-image'), to: '/note-of-image' }])
  })

  it('hold a folder of the container’s own for each volume of its image, but for those that the pod mounts', () => {
    const mount = (path: string) => ({ containerPath: path, hostPath: '/lab/volumes/x', readonly: false })
    const config = { mounts: [mount('/cache'), mount('/data/inner')], linux: null, workingDir: '' }
    const own = inside({ volumes: ['/data', '/cache', '/cache/deep', '/data/'], config, identity: undefined })
    const { binds } = made(sandbox(), own).plan.root
    expect(binds.slice(3)).toEqual([
      { from: join(folder, 'volumes', '0'), to: '/data' },
      { from: '/lab/volumes/x', to: '/cache', readOnly: false },
      { from: '/lab/volumes/x', to: '/data/inner', readOnly: false },
    ])
    expect(statSync(join(folder, 'volumes', '0')).isDirectory()).toBe(true)
  })

  it('hold a folder of the image with a volume in it, if the image has a folder for the volume', () => {
    const root = join(folder, 'image', 'rootfs')
    mkdirSync(join(root, 'app-of-image', 'data'), { recursive: true })
    const { binds } = made(sandbox(), inside({ volumes: ['/app-of-image/data'] })).plan.root
    expect(binds.slice(3, 5)).toEqual([
      { from: join(root, 'app-of-image'), to: '/app-of-image', readOnly: true },
      { from: join(folder, 'volumes', '0'), to: '/app-of-image/data' },
    ])
  })

  it('start in the working directory that the pod names, made if nobody has it', () => {
    const root = join(folder, 'image', 'rootfs')
    mkdirSync(join(root, 'app-of-image'), { recursive: true })
    const at = (workingDir: string) => {
      rmSync(join(folder, 'file-system'), { recursive: true, force: true })
      const within = inside({ workingDir: join(folder, 'made'), config: { ...inside().config, workingDir } })
      const { folder: start, root: seen } = made(sandbox(), within).plan
      return [start, seen.binds.some(({ from }: { from: string }) => from === join(folder, 'made'))]
    }
    expect(at('work-of-pod')).toEqual(['/work-of-pod', true])
    expect(at('/app-of-image')).toEqual(['/app-of-image', false])
    expect(at('/etc/app/below')).toEqual(['/etc/app/below', false])
    expect(at('/usr')).toEqual(['/usr', false])
  })

  it('start in the working directory of the image, by its path in the container', () => {
    mkdirSync(join(folder, 'image', 'rootfs', 'app-of-image'), { recursive: true })
    const workingDir = join(folder, 'image', 'rootfs', 'app-of-image', 'bin')
    expect(made(sandbox(), inside({ workingDir })).plan.folder).toBe('/app-of-image/bin')
  })

  it('start a program of the image by its path in the container, if the container sees it there', () => {
    const root = join(folder, 'image', 'rootfs')
    for (const name of ['app-of-image', 'etc']) mkdirSync(join(root, name), { recursive: true })
    writeFileSync(join(root, 'note-of-image'), '')
    const { found } = made()
    if (!found) throw new Error('there are namespaces')
    for (const [program, seen] of [
      [join(root, 'app-of-image', 'server'), '/app-of-image/server'],
      [join(root, 'note-of-image'), '/note-of-image'],
      [join(root, 'note-of-image-2'), join(root, 'note-of-image-2')],
      [join(root, 'etc', 'init'), join(root, 'etc', 'init')],
      ['server', 'server'],
    ] as const) {
      expect(startedIn(found, [program, 'now']).slice(-2)).toEqual([seen, 'now'])
      expect(joinedTo(found, 12, [program, 'now']).slice(-2)).toEqual([seen, 'now'])
    }
  })

  it('have a root that belongs to the container’s user, if that user only stands for root', () => {
    expect(made().plan.root.owner).toEqual({ uid: 65534, gid: 65534, groups: [7] })
    rmSync(join(folder, 'file-system'), { recursive: true })
    const asked = inside({ identity: { uid: 1000, gid: 65534, groups: [] } })
    expect(made(sandbox(), asked).plan.root).not.toHaveProperty('owner')
  })

  it('are told to labnet in a file that nobody else can read, because it holds the environment', () => {
    const { found } = made()
    if (!found) throw new Error('there are namespaces')
    expect(statSync(found.plan).mode & 0o777).toBe(0o600)
    for (const command of [startedIn(found, ['server']), joinedTo(found, 12, ['ls'])])
      expect(command.join(' ')).not.toContain('SECRET')
  })
})

describe('what the lab does not enforce', () => {
  it('is less where a container has a file system of its own', () => {
    expect(unenforcedNames(false)).toContain('read-only root file system')
    for (const name of ['read-only root file system', 'read-only mounts'])
      expect(unenforcedNames(true)).not.toContain(name)
    expect(unenforcedNames(true)).toContain('memory limit')
  })
})
