/** NetworkChaos: which peers are at the other end, and at which ends a direction acts. */

import { recordsOf } from '../../protocols/chaos-mesh/experiment.ts'
import type { ChaosObject, ChaosRecord, NetworkChaosSpec } from '../../protocols/chaos-mesh/objects.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { fieldsOf, textOf } from '../machine/json.ts'
import type { NetworkRule } from '../pod-network/rules.ts'
import { type EnactedFault, podNotFound, podOf, prefixed } from './enactor.ts'
import { resolveExternal } from './external-targets.ts'
import { rulesFor } from './network-rules.ts'
import { createRuleEnactor } from './rule-faults.ts'

const sources = prefixed()

export const networkChaos: EnactedFault = {
  title: 'NetworkChaos (partition, delay, bandwidth)',
  problems: (object) => networkProblems(networkSpec(object)),
  sample: { action: 'partition' },
  sources,
  createEnactor: ({ cluster, agent }) =>
    createRuleEnactor(cluster, agent, sources, {
      acts,
      rulesOf: (object, record, uid) => rulesOf(cluster, object, record, uid),
    }),
}

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

// The pod network acts on the streams of processes, where a single packet cannot be lost, duplicated or corrupted.
const PACKET_ACTIONS = ['loss', 'duplicate', 'corrupt'] as const

function networkProblems(spec: NetworkChaosSpec): string[] {
  const problems: string[] = []
  for (const action of PACKET_ACTIONS) {
    if (spec.action !== action && spec[action] === undefined) continue
    problems.push(`spec.${action}: the lab acts on streams and can't ${packetVerb(action)} single packets`)
  }
  if (spec.partitionBehavior === 'reject')
    problems.push("spec.partitionBehavior: the lab drops what a partition cuts and can't reject it; use drop")
  if (spec.delay?.reorder !== undefined)
    problems.push("spec.delay.reorder: the lab acts on streams and can't reorder packets")
  const devices = [spec.device, spec.targetDevice].filter((device) => device !== undefined && device !== 'eth0')
  for (const device of devices) {
    if (device !== '') problems.push(`spec.device: pods in the lab have one network device, eth0, not ${device}`)
  }
  return problems
}

function packetVerb(action: (typeof PACKET_ACTIONS)[number]): string {
  switch (action) {
    case 'loss':
      return 'lose'
    case 'duplicate':
      return 'duplicate'
    case 'corrupt':
      return 'corrupt'
  }
}
