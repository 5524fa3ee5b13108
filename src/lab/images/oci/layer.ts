/** Layers of OCI images: tar files that are equal, byte for byte, if their content is. Source: the OCI image layer specification. */
import { createHash, type Hash } from 'node:crypto'
import { createWriteStream, lstatSync, readdirSync, readlinkSync, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type Header, type Pack, pack } from 'tar-stream'

/** `path` is relative to the root of the image. `source` is a file of this machine, or the content itself. */
export type LayerEntry =
  | { readonly kind: 'file'; readonly path: string; readonly source: string | Buffer; readonly executable?: boolean }
  | { readonly kind: 'folder'; readonly path: string; readonly mode?: number }
  | { readonly kind: 'link'; readonly path: string; readonly to: string }

export type Layer = {
  /** The compressed tar file. */
  readonly file: string
  readonly sizeBytes: number
  readonly digest: string
  /** The digest before compression, which the configuration of an image lists. */
  readonly diffId: string
}

/**
 * Writes the entries, sorted and with the folders above them, all of them root's and from 1970. `level`: how hard it is compressed, from 0 (not at all) to 9; 6
 * if left out.
 */
export async function writeLayer(file: string, entries: readonly LayerEntry[], level = 6): Promise<Layer> {
  const [plain, compressed] = [createHash('sha256'), createHash('sha256')]
  const packed = pack()
  const filled = fill(packed, withFolders(entries)).catch((error: Error) => packed.destroy(error))
  await pipeline(counted(plain)(packed), createGzip({ level }), counted(compressed), createWriteStream(file))
  await filled
  return { file, sizeBytes: statSync(file).size, digest: digestOf(compressed), diffId: digestOf(plain) }
}

const digestOf = (hash: Hash): string => `sha256:${hash.digest('hex')}`

const counted = (hash: Hash) =>
  async function* (source: AsyncIterable<unknown>) {
    for await (const chunk of source) {
      if (!(chunk instanceof Uint8Array)) throw new TypeError('a layer is made of bytes')
      hash.update(chunk)
      yield chunk
    }
  }

async function fill(packed: Pack, entries: readonly LayerEntry[]): Promise<void> {
  for (const entry of entries) {
    if (entry.kind === 'folder')
      packed.entry(header(`${entry.path}/`, { type: 'directory', mode: entry.mode ?? 0o755 }))
    else if (entry.kind === 'link')
      packed.entry(header(entry.path, { type: 'symlink', linkname: entry.to, mode: 0o777 }))
    else await addFile(packed, entry)
  }
  packed.finalize()
}

async function addFile(packed: Pack, { path, source, executable }: LayerEntry & { kind: 'file' }): Promise<void> {
  const mode = executable ? 0o755 : 0o644
  if (typeof source !== 'string') {
    packed.entry(header(path, { mode, size: source.length }), source)
    return
  }
  // Opened first: a file that cannot be read must not begin an entry.
  const opened = await open(source)
  const { size } = await opened.stat()
  await pipeline(opened.createReadStream(), packed.entry(header(path, { mode, size })))
}

const header = (name: string, rest: Partial<Header>): Partial<Header> & Pick<Header, 'name'> => ({
  name,
  mtime: new Date(0),
  uid: 0,
  gid: 0,
  ...rest,
})

/** The folders above every entry, and of entries for the same path the last one. */
function withFolders(entries: readonly LayerEntry[]): readonly LayerEntry[] {
  const all = new Map<string, LayerEntry>()
  for (const entry of entries) {
    const parts = entry.path.split('/')
    for (let depth = 1; depth < parts.length; depth += 1) {
      const path = parts.slice(0, depth).join('/')
      if (!all.has(path)) all.set(path, { kind: 'folder', path })
    }
    all.set(entry.path, entry)
  }
  return [...all.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** All files below a folder of this machine, at `path` of the image. `wanted` gets paths relative to the folder. */
export function entriesBelow(folder: string, path: string, wanted: (relative: string) => boolean): LayerEntry[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter(wanted)
    .map((relative): LayerEntry => {
      const [source, at] = [join(folder, relative), join(path, relative)]
      const stat = lstatSync(source)
      if (stat.isDirectory()) return { kind: 'folder', path: at }
      if (stat.isSymbolicLink()) return { kind: 'link', path: at, to: readlinkSync(source) }
      return { kind: 'file', path: at, source, executable: (stat.mode & 0o100) !== 0 }
    })
}
