/** Fold over what the processes of pods show of themselves: memory and lag of the event loop, thinned to a value every five seconds. */
import type { EvidenceOf } from '../../domain/evidence.ts'
import { LOOP_LAG, MEMORY } from '../../domain/metric-names.ts'

export type PodGauge = {
  readonly metric: string
  readonly source: string
  readonly pod: string
  readonly values: readonly { readonly at: number; readonly value: number; readonly line: number }[]
}

export type PodGauges = { add(sample: EvidenceOf<'sample'>, line: number): void; readonly all: readonly PodGauge[] }

const EVERY_MS = 5000
const WATCHED: ReadonlySet<string> = new Set([MEMORY, LOOP_LAG])

export function createPodGauges(): PodGauges {
  const gauges = new Map<string, PodGauge & { values: { at: number; value: number; line: number }[] }>()
  return {
    add(sample, line) {
      if (!sample.ok) return
      const { at, source, pod } = sample
      for (const { name, value } of sample.series) {
        if (!WATCHED.has(name) || !Number.isFinite(value)) continue
        const key = `${name} ${source} ${pod}`
        const gauge = gauges.get(key) ?? { metric: name, source, pod, values: [] }
        gauges.set(key, gauge)
        if (at - (gauge.values.at(-1)?.at ?? Number.NEGATIVE_INFINITY) >= EVERY_MS - 500)
          gauge.values.push({ at, value, line })
      }
    },
    get all() {
      return [...gauges.values()]
    },
  }
}
