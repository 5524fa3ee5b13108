import { NOBODY } from '../../machine/users.ts'
import type { Host } from '../container/identity.ts'
import { RuntimeFault } from '../fault.ts'
import type { FoundImage, ImageStore } from '../image-store.ts'
import type { ImageCalls, ImageSpec } from './messages.ts'
import { fileSystemUsage, imageView } from './views.ts'

/** Nothing is ever downloaded: an image is in this machine's store, or pulling it fails. */
export function imageCalls(store: ImageStore, host: Host): ImageCalls {
  const userOf = (found: FoundImage) => (host.isRoot ? (found.entry.user ?? NOBODY) : host.uid)
  const view = (found: FoundImage) => imageView(found, userOf(found))
  return {
    ListImages({ filter }) {
      const wanted = filter?.image?.image
      const found = wanted ? [store.find(wanted)].filter((image) => image !== undefined) : store.list()
      return { images: found.map(view) }
    },
    ImageStatus({ image }) {
      const found = store.find(referenceOf(image))
      return { image: found ? view(found) : null, info: {} }
    },
    PullImage: ({ image }) => ({ imageRef: store.get(referenceOf(image)).entry.digest }),
    RemoveImage: () => ({}), // images belong to the lab, not to a node
    ImageFsInfo() {
      const usedBytes = store.list().reduce((sum, { entry }) => sum + entry.sizeBytes, 0)
      const usage = fileSystemUsage(store.folder, usedBytes, Date.now())
      return { imageFilesystems: [usage], containerFilesystems: [usage] }
    },
  }
}

function referenceOf(image: ImageSpec | null): string {
  if (!image?.image) throw new RuntimeFault('invalid', 'the request names no image')
  return image.image
}
