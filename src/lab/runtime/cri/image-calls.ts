import { NOBODY } from '../../machine/users.ts'
import type { Host } from '../container/identity.ts'
import { RuntimeFault } from '../fault.ts'
import { type FoundImage, type ImageStore, tagIn } from '../image-store.ts'
import type { ImageCalls, ImageSpec } from './messages.ts'
import { fileSystemUsage, imageView } from './views.ts'

/**
 * Nothing is ever downloaded: an image is in this machine's store, or pulling it fails. What a node removes is hidden from that node until it pulls
 * it again, and its tags are those under which the node pulled it. Its containers run on: the files belong to the lab.
 */
export function imageCalls(store: ImageStore, host: Host): ImageCalls {
  const removed = new Set<string>()
  const tagsOf = new Map<string, Set<string>>()
  const userOf = (found: FoundImage) => (host.isRoot ? (found.entry.user ?? NOBODY) : host.uid)
  const view = (found: FoundImage) => imageView(found, userOf(found), [...(tagsOf.get(found.name) ?? [LATEST])])
  const isHere = (found: FoundImage | undefined): found is FoundImage => found !== undefined && !removed.has(found.name)
  const find = (reference: string) => [store.find(reference)].filter(isHere)
  return {
    ListImages({ filter }) {
      const wanted = filter?.image?.image
      return { images: (wanted ? find(wanted) : store.list().filter(isHere)).map(view) }
    },
    ImageStatus({ image }) {
      const [found] = find(referenceOf(image))
      return { image: found ? view(found) : null, info: {} }
    },
    PullImage({ image }) {
      const reference = referenceOf(image)
      const { name, entry } = store.get(reference)
      removed.delete(name)
      if (!reference.includes('@')) tagsOf.set(name, new Set([...(tagsOf.get(name) ?? []), tagIn(reference) ?? LATEST]))
      return { imageRef: entry.digest }
    },
    RemoveImage({ image }) {
      for (const { name } of find(referenceOf(image))) {
        removed.add(name)
        tagsOf.delete(name)
      }
      return {}
    },
    ImageFsInfo() {
      const usedBytes = store.list().reduce((sum, { entry }) => sum + entry.sizeBytes, 0)
      const usage = fileSystemUsage(store.folder, usedBytes, Date.now())
      return { imageFilesystems: [usage], containerFilesystems: [usage] }
    },
  }
}

const LATEST = 'latest'

function referenceOf(image: ImageSpec | null): string {
  if (!image?.image) throw new RuntimeFault('invalid', 'the request names no image')
  return image.image
}
