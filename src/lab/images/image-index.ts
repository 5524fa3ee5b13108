import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isObject } from '../../domain/unknown.ts'

// Images: what `image:` of a pod means in the lab. There is no registry and there are no layers. An image is a folder below `<lab>/images`
// (a bundle for Node, or a native program), named by a digest of its content, and an entry in an index that the runtime reads.

export type IndexedImage = {
  /** sha256 of what the image contains */
  readonly digest: string
  readonly kind: 'node' | 'native'
  /** the image's folder, relative to the folder of images */
  readonly folder: string
  /**
   * argv. `$NODE` is replaced by the Node binary, `$IMAGE` by the image's folder and `$ADDRESS` by the address to listen on, also inside a word,
   * in `workingDir` and in `env`.
   */
  readonly entrypoint: readonly string[]
  /** They follow the entrypoint where the pod gives no args of its own (CMD of a Dockerfile). */
  readonly arguments?: readonly string[]
  readonly workingDir?: string
  readonly env?: Readonly<Record<string, string>>
  /** uid; used only if root runs the lab */
  readonly user?: number
  /** a user of the image that is no number; told to the kubelet, which then cannot check `runAsNonRoot` */
  readonly userName?: string
  /** the signal that asks the program to end; SIGTERM by default */
  readonly stopSignal?: NodeJS.Signals
  /** Folders that each container has for itself and may write (VOLUME of a Dockerfile); only in a lab with namespaces. */
  readonly volumes?: readonly string[]
  readonly sizeBytes: number
}

export type ImageIndex = { readonly images: Readonly<Record<string, IndexedImage>> }

export const indexFile = (folder: string): string => join(folder, 'index.json')
/** The folder that comes first on every container's PATH; it holds `node`. */
export const programsFolder = (folder: string): string => join(folder, 'bin')
export const nodeBinary = (folder: string): string => join(programsFolder(folder), 'node')
/** The preload that makes mounted files visible at their mount paths in Node processes. */
export const mountPreloadFile = (folder: string): string => join(folder, 'lib', 'mounts.cjs')

/** @throws Error when the file is missing or is not an image index */
export function readIndex(folder: string): ImageIndex {
  const parsed: unknown = JSON.parse(readFileSync(indexFile(folder), 'utf8'))
  if (!isIndex(parsed)) throw new Error(`${indexFile(folder)} is not an image index`)
  return parsed
}

/** Replaced atomically: a reader sees the old index or the new one. */
export function writeIndex(folder: string, index: ImageIndex): void {
  const aside = `${indexFile(folder)}.new`
  writeFileSync(aside, `${JSON.stringify(index, null, 2)}\n`, { mode: 0o644 })
  renameSync(aside, indexFile(folder))
}

/** Adds images to the index and replaces those with the same name. */
export function addImages(folder: string, images: ImageIndex['images']): void {
  writeIndex(folder, { images: { ...readIndex(folder).images, ...images } })
}

function isIndex(value: unknown): value is ImageIndex {
  return isObject(value) && isObject(value.images) && Object.values(value.images).every(isImage)
}

function isImage(value: unknown): value is IndexedImage {
  return (
    isObject(value) &&
    typeof value.digest === 'string' &&
    typeof value.folder === 'string' &&
    (value.kind === 'node' || value.kind === 'native') &&
    Array.isArray(value.entrypoint)
  )
}
