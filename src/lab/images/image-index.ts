import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

// Images: what a pod's `image:` stands for in the lab. There is no registry and no layer: an image is a folder below `<lab>/images`
// (a bundle for Node, or a native program), named by a digest of its content, and one line in an index that the runtime reads.

export type IndexedImage = {
  /** sha256 of what the image contains */
  readonly digest: string
  readonly kind: 'node' | 'native'
  /** the image's folder, relative to the folder of images */
  readonly folder: string
  /** argv; `$NODE` stands for the Node binary and `$IMAGE` for the image's folder, also inside a word */
  readonly entrypoint: readonly string[]
  readonly workingDir?: string
  readonly env?: Readonly<Record<string, string>>
  /** uid; used where the lab runs as root */
  readonly user?: number
  /** what asks the program to end, SIGTERM unless said */
  readonly stopSignal?: NodeJS.Signals
  readonly sizeBytes: number
}

export type ImageIndex = { readonly images: Readonly<Record<string, IndexedImage>> }

export const indexFile = (folder: string): string => join(folder, 'index.json')
/** First on every container's PATH: holds `node`. */
export const programsFolder = (folder: string): string => join(folder, 'bin')
export const nodeBinary = (folder: string): string => join(programsFolder(folder), 'node')
/** Shows mounted files at their paths in Node processes. */
export const mountPreloadFile = (folder: string): string => join(folder, 'lib', 'mounts.cjs')

/** @throws Error when the file is missing or is no index */
export function readIndex(folder: string): ImageIndex {
  const parsed: unknown = JSON.parse(readFileSync(indexFile(folder), 'utf8'))
  if (!isIndex(parsed)) throw new Error(`${indexFile(folder)} is no image index`)
  return parsed
}

/** Replaced as a whole: a reader sees the old index or the new one. */
export function writeIndex(folder: string, index: ImageIndex): void {
  const aside = `${indexFile(folder)}.new`
  writeFileSync(aside, `${JSON.stringify(index, null, 2)}\n`, { mode: 0o644 })
  renameSync(aside, indexFile(folder))
}

/** Beside the images that are there, or in the place of those with the same name. */
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

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
