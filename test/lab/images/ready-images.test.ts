import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'
import { beforeEach, describe, expect, it } from 'vitest'
import { readyImage } from '../../../src/lab/images/ready-images.ts'
import { requireImages } from '../../../src/lab/images/render.ts'
import { tempFolder } from '../../support/temp-folder.ts'

let folder = ''
let store = ''
beforeEach(() => {
  folder = tempFolder()
  store = join(folder, 'images')
})

type Entry = readonly [name: string, content: string, kind?: 'directory' | 'symlink' | 'executable']

async function tar(
  entries: readonly (readonly [name: string, content: string | Buffer, kind?: Entry[2]])[],
): Promise<Buffer> {
  const packed = pack()
  for (const [name, content, kind] of entries) {
    if (kind === 'directory') packed.entry({ name, type: 'directory', mode: 0o755 })
    else if (kind === 'symlink') packed.entry({ name, type: 'symlink', linkname: String(content) })
    else packed.entry({ name, mode: kind === 'executable' ? 0o700 : 0o600 }, content)
  }
  packed.finalize()
  return buffer(packed)
}

const CONFIG = {
  config: {
    Entrypoint: ['/app/serve'],
    Cmd: ['--fast'],
    Env: ['MODE=a=b', 'PATH=/app:/usr/bin'],
    WorkingDir: '/app',
    Volumes: { '/data': {} },
    User: '1000:1000',
  },
}
const LAYERS: readonly (readonly Entry[])[] = [
  [
    ['app/', '', 'directory'],
    ['app/serve', '#!/bin/sh\necho first', 'executable'],
    ['app/old', 'old'],
    ['etc/', '', 'directory'],
    ['etc/one', '1'],
    ['../escaped', 'no'],
  ],
  [
    ['app/serve', '#!/bin/sh\necho second', 'executable'],
    ['app/.wh.old', ''],
    ['etc/.wh..wh..opq', ''],
    ['etc/two', '2'],
    ['bin/link', '/app/serve', 'symlink'],
  ],
]

const sha = (data: Buffer) => createHash('sha256').update(data).digest('hex')

async function dockerSave(): Promise<Buffer> {
  const layers = await Promise.all(LAYERS.map(tar))
  const manifest = [{ Config: 'config.json', Layers: layers.map((_, index) => `l${index}/layer.tar`) }]
  return tar([
    ['config.json', JSON.stringify(CONFIG)],
    ...layers.map((layer, index) => [`l${index}/layer.tar`, layer] as const),
    ['manifest.json', JSON.stringify(manifest)],
  ])
}

async function ociLayout(): Promise<Buffer> {
  const blobs: Buffer[] = []
  const add = (data: Buffer) => {
    blobs.push(data)
    return { digest: `sha256:${sha(data)}`, size: data.length }
  }
  const config = add(Buffer.from(JSON.stringify(CONFIG)))
  const layers = (await Promise.all(LAYERS.map(tar))).map((layer) => add(gzipSync(layer)))
  const manifest = add(Buffer.from(JSON.stringify({ schemaVersion: 2, config, layers })))
  const nested = add(Buffer.from(JSON.stringify({ manifests: [manifest] })))
  return tar([
    ['oci-layout', '{"imageLayoutVersion":"1.0.0"}'],
    ['index.json', JSON.stringify({ manifests: [nested] })],
    ...blobs.map((blob) => [`blobs/sha256/${sha(blob)}`, blob] as const),
  ])
}

