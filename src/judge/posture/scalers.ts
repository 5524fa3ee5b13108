/** Autoscalers that cannot scale, or that look at what moves last. */
import type { HpaSeen, ScaledObjectSeen } from '../../domain/cluster.ts'
import { type Flaw, flaw } from './flaw.ts'

const CPU_OR_MEMORY = /^(Container)?Resource\//

export function scalersAmiss(hpas: readonly HpaSeen[], scaledObjects: readonly ScaledObjectSeen[]): readonly Flaw[] {
  const onCpu = hpas.filter(
    ({ metrics }) => metrics.length > 0 && metrics.every(({ metric }) => CPU_OR_MEMORY.test(metric)),
  )
  // KEDA makes an HPA of each of its objects; that one is told of by its own.
  const made = new Set(scaledObjects.flatMap(({ hpaName }) => hpaName ?? []))
  const pinned = [...hpas.filter(({ name }) => !made.has(name)), ...scaledObjects].filter(({ min, max }) => max <= min)
  // KEDA's objects may start from nothing on purpose: a worker of a queue.
  const toOne = hpas.filter(({ name, min, max }) => !made.has(name) && min <= 1 && max > 1)
  return [
    ...onCpu.map((each) =>
      flaw(
        'autoscaler-on-cpu',
        each,
        `Autoscaler ${each.name} looks at nothing but ${each.metrics.map(({ metric }) => metric).join(', ')}.`,
      ),
    ),
    ...toOne.map((each) =>
      flaw(
        'autoscaler-to-one',
        each,
        `Autoscaler ${each.name} may scale down to ${each.min} pod: its minimum is ${each.min}, its maximum ${each.max}. If that pod is lost, none serves.`,
      ),
    ),
    ...pinned.map((each) =>
      flaw(
        'autoscaler-pinned',
        each,
        `Autoscaler ${each.name} cannot scale: its minimum is ${each.min}, its maximum ${each.max}.`,
      ),
    ),
  ]
}
