import type { IndexedImage } from '../../images/image-index.ts'
import { NOBODY } from '../../machine/users.ts'
import type { Host } from '../container/identity.ts'
import { RuntimeFault } from '../fault.ts'
import { type FoundImage, type ImageStore, tagIn } from '../image-store.ts'
import type { ImageCalls, ImageSpec } from './messages.ts'
import { fileSystemUsage, type ImageUser, imageView } from './views.ts'

/**
 * Nothing is ever downloaded: an image is in this machine's store, or pulling it fails. What a node removes is hidden from that node until it pulls
 * it again, and its tags are those under which the node pulled it. Its containers run on: the files belong to the lab. Names with the same digest are one
 * image.
 */
export function imageCalls(store: ImageStore, host: Host): ImageCalls {
  const removed = new Set<string>()
  const tagsOf = new Map<string, ReadonlySet<string>>()
  const namesOf = (digest: string) =>
    store
      .list()
      .filter(({ entry }) => entry.digest === digest)
      .map(({ name }) => name)
  const view = ({ entry }: FoundImage) => {
    const names = namesOf(entry.digest)
    const tags = tagsOf.get(entry.digest) ?? names.map((name) => `${name}:${LATEST}`)
    return imageView(entry, userOf(entry, host), names, [...tags])
  }
  const isHere = (found: FoundImage | undefined): found is FoundImage =>
    found !== undefined && !removed.has(found.entry.digest)
  const find = (reference: string) => [store.find(reference)].filter(isHere)
  const all = () => [...new Map(store.list().map((found) => [found.entry.digest, found])).values()].filter(isHere)
  return {
    ListImages({ filter }) {
      const wanted = filter?.image?.image
      return { images: (wanted ? find(wanted) : all()).map(view) }
    },
    ImageStatus({ image }) {
      const [found] = find(referenceOf(image))
      return { image: found ? view(found) : null, info: {} }
    },
    PullImage({ image }) {
      const reference = referenceOf(image)
      const {
        name,
        entry: { digest },
      } = store.get(reference)
      const tag = reference.includes('@') ? [] : [`${name}:${tagIn(reference) ?? LATEST}`]
      removed.delete(digest)
      tagsOf.set(digest, new Set([...(tagsOf.get(digest) ?? []), ...tag]))
      return { imageRef: digest }
    },
    RemoveImage({ image }) {
      for (const { entry } of find(referenceOf(image))) {
        removed.add(entry.digest)
        tagsOf.delete(entry.digest)
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

/** The image's own user, or the one that containers of an image without one get. */
const userOf = ({ user, userName }: IndexedImage, host: Host): ImageUser =>
  userName === undefined ? { uid: user ?? (host.isRoot ? NOBODY : host.uid) } : { userName }

function referenceOf(image: ImageSpec | null): string {
  if (!image?.image) throw new RuntimeFault('invalid', 'the request names no image')
  return image.image
}
