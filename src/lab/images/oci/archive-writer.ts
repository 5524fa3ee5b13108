/**
 * Writes an image as one tar file. It is an OCI image layout (`index.json`, for `ctr images import` and `kind load image-archive`) and, with the same
 * blobs, what `docker save` writes (`manifest.json`, for Dockers without the containerd store). A tool that reads and pushes only the second makes a
 * manifest of its own, with another digest. Sources: the OCI image layout, manifest and configuration specifications v1.1, and Docker's image specification v1.2.
 */
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, renameSync, rmSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { pack } from 'tar-stream'
import type { Layer } from './layer.ts'

export type ImageConfig = {
  readonly User: string
  readonly Env: readonly string[]
  readonly Entrypoint: readonly string[]
  readonly Cmd?: readonly string[]
  readonly WorkingDir?: string
  readonly StopSignal?: string
  readonly Labels: Readonly<Record<string, string>>
}

export type OciImage = {
  /** Without tag and digest, as manifests write it: `shop/orders`, `registry.example.com/team/shop/orders`. */
  readonly name: string
  readonly tag: string
  readonly config: ImageConfig
  readonly layers: readonly Layer[]
}

/** Where the content of a blob is: a file, or the bytes. */
type Blob = { readonly digest: string; readonly sizeBytes: number; readonly content: string | Buffer }

/** Replaces `file` once the archive is complete. @returns the digest of the image's manifest, which is what a pod names */
export async function writeArchive(file: string, { name, tag, config, layers }: OciImage): Promise<string> {
  const configuration = blobOf({
    created: LONG_AGO,
    architecture: ARCHITECTURE,
    os: 'linux',
    config,
    rootfs: { type: 'layers', diff_ids: layers.map(({ diffId }) => diffId) },
    history: layers.map(() => ({ created: LONG_AGO, created_by: 'matchday images build' })),
  })
  const blobs = layers.map(({ digest, sizeBytes, file: content }): Blob => ({ digest, sizeBytes, content }))
  const manifest = blobOf({
    schemaVersion: 2,
    mediaType: MANIFEST,
    config: descriptor(CONFIG, configuration),
    layers: blobs.map((each) => descriptor(LAYER, each)),
  })
  const index = { schemaVersion: 2, mediaType: INDEX, manifests: namesOf(name, tag, manifest) }
  const docker = [{ Config: pathOf(configuration), RepoTags: [`${name}:${tag}`], Layers: blobs.map(pathOf) }]
  await writeTar(file, [
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
    ['index.json', json(index)],
    ['manifest.json', json(docker)],
    ...[manifest, configuration, ...blobs].map((each) => [pathOf(each), each] as const),
  ])
  return manifest.digest
}

const MANIFEST = 'application/vnd.oci.image.manifest.v1+json'
const CONFIG = 'application/vnd.oci.image.config.v1+json'
const LAYER = 'application/vnd.oci.image.layer.v1.tar+gzip'
const INDEX = 'application/vnd.oci.image.index.v1+json'

/** A time that does not change, so that the same content gives the same digest. */
const LONG_AGO = '1970-01-01T00:00:00Z'
/** Go's names, which the specification uses. */
const ARCHITECTURE = process.arch === 'x64' ? 'amd64' : process.arch

/**
 * The manifest twice: under the tag, and under its digest. Without the second, a node that got the archive (`kind load`, `ctr images import`) would
 * not know the image that a pod names by digest, and would ask a registry.
 */
function namesOf(name: string, tag: string, manifest: Blob) {
  const platform = { architecture: ARCHITECTURE, os: 'linux' }
  const named = (annotations: Readonly<Record<string, string>>) => ({
    ...descriptor(MANIFEST, manifest),
    platform,
    annotations,
  })
  return [
    named({ [CONTAINERD_NAME]: `${fullName(name)}:${tag}`, 'org.opencontainers.image.ref.name': tag }),
    named({ [CONTAINERD_NAME]: `${fullName(name)}@${manifest.digest}` }),
  ]
}

const CONTAINERD_NAME = 'io.containerd.image.name'

/** The full name that container runtimes give to a name without a registry. */
export function fullName(name: string): string {
  const [first = '', ...rest] = name.split('/')
  if (rest.length > 0 && (/[.:]/.test(first) || first === 'localhost')) return name
  return rest.length > 0 ? `docker.io/${name}` : `docker.io/library/${name}`
}

function blobOf(value: unknown): Blob {
  const content = json(value)
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  return { digest, sizeBytes: content.length, content }
}

const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
const pathOf = ({ digest }: Blob): string => `blobs/${digest.replace(':', '/')}`
const descriptor = (mediaType: string, { digest, sizeBytes }: Blob) => ({ mediaType, digest, size: sizeBytes })

async function writeTar(file: string, entries: readonly (readonly [string, Buffer | Blob])[]): Promise<void> {
  const aside = `${file}.${process.pid}`
  const packed = pack()
  const add = async () => {
    for (const [name, content] of entries) {
      const head = { name, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0 }
      const bytes = Buffer.isBuffer(content) ? content : content.content
      if (typeof bytes !== 'string') packed.entry(head, bytes)
      else await pipeline(createReadStream(bytes), packed.entry({ ...head, size: sizeOf(content) }))
    }
    packed.finalize()
  }
  const added = add().catch((error: Error) => packed.destroy(error))
  try {
    await pipeline(packed, createWriteStream(aside))
    await added
    renameSync(aside, file)
  } finally {
    rmSync(aside, { force: true })
  }
}

const sizeOf = (content: Buffer | Blob): number => (Buffer.isBuffer(content) ? content.length : content.sizeBytes)
