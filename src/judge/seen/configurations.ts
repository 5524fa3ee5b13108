/** Fold over the configuration digests that pods report, from the sources that the target file names. Changes only. */
import type { EvidenceOf } from '../../domain/evidence.ts'
import type { Target } from '../../domain/rehearsal.ts'

export type ConfigTold = { readonly at: number; readonly line: number; readonly digest: string }

export type Configurations = {
  add(sample: EvidenceOf<'sample'>, line: number): void
  /** Digests that a pod reported over time; empty if it reported none. */
  of(pod: string): readonly ConfigTold[]
}

export function createConfigurations(sources: () => Target['sources']): Configurations {
  const pods = new Map<string, ConfigTold[]>()
  return {
    add(sample, line) {
      const configuration = sample.ok ? sources()[sample.source]?.configuration : undefined
      if (!sample.ok || configuration === undefined) return
      const { metric, label } = configuration
      // A series of a former configuration may stay at 0.
      const told = sample.series.filter(({ name, value }) => name === metric && value > 0)
      const digest = told
        .map(({ labels }) => labels[label] ?? '')
        .sort()
        .join(' ')
      const before = pods.get(sample.pod) ?? []
      if (digest === '' || before.at(-1)?.digest === digest) return
      pods.set(sample.pod, [...before, { at: sample.at, line, digest }])
    },
    of: (pod) => pods.get(pod) ?? [],
  }
}
