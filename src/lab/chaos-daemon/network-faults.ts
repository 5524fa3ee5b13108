/** NetworkChaos: which peers are at the other end, and at which ends a direction acts. */

import { recordsOf } from '../../protocols/chaos-mesh/experiment.ts'
import type { ChaosObject, ChaosRecord, NetworkChaosSpec } from '../../protocols/chaos-mesh/objects.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { fieldsOf, textOf } from '../machine/json.ts'
import type { NetworkRule } from '../pod-network/rules.ts'
import { type Enactor, podNotFound, podOf } from './enactor.ts'
import { resolveExternal } from './external-targets.ts'
import type { NetworkAgent } from './network-agent.ts'
import { rulesFor } from './network-rules.ts'
import { ruleFaults } from './rule-faults.ts'

export const networkFaults = (cluster: ClusterClient, agent: NetworkAgent): Enactor =>
  ruleFaults(cluster, agent, { acts, rulesOf: (object, record, uid) => rulesOf(cluster, object, record, uid) })

function acts(object: ChaosObject, record: ChaosRecord): boolean {
  const spec = networkSpec(object)
  if (spec.action === 'partition' || spec.direction === 'both') return true
  return (spec.direction ?? 'to') === (record.selectorKey === '.' ? 'to' : 'from')
}

function networkSpec(object: ChaosObject): NetworkChaosSpec {
  if (object.kind !== 'NetworkChaos') throw new Error(`${object.kind} is not a network fault`)
  return object.spec
}

async function rulesOf(
  cluster: ClusterClient,
  object: ChaosObject,
  record: ChaosRecord,
  uid: string,
): Promise<NetworkRule[]> {
  const spec = networkSpec(object)
  const others = (recordsOf(object) ?? []).filter((other) => other.selectorKey !== record.selectorKey)
  const [otherIps, external] = await Promise.all([
    Promise.all(others.map((other) => addressOf(cluster, other))),
    resolveExternal(cluster, spec.externalTargets ?? []),
  ])
  const everybody = others.length + external.length === 0
  return rulesFor({
    spec,
    selectorKey: record.selectorKey,
    podUid: uid,
    otherIps: otherIps.flat(),
    external,
    everybody,
  })
}

/** A peer pod without an address yet is left out. A peer pod that no longer exists is an error, as upstream. */
async function addressOf(cluster: ClusterClient, record: ChaosRecord): Promise<string[]> {
  const pod = await podOf(cluster, record)
  if (pod === undefined) throw new Error(podNotFound(record))
  const ip = textOf(fieldsOf(pod.status).podIP)
  return ip === '' ? [] : [ip]
}
