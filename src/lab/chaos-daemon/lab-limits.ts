/**
 * What the lab's daemon can't do truthfully, and therefore refuses: the pod network acts on the streams of processes, where a single
 * packet can't be lost, doubled or damaged, and other kinds need what a process on a laptop doesn't have.
 */

import type { ChaosObject, NetworkChaosSpec } from '../../protocols/chaos-mesh/objects.ts'

/** Reasons, worded for the user; empty when the lab enacts the object as Chaos Mesh would. */
export function labProblems(object: ChaosObject): readonly string[] {
  const remote = object.spec.remoteCluster ? ['spec.remoteCluster: the lab has no other cluster to act in'] : []
  switch (object.kind) {
    case 'PodChaos':
      return remote
    case 'NetworkChaos':
      return [...remote, ...networkProblems(object.spec)]
    case 'HTTPChaos':
    case 'DNSChaos':
    case 'StressChaos':
    case 'IOChaos':
    case 'TimeChaos':
      return [
        `the lab does not enact ${object.kind}; it enacts PodChaos and NetworkChaos (partition, delay, bandwidth)`,
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
