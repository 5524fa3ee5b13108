/** Fold over the generator's CPU and the machine's load: for how long there was nothing left to give. */
import type { GeneratorHealth } from '../../domain/evidence.ts'

export type HealthFacts = {
  add(record: GeneratorHealth, line: number): void
  readonly rows: readonly HealthRow[]
}

export type HealthRow = {
  readonly instance: string
  readonly fromAt: number
  readonly at: number
  readonly cpuCores: number
  readonly hostBusy: number
  /** Of a runner in the cluster. */
  readonly cpuLimit?: number
  readonly throttled?: number
  readonly line: number
}

/** Each record speaks for the time since the one before it; the first for a second. */
const FIRST_MS = 1000

export function createHealthFacts(): HealthFacts {
  const rows: HealthRow[] = []
  const lastAtOf = new Map<string, number>()
  return {
    add({ instance, at, cpuCores, hostBusy, cpuLimit, throttled }, line) {
      const fromAt = lastAtOf.get(instance) ?? at - FIRST_MS
      lastAtOf.set(instance, at)
      const ofPod = {
        ...(cpuLimit === undefined ? {} : { cpuLimit }),
        ...(throttled === undefined ? {} : { throttled }),
      }
      rows.push({ instance, fromAt, at, cpuCores, hostBusy, ...ofPod, line })
    },
    rows,
  }
}
