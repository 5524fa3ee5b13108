import type { ImageIndex } from './image-index.ts'

/**
 * Pins every image that the index knows, wherever containers are in parsed manifests (Pods, templates, custom resources with templates):
 * `casino/wallet` and `casino/wallet:1.2` become `casino/wallet@sha256:…`. An image with a digest stays as it is (a digest of zeros is a
 * placeholder and is replaced), and so does an image that the index does not know. Pure: returns new documents.
 */
export function renderImages<Document>(documents: readonly Document[], index: ImageIndex): Document[] {
  return documents.map((document) => pinned(document, index))
}

/** The placeholder for a digest that is not known yet, because images are pinned in manifests too. */
const PLACEHOLDER_DIGEST = /@sha256:0{64}$/

const CONTAINER_LISTS: ReadonlySet<string> = new Set(['containers', 'initContainers', 'ephemeralContainers'])

function pinned<T>(value: T, index: ImageIndex): T
function pinned(value: unknown, index: ImageIndex): unknown {
  if (Array.isArray(value)) return value.map((item) => pinned(item, index))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      CONTAINER_LISTS.has(name) && Array.isArray(inner)
        ? inner.map((container) => pinnedContainer(container, index))
        : pinned(inner, index),
    ]),
  )
}

function pinnedContainer(container: unknown, index: ImageIndex): unknown {
  if (!isObject(container) || typeof container.image !== 'string') return container
  const written = container.image.replace(PLACEHOLDER_DIGEST, '')
  if (written.includes('@')) return container
  const name = written.replace(/:[A-Za-z0-9_][A-Za-z0-9._-]*$/, '')
  const image = Object.hasOwn(index.images, name) ? index.images[name] : undefined
  return image ? { ...container, image: `${name}@${image.digest}` } : container
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
