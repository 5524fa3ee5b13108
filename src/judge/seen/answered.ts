/**
 * Requests that each pod ended, and how many of them with a server error or without an answer in its client's time, by its own
 * counter, in stretches of five seconds.
 */
import type { EvidenceOf } from '../../domain/evidence.ts'
import { REQUESTS } from '../../domain/metric-names.ts'

type Sample = EvidenceOf<'sample'>
export type Stretch = { readonly fromAt: number; readonly toAt: number; readonly all: number; readonly failed: number }

export type Answered = {
  add(sample: Sample): void
  /** Of one pod, in order of time; of the source that saw most, where several scrape it. */
  of(pod: string): readonly Stretch[]
}

/** Short enough to see what a probe period of 5 s should see, long enough that an hour of many pods stays small. */
const STRETCH_MS = 5000

type State = { at: number; all: number; failed: number }

export function createAnswered(): Answered {
  const last = new Map<string, State>()
  const bySource = new Map<string, Map<string, Stretch[]>>()
  return {
    add(sample) {
      if (!sample.ok) return
      const now = countedBy(sample)
      if (!now) return
      const key = `${sample.source}/${sample.pod}`
      const before = last.get(key)
      last.set(key, now)
      // The time of counts before the first scrape of a pod, or after its restart, is not known.
      if (!before || now.all < before.all || now.at <= before.at) return
      const stretch = {
        fromAt: before.at,
        toAt: now.at,
        all: now.all - before.all,
        failed: Math.max(0, now.failed - before.failed),
      }
      const byPod = bySource.get(sample.source) ?? new Map<string, Stretch[]>()
      bySource.set(sample.source, byPod)
      append(byPod, sample.pod, stretch)
    },
    of: (pod) =>
      [...bySource.values()].flatMap((byPod) => [byPod.get(pod) ?? []]).sort((a, b) => b.length - a.length)[0] ?? [],
  }
}

function countedBy({ at, series }: Extract<Sample, { ok: true }>): State | undefined {
  let seen = false
  let [all, failed] = [0, 0]
  for (const { name, labels, value } of series) {
    if (name !== REQUESTS) continue
    if (!Number.isFinite(value)) return undefined
    seen = true
    all += value
    if (isFailure(labels.code)) failed += value
  }
  return seen ? { at, all, failed } : undefined
}

/** 499, as nginx has it: the client gave up before there was an answer. */
const isFailure = (code = ''): boolean => code.startsWith('5') || code === '499'

function append(byPod: Map<string, Stretch[]>, pod: string, next: Stretch): void {
  const stretches = byPod.get(pod) ?? []
  byPod.set(pod, stretches)
  const current = stretches.at(-1)
  if (!current || next.toAt - current.fromAt > STRETCH_MS || next.fromAt !== current.toAt) {
    stretches.push(next)
    return
  }
  const { fromAt, all, failed } = current
  stretches[stretches.length - 1] = { fromAt, toAt: next.toAt, all: all + next.all, failed: failed + next.failed }
}
