/** The condition on the cluster that an action and its undo wait for. */
import type { Clock } from '../../../controller/ports.ts'
import type { Settled } from '../../../domain/evidence.ts'
import { after } from '../../../domain/units.ts'
import { demand, type KubeObject, type KubernetesApi } from '../../../protocols/kubernetes/api.ts'
import { insist } from '../../../protocols/kubernetes/insist.ts'
import { count, fields, list } from '../fields.ts'
import { fieldAt, LOOK_EVERY } from './change.ts'

/** Polls until the condition holds. Gives up when `late`, with the last state it saw. */
export async function untilSettled(
  { api, clock }: { readonly api: KubernetesApi; readonly clock: Clock },
  settled: Settled,
  late: () => boolean,
  signal?: AbortSignal,
): Promise<void> {
  const rest = () => clock.until(after(clock.now(), LOOK_EVERY), signal)
  const options = signal === undefined ? {} : { signal }
  for (;;) {
    const look = () => demand(api, { method: 'GET', path: settled.path, ...options }) as Promise<KubeObject>
    const open = whatIsOpen(settled, await insist(look, () => late() || signal?.aborted === true, rest))
    if (open === undefined) return
    if (late()) throw new Error(`${settled.path}: ${open}`)
    await rest()
  }
}

/** Why it is not settled yet, or undefined. */
export function whatIsOpen(settled: Settled, object: KubeObject): string | undefined {
  switch (settled.kind) {
    case 'rolled-out':
      return rolloutOpen(object)
    case 'node-ready':
      return isReady(object) ? undefined : 'the node is not Ready'
    case 'fields-equal': {
      const [desired, observed] = [fieldAt(object, settled.desired), fieldAt(object, settled.observed)]
      return desired !== undefined && desired === observed ? undefined : `wanted is ${desired}, and it is ${observed}`
    }
  }
}

export const isReady = (node: KubeObject): boolean =>
  list(fields(node.status).conditions).some((each) => each.type === 'Ready' && each.status === 'True')

/** As in `kubectl rollout status`: the status is of this generation, all replicas are updated and available, and no old one is left. */
function rolloutOpen(object: KubeObject): string | undefined {
  const [spec, status] = [fields(object.spec), fields(object.status)]
  if (count(status.observedGeneration) < (object.metadata.generation ?? 0))
    return 'its controller has not seen the change'
  const wanted = typeof spec.replicas === 'number' ? spec.replicas : 1
  const revised = status.updateRevision !== undefined && status.updateRevision === status.currentRevision
  const updated = revised ? count(status.replicas) : count(status.updatedReplicas)
  const ready = status.updateRevision === undefined ? count(status.availableReplicas) : count(status.readyReplicas)
  if (updated === wanted && ready === wanted && count(status.replicas) === wanted) return undefined
  return `${updated} of ${wanted} replicas are updated, ${ready} ready, ${count(status.replicas)} in all`
}
