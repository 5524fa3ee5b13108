/** Fold over the configuration digests that pods report, from the sources that the target file names. Changes only. */
import type { EvidenceOf } from '../../domain/evidence.ts'
import type { Target } from '../../domain/rehearsal.ts'

export type ConfigTold = { readonly at: number; readonly line: number; readonly digest: string }

export type Configurations = {
  add(sample: EvidenceOf<'sample'>, line: number): void
  /** Digests that a pod reported over time; empty if it reported none. */
  of(pod: string): readonly ConfigTold[]
  /** Times in which its scrapes failed for so long that it may have had another configuration. The last may have no end. */
  unread(pod: string): readonly ConfigUnread[]
}
export type ConfigUnread = { readonly fromAt: number; readonly toAt: number }

/** A reading older than this is stale. Sources are scraped every second or every few. */
const OLD_MS = 15_000

/** When a pod was read last, and whether a scrape has failed since. */
type PodRead = { readonly at: number; readonly failed: boolean; readonly unread: readonly ConfigUnread[] }

const NEVER: PodRead = { at: Number.NEGATIVE_INFINITY, failed: false, unread: [] }

function unreadUntil({ at, failed, unread }: PodRead, toAt: number): readonly ConfigUnread[] {
  const fromAt = at + OLD_MS
  return failed && toAt > fromAt ? [...unread, { fromAt, toAt }] : unread
}

export function createConfigurations(sources: () => Target['sources']): Configurations {
  const pods = new Map<string, ConfigTold[]>()
  const reads = new Map<string, PodRead>()
  const noteRead = (pod: string, at: number): void =>
    void reads.set(pod, { at, failed: false, unread: unreadUntil(reads.get(pod) ?? NEVER, at) })
  const noteFailed = (pod: string): void => void reads.set(pod, { ...(reads.get(pod) ?? NEVER), failed: true })
  return {
    add(sample, line) {
      const configuration = sources()[sample.source]?.configuration
      if (configuration === undefined) return
      if (!sample.ok) return noteFailed(sample.pod)
      const { metric, label } = configuration
      // A series of a former configuration may stay at 0.
      const told = sample.series.filter(({ name, value }) => name === metric && value > 0)
      const digest = told
        .map(({ labels }) => labels[label] ?? '')
        .sort()
        .join(' ')
      if (digest === '') return noteFailed(sample.pod)
      noteRead(sample.pod, sample.at)
      const before = pods.get(sample.pod) ?? []
      if (before.at(-1)?.digest === digest) return
      pods.set(sample.pod, [...before, { at: sample.at, line, digest }])
    },
    of: (pod) => pods.get(pod) ?? [],
    unread: (pod) => unreadUntil(reads.get(pod) ?? NEVER, Number.POSITIVE_INFINITY),
  }
}
