/**
 * What an image is, as a container runtime names it. A tag can be moved, a digest cannot. Kubernetes shows the `imageID` of the runtime:
 * `repository@sha256:…` names a manifest, and a bare `sha256:…` the image's configuration, where no registry is known for it (containerd, cri-o).
 * The two cannot be compared with each other.
 */
import type { ImageSeen } from './cluster.ts'

type Content = { readonly of: 'manifest' | 'configuration'; readonly digest: string }

/** Undefined where the id holds no digest. A prefix such as `docker-pullable://` says nothing about the content. */
export function contentOf(id: string | undefined): Content | undefined {
  const digest = id?.match(/(?:^|[/:@])([0-9a-f]{64})$/)?.[1]
  if (id === undefined || digest === undefined) return undefined
  return { of: id.includes('@') ? 'manifest' : 'configuration', digest: `sha256:${digest}` }
}

/**
 * Whether two containers that run on one architecture run the same image; undefined where that cannot be told. One name with a digest is one image,
 * whatever the runtimes call it: an image may have several manifests.
 */
export function isSameImage(a: ImageSeen, b: ImageSeen): boolean | undefined {
  if (a.image === b.image && isPinned(a.image)) return true
  const [one, other] = [contentOf(a.id), contentOf(b.id)]
  if (one === undefined || other === undefined || one.of !== other.of) return undefined
  return one.digest === other.digest
}

const isPinned = (image: string): boolean => image.includes('@sha256:')

/** `sha256:0123456789ab…`: enough of it to tell two apart. */
export const shortDigest = ({ digest }: Content): string => `${digest.slice(0, 19)}…`
