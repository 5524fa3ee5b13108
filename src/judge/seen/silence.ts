/** Fold over everything that is read through the API server: what was lost since anything was last read. */
import type { Evidence, EvidenceKind, EvidenceOf } from '../../domain/evidence.ts'

type Lost = { readonly record: EvidenceOf<'evidence-lost'>; readonly line: number }

export type Silence = {
  add(record: Evidence, line: number): void
  /** The first loss of each thing since the last record that came from the cluster, in their order. */
  readonly lost: ReadonlyMap<string, Lost>
}

/** Records that come from the cluster; of scrapes, those that succeeded. */
export const FROM_CLUSTER: ReadonlySet<EvidenceKind> = new Set([
  'object-seen',
  'objects-listed',
  'sample',
  'book-read',
  'keys-read',
  'deliveries-read',
])

export function createSilence(): Silence {
  const lost = new Map<string, Lost>()
  return {
    lost,
    add: (record, line) => {
      if (record.kind === 'evidence-lost') {
        if (!lost.has(record.about)) lost.set(record.about, { record, line })
      } else if (FROM_CLUSTER.has(record.kind) && !(record.kind === 'sample' && !record.ok)) lost.clear()
    },
  }
}
