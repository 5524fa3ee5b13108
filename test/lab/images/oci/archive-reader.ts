/** Reads an archive by the rules of the OCI image layout, and says what breaks them. Written from the specification, not from our writer. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { extract } from 'tar-stream'

export type Descriptor = {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly platform?: { readonly architecture: string; readonly os: string }
  readonly annotations?: Readonly<Record<string, string>>
}
type Manifest = { readonly schemaVersion: number; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
export type Config = {
  readonly architecture: string
  readonly os: string
  readonly config: { readonly User: string; readonly Entrypoint: readonly string[]; readonly Env: readonly string[] }
  readonly rootfs: { readonly type: string; readonly diff_ids: readonly string[] }
}

export type ReadArchive = {
  readonly descriptors: readonly Descriptor[]
  readonly config: Config
  /** Path to mode, user and group, over all layers. */
  readonly files: ReadonlyMap<string, { readonly mode: number; readonly owner: string; readonly modifiedMs: number }>
  /** What `docker save` would have written. */
  readonly saved: readonly {
    readonly Config: string
    readonly RepoTags: readonly string[]
    readonly Layers: readonly string[]
  }[]
  readonly problems: readonly string[]
}

const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
const blobPath = (digest: string): string => `blobs/${digest.replace(':', '/')}`

export async function readArchive(file: string): Promise<ReadArchive> {
  const entries = new Map<string, Buffer>()
  await untar(readFileSync(file), ({ name }, content) => entries.set(name, content))
  const problems: string[] = []
  const expect = (holds: boolean, problem: string) => holds || problems.push(problem)
  const json = (path: string) => JSON.parse(entries.get(path)?.toString() ?? 'null')
  const used = new Set(['oci-layout', 'index.json', 'manifest.json'])
  const blob = ({ digest, size }: Descriptor): Buffer => {
    const bytes = entries.get(blobPath(digest)) ?? Buffer.alloc(0)
    used.add(blobPath(digest))
    expect(bytes.length === size, `${digest} has ${bytes.length} bytes, not ${size}`)
    expect(sha256(bytes) === digest, `${digest} has other content`)
    return bytes
  }
  expect(json('oci-layout')?.imageLayoutVersion === '1.0.0', 'no oci-layout of version 1.0.0')
  const descriptors: readonly Descriptor[] = json('index.json').manifests
  expect(json('index.json').schemaVersion === 2, 'the index has another schema version')
  const manifest: Manifest = JSON.parse(blob(descriptors[0] as Descriptor).toString())
  expect(manifest.schemaVersion === 2, 'the manifest has another schema version')
  for (const each of descriptors) expect(each.digest === descriptors[0]?.digest, 'the index holds two images')
  const config: Config = JSON.parse(blob(manifest.config).toString())
  const files = new Map()
  for (const [index, layer] of manifest.layers.entries()) {
    expect(layer.mediaType === 'application/vnd.oci.image.layer.v1.tar+gzip', `a layer is ${layer.mediaType}`)
    const plain = gunzipSync(blob(layer))
    expect(sha256(plain) === config.rootfs.diff_ids[index], `diff_id ${index} is of another layer`)
    await untar(plain, ({ name, mode, uid, gid, mtime }) =>
      files.set(name, { mode, owner: `${uid}:${gid}`, modifiedMs: Number(mtime) }),
    )
  }
  expect(config.rootfs.diff_ids.length === manifest.layers.length, 'more diff_ids than layers')
  for (const path of entries.keys()) expect(used.has(path), `${path} belongs to nothing`)
  return { descriptors, config, files, saved: json('manifest.json'), problems }
}

type Head = { name: string; mode: number; uid: number; gid: number; mtime: Date }

async function untar(bytes: Buffer, entry: (header: Head, content: Buffer) => void): Promise<void> {
  const tar = extract()
  Readable.from([bytes]).pipe(tar)
  for await (const each of tar) entry(each.header, await buffer(each as AsyncIterable<Uint8Array>))
}
