import { LabError } from '../machine/lab-error.ts'
import type { ImageIndex } from './image-index.ts'

/**
 * Pins every image that the index knows, wherever containers are in parsed manifests (Pods, templates, custom resources with templates):
 * `casino/wallet` and `casino/wallet:1.2` become `casino/wallet@sha256:…`. An image with a digest stays as it is (a digest of zeros is a
 * placeholder and is replaced), and so does an image that the index does not know. Pure: returns new documents.
 */
export function renderImages<Document>(documents: readonly Document[], index: ImageIndex): Document[] {
  return documents.map((document) => pinned(document, index))
}

type Owner = { readonly kind: string; readonly metadata: { readonly name: string } }

/** @throws LabError that lists images which no lab could start, before anything is booted */
export function requireImages(documents: readonly Owner[]): void {
  const unknown = unknownImages(documents)
  if (unknown.length === 0) return
  throw new LabError({
    code: 'image-unknown',
    problem: `the lab has no registry, and these images are in no workload:\n  ${unknown.join('\n  ')}`,
    next: 'name them in a workload.yaml (entry, folder or archive) and give it with --workload; docs/how-to/use-your-own-services.md shows the forms.',
  })
}

/** Images of rendered manifests that the index does not know, each once, with the first object that asks for it. */
function unknownImages(documents: readonly Owner[]): readonly string[] {
  const found = new Map<string, string>()
  for (const document of documents) {
    for (const image of imagesIn(document)) {
      if (!image.includes('@') && !found.has(image)) found.set(image, `${document.kind} ${document.metadata.name}`)
    }
  }
  return [...found].map(([image, owner]) => `${image} (${owner})`)
}

function imagesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(imagesIn)
  if (!isObject(value)) return []
  return Object.entries(value).flatMap(([name, inner]) =>
    CONTAINER_LISTS.has(name) && Array.isArray(inner)
      ? inner.flatMap((each) => (isObject(each) && typeof each.image === 'string' ? [each.image] : []))
      : imagesIn(inner),
  )
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
