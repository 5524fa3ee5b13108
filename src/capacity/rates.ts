/** Resources whose metric is a counter of busy seconds: its increase per second is how many are busy on average (Little's law). */
import type { LimitedResource } from '../domain/capacity.ts'
import type { Sample } from '../domain/evidence.ts'
import type { Instant } from '../domain/units.ts'
import { grownBy } from '../judge/seen/frame-deltas.ts'
import { overPods, resourceUse, type Use } from './use.ts'

export type Rates = {
  /** `values`: by resource and pod, with this sample in them. */
  add(sample: Sample, values: ReadonlyMap<string, ReadonlyMap<string, number>>): void
  /** None of a resource of which no pod was read twice. */
  uses(): readonly Use[]
}

/** Of one pod's counter, since its first reading. */
type Increase = { readonly at: Instant; readonly value: number; readonly sum: number; readonly ms: number }

export function createRates(resources: readonly LimitedResource[]): Rates {
  const counted = resources.filter(({ reading }) => reading === 'rate')
  const increases = new Map(counted.map(({ name }) => [name, new Map<string, Increase>()]))
  return {
    add({ at, source, pod }, values) {
      for (const { name, of } of counted) {
        const value = values.get(name)?.get(pod)
        const byPod = increases.get(name)
        if (of === source && value !== undefined) byPod?.set(pod, increased(byPod.get(pod), at, value))
      }
    },
    uses: () => counted.flatMap((resource) => utilization(resource, increases.get(resource.name) ?? new Map()) ?? []),
  }
}

const increased = (before: Increase | undefined, at: Instant, value: number): Increase =>
  before === undefined
    ? { at, value, sum: 0, ms: 0 }
    : { at, value, sum: before.sum + grownBy(before.value, value), ms: before.ms + (at - before.at) }

function utilization(resource: LimitedResource, byPod: ReadonlyMap<string, Increase>): Use | undefined {
  const read = [...byPod].filter(([, { ms }]) => ms > 0)
  const busy = new Map(read.map(([pod, { sum, ms }]) => [pod, sum / (ms / 1000)]))
  const use = resourceUse(resource, overPods(resource, busy))
  return use && { ...use, kind: 'utilization', sentence: `${use.sentence}, on average` }
}