describe.each([
  ['docker save', dockerSave],
  ['an OCI layout with compressed layers', ociLayout],
])('an archive: %s', (_, make) => {
  const build = async () => {
    const archive = join(folder, 'image.tar')
    writeFileSync(archive, await make())
    const { image } = await readyImage(store, { kind: 'archive', name: 'shop/pricing', archive })
    return { image, root: join(store, image.folder, 'rootfs') }
  }

  it('is unpacked layer over layer, with whiteouts, and never out of its folder', async () => {
    const { root } = await build()
    expect(readFileSync(join(root, 'app/serve'), 'utf8')).toContain('second')
    expect(['app/old', 'etc/one'].filter((path) => existsSync(join(root, path)))).toEqual([])
    expect(readFileSync(join(root, 'etc/two'), 'utf8')).toBe('2')
    expect(existsSync(join(root, '..', 'escaped'))).toBe(false)
    expect(execFileSync(join(root, 'bin/link'), { encoding: 'utf8' })).toBe('second\n')
    expect(statSync(join(root, 'app/serve')).mode & 0o777).toBe(0o755)
  })

  it('says how it is started, by paths in its own folder', async () => {
    expect((await build()).image).toMatchObject({
      kind: 'native',
      entrypoint: ['$IMAGE/rootfs/app/serve'],
      arguments: ['--fast'],
      workingDir: '$IMAGE/rootfs/app',
      volumes: ['/data'],
      env: { MODE: 'a=b', PATH: '$IMAGE/rootfs/app:$IMAGE/rootfs/usr/bin:/app:/usr/bin' },
      user: 1000,
    })
  })
})

it.each([
  ['no tar file', Buffer.from('hello'.repeat(300)), /cannot be made from .*image\.tar/],
  ['another tar file', undefined, /no image archive: manifest\.json and index\.json are missing/],
])('refuses %s and names the file', async (_, content, message) => {
  const archive = join(folder, 'image.tar')
  writeFileSync(archive, content ?? (await tar([['readme', 'x']])))
  const built = readyImage(store, { kind: 'archive', name: 'shop/pricing', archive })
  await expect(built).rejects.toMatchObject({ code: 'image-unreadable', message: expect.stringMatching(message) })
})

it('takes a folder as it is, and a changed folder as another image', async () => {
  const source = join(folder, 'build')
  mkdirSync(source)
  writeFileSync(join(source, 'search'), '#!/bin/sh\n', { mode: 0o755 })
  const start = { entrypoint: ['$IMAGE/search', '--listen', '$ADDRESS:8080'], env: {} }
  const build = () => readyImage(store, { kind: 'folder', name: 'shop/search', folder: source, ...start })
  const { image } = await build()
  expect(existsSync(join(store, image.folder, 'search'))).toBe(true)
  expect((await build()).image.digest).toBe(image.digest)
  writeFileSync(join(source, 'data'), 'more')
  expect((await build()).image.digest).not.toBe(image.digest)
})

it('gives one content one digest under two names, and the digest that a name asks for', async () => {
  const source = join(folder, 'build')
  mkdirSync(source)
  writeFileSync(join(source, 'search'), '#!/bin/sh\n', { mode: 0o755 })
  const build = (name: string) =>
    readyImage(store, { kind: 'folder', name, folder: source, entrypoint: ['$IMAGE/search'], env: {} })
  const [one, two] = [await build('one/search'), await build('two/search')]
  expect(two.image.digest).toBe(one.image.digest)
  const digest = `sha256:${'1'.repeat(64)}`
  const pinned = await build(`shop/search@${digest}`)
  expect(pinned).toMatchObject({ name: 'shop/search', image: { digest } })
  writeFileSync(join(source, 'search'), '#!/bin/sh\necho more\n', { mode: 0o755 })
  expect((await build(`shop/search@${digest}`)).image.folder).not.toBe(pinned.image.folder)
})

it('refuses images that no index knows, each once', () => {
  const pod = (name: string, ...images: readonly string[]) => ({
    kind: 'Pod',
    metadata: { name },
    spec: { containers: images.map((image) => ({ name: 'a', image })) },
  })
  const known = `shop/api@sha256:${'1'.repeat(64)}`
  expect(() => requireImages([pod('one', known)])).not.toThrow()
  const broken = () => requireImages([pod('one', known, 'nginx:1'), pod('two', 'nginx:1', 'redis')])
  expect(broken).toThrow(/\n {2}nginx:1 \(Pod one\)\n {2}redis \(Pod two\)$/m)
})
