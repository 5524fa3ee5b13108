import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type ImageIndex, type IndexedImage, indexFile, programsFolder, readIndex } from '../images/image-index.ts'
import { RuntimeFault } from './fault.ts'

/** The images of this machine, as the kubelets see them. The index is read again when its file changes. */
export type ImageStore = {
  /** By `name`, `name:tag` (the tag is ignored), `name@sha256:…` or an image's own id. */
  find(reference: string): FoundImage | undefined
  /** @throws RuntimeFault `not-found`, which the kubelet reports as ErrImagePull */
  get(reference: string): FoundImage
  list(): readonly FoundImage[]
  readonly folder: string
  readonly programs: string
}

export type FoundImage = { name: string; entry: IndexedImage; folder: string }

export function openImageStore(folder: string): ImageStore {
  let index: ImageIndex = { images: {} }
  let stamp = ''
  const load = () => {
    const stat = statSync(indexFile(folder), { throwIfNoEntry: false })
    const found = stat ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : ''
    if (found !== stamp) index = stat ? readIndex(folder) : { images: {} }
    stamp = found
  }
  const list = (): FoundImage[] => {
    load()
    return Object.entries(index.images).map(([name, entry]) => ({ name, entry, folder: join(folder, entry.folder) }))
  }
  const find = (reference: string) => {
    const images = list()
    const wanted = parseReference(reference)
    const byName = images.find(({ name }) => name === wanted.name)
    if (byName) return wanted.digest === undefined || wanted.digest === byName.entry.digest ? byName : undefined
    return images.find(({ entry }) => entry.digest === reference)
  }
  return {
    find,
    list,
    folder,
    programs: programsFolder(folder),
    get(reference) {
      const found = find(reference)
      if (found) return found
      const known = list().map(({ name, entry }) => `${name}@${entry.digest.slice(0, 19)}…`)
      throw new RuntimeFault(
        'not-found',
        `image ${reference} is not in the lab's image store, which has ${known.join(', ') || 'none'}`,
      )
    },
  }
}

const TAG = /:([A-Za-z0-9_][A-Za-z0-9._-]*)$/

/** The tag in `name:tag`, if there is one. */
export const tagIn = (reference: string): string | undefined => TAG.exec(reference)?.[1]

/** Other tools write the same short names with `docker.io/` or `docker.io/library/`. */
export function parseReference(reference: string): { name: string; digest?: string } {
  const [named = '', digest] = reference.replace(/^docker\.io\/(library\/)?/, '').split('@')
  const name = named.replace(TAG, '')
  return digest === undefined ? { name } : { name, digest }
}
