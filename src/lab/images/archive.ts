/**
 * Reads an image archive: the layout of `docker save` (manifest.json) and the OCI image layout (index.json). Layers are unpacked one over the
 * other, with whiteouts. Sources: Docker's image specification v1.2 and the OCI image layout and layer specifications.
 */
import {
  chmodSync,
  createReadStream,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { extract, type Header } from 'tar-stream'

/** Unpacks the file system into `root`, and writes the image's configuration to `configFile`. @throws Error when the file is no image archive */
export async function unpackArchive(archive: string, root: string, configFile: string): Promise<void> {
  const blobs = mkdtempSync(join(dirname(root), 'blobs-'))
  try {
    await untar(createReadStream(archive), (header, content) => keep(blobs, header, content))
    const { config, layers } = partsOf(blobs)
    writeFileSync(configFile, readFileSync(blobOf(blobs, config)))
    for (const layer of layers) {
      await untar(decompressed(blobOf(blobs, layer)), (header, content) => place(root, header, content))
    }
  } finally {
    rmSync(blobs, { recursive: true, force: true })
  }
}

type Parts = { readonly config: string; readonly layers: readonly string[] }

function partsOf(blobs: string): Parts {
  const manifests = read(blobs, 'manifest.json')
  if (manifests !== undefined) {
    const [first, ...others] = manifests as readonly { Config: string; Layers: readonly string[] }[]
    if (first === undefined || others.length > 0)
      throw new Error(`it holds ${1 + others.length} images; one is expected`)
    return { config: first.Config, layers: first.Layers }
  }
  const index = read(blobs, 'index.json') as { manifests?: readonly Descriptor[] } | undefined
  if (index?.manifests === undefined)
    throw new Error('it is no image archive: manifest.json and index.json are missing')
  return ofIndex(blobs, index.manifests)
}

type Descriptor = {
  readonly digest: string
  readonly mediaType?: string
  readonly platform?: { readonly architecture?: string }
}

/** An index may lead to another one, with an image for each platform. */
function ofIndex(blobs: string, descriptors: readonly Descriptor[]): Parts {
  const wanted = process.arch === 'x64' ? 'amd64' : process.arch
  const found = descriptors.find(({ platform }) => platform?.architecture === wanted) ?? descriptors[0]
  if (found === undefined) throw new Error('its index is empty')
  const manifest = read(blobs, pathOf(found.digest)) as
    | { manifests?: readonly Descriptor[]; config?: Descriptor; layers?: readonly Descriptor[] }
    | undefined
  if (manifest?.manifests) return ofIndex(blobs, manifest.manifests)
  if (!manifest?.config || !manifest.layers) throw new Error(`the manifest ${found.digest} is missing or incomplete`)
  return { config: pathOf(manifest.config.digest), layers: manifest.layers.map(({ digest }) => pathOf(digest)) }
}

const pathOf = (digest: string): string => `blobs/${digest.replace(':', '/')}`

/** Below the folder, whatever the archive calls it. */
function blobOf(blobs: string, path: string): string {
  const safe = inside(path)
  if (safe === undefined) throw new Error(`the path ${JSON.stringify(path)} leads out of the archive`)
  return join(blobs, safe)
}

function read(blobs: string, path: string): unknown {
  try {
    return JSON.parse(readFileSync(blobOf(blobs, path), 'utf8'))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** Layers are plain or compressed by gzip; the first two bytes tell. zstd is refused by name. */
function decompressed(file: string): Readable {
  const head = readFileSync(file).subarray(0, 4)
  if (head[0] === 0x28 && head[1] === 0xb5)
    throw new Error('a layer is compressed by zstd; save the image with gzip or uncompressed')
  const stream = createReadStream(file)
  if (head[0] !== 0x1f || head[1] !== 0x8b) return stream
  const gunzip = createGunzip()
  stream.on('error', (error) => gunzip.destroy(error))
  return stream.pipe(gunzip)
}

function keep(blobs: string, { name, type }: Header, content: Buffer): void {
  const path = inside(name)
  if (path === undefined || type !== 'file') return
  mkdirSync(dirname(join(blobs, path)), { recursive: true })
  writeFileSync(join(blobs, path), content)
}

const WHITEOUT = '.wh.'
const OPAQUE = '.wh..wh..opq'

/** One entry of a layer. Devices and FIFOs are left out: a process of a plain user cannot make them, and programs seldom need them. */
function place(root: string, { name, type, mode = 0o644, linkname }: Header, content: Buffer): void {
  const path = inside(name)
  if (path === undefined || path === '.') return
  const target = join(root, path)
  const file = path.slice(path.lastIndexOf('/') + 1)
  if (file === OPAQUE) return empty(dirname(target))
  if (file.startsWith(WHITEOUT))
    return rmSync(join(dirname(target), file.slice(WHITEOUT.length)), { recursive: true, force: true })
  mkdirSync(dirname(target), { recursive: true, mode: 0o755 })
  if (type === 'directory') {
    mkdirSync(target, { recursive: true })
    chmodSync(target, (mode & 0o777) | 0o555)
    return
  }
  rmSync(target, { recursive: true, force: true })
  if (type === 'symlink' && linkname) symlinkSync(relinked(path, linkname), target)
  const linked = type === 'link' && linkname ? inside(linkname) : undefined
  if (linked !== undefined) linkSync(join(root, linked), target)
  // Pods run as another user than the lab's: everybody may read, and run what the owner may run.
  if (type === 'file') writeFileSync(target, content, { mode: (mode & 0o100 ? 0o555 : 0o444) | (mode & 0o777) })
}

function empty(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o755 })
}

/** The container is not in its root: an absolute link would lead into this machine's files. It is made relative to the image's root. */
function relinked(path: string, linkname: string): string {
  if (!linkname.startsWith('/')) return linkname
  return `${'../'.repeat(path.split('/').length - 1)}${linkname.slice(1)}` || '.'
}

/** The path below a root, or undefined for one that leads out of it. */
function inside(path: string): string | undefined {
  const clean = normalize(path.replace(/^\/+/, '')).replace(/\/$/, '')
  return clean === '..' || clean.startsWith('../') ? undefined : clean
}

async function untar(source: Readable, entry: (header: Header, content: Buffer) => void): Promise<void> {
  const tar = extract()
  source.on('error', (error) => tar.destroy(error))
  source.pipe(tar)
  for await (const each of tar) {
    const chunks: Buffer[] = []
    for await (const chunk of each as AsyncIterable<Uint8Array>) chunks.push(Buffer.from(chunk))
    entry(each.header, Buffer.concat(chunks))
  }
}
