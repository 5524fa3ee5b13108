/** What a drain evicts. */
type Owned = {
  readonly metadata?: {
    readonly annotations?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly { readonly kind?: string }[]
  }
  readonly status?: unknown
}

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror'

/** A DaemonSet's pod would come back at once, the mirror of a static pod can't be evicted, and a finished pod is not there any more. */
export const isEvictable = ({ metadata, status }: Owned): boolean =>
  !isFinished(status) &&
  metadata?.annotations?.[MIRROR_ANNOTATION] === undefined &&
  !(metadata?.ownerReferences ?? []).some(({ kind }) => kind === 'DaemonSet')

const isFinished = (status: unknown): boolean =>
  typeof status === 'object' &&
  status !== null &&
  'phase' in status &&
  ['Succeeded', 'Failed'].includes(String(status.phase))
