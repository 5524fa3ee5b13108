/** HTTPChaos: each record is a pod whose requests are affected. */

import type { ChaosObject } from '../../protocols/chaos-mesh/objects.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import type { Enactor } from './enactor.ts'
import { httpEffect } from './http-rules.ts'
import type { NetworkAgent } from './network-agent.ts'
import { ruleFaults } from './rule-faults.ts'

export const httpFaults = (cluster: ClusterClient, agent: NetworkAgent): Enactor =>
  ruleFaults(cluster, agent, {
    acts: () => true,
    rulesOf: async (object, _, podUid) => [{ podUid, effect: httpEffect(specOf(object)) }],
  })

function specOf(object: ChaosObject) {
  if (object.kind !== 'HTTPChaos') throw new Error(`${object.kind} is not an HTTP fault`)
  return object.spec
}
