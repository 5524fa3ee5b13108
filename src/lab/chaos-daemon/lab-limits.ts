/**
 * What the lab's daemon cannot do truthfully and therefore refuses. The pod network acts on the streams of processes, where a single packet
 * cannot be lost, duplicated or corrupted. Other kinds need things that a process on this machine does not have.
 */

import type { ChaosObject, HTTPChaosSpec, NetworkChaosSpec } from '../../protocols/chaos-mesh/objects.ts'
import type { OtherKind } from '../../protocols/chaos-mesh/other-kinds.ts'

/** Of a kind that matchday only names. */
export const refusedByLab = ({ kind, reason, instead }: OtherKind): string =>
  `the lab does not enact ${kind}: ${reason}; ${instead}`

/** The reasons for the user; empty when the lab enacts the object as Chaos Mesh would. */
export function labProblems(object: ChaosObject): readonly string[] {
  const remote = object.spec.remoteCluster ? ['spec.remoteCluster: the lab has no other cluster to act in'] : []
  switch (object.kind) {
    case 'PodChaos':
      return remote
    case 'NetworkChaos':
      return [...remote, ...networkProblems(object.spec)]
    case 'HTTPChaos':
      return [...remote, ...httpProblems(object.spec)]
    case 'DNSChaos':
      return remote
    default:
      return [
        `the lab does not enact ${object.kind}; it enacts PodChaos, NetworkChaos (partition, delay, bandwidth), HTTPChaos and DNSChaos`,
      ]
  }
}

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

/** Refuses only what would behave differently from upstream. Other peculiarities of the proxy are kept. */
function httpProblems({ patch, tls, replace }: HTTPChaosSpec): string[] {
  const problems: string[] = []
  if (patch?.body !== undefined)
    problems.push("spec.patch.body: the lab does not read bodies and can't merge into them; use spec.replace.body")
  if (tls !== undefined)
    problems.push('spec.tls: the lab acts on HTTP inside the serving process, and leaves connections with TLS alone')
  if (replace?.code !== undefined && replace.code < 200)
    problems.push(`spec.replace.code: ${replace.code} is an interim answer, after which the real one would follow`)
  return problems
}
