/**
 * The kinds of Chaos Mesh that are not faults of this code: faults that need more than a pod's process and network, and kinds that
 * organise experiments. Matchday names them, and the lab defines them, so that no message calls them unknown.
 * Source: config/crd/bases of Chaos Mesh 608b61e.
 */

export type OtherKind = {
  readonly kind: string
  readonly plural: string
  readonly scope: 'Namespaced' | 'Cluster'
  /** Why the lab refuses it, as the end of "the lab does not enact X: …". */
  readonly reason: string
  /** What a rehearsal offers instead, as a next step. */
  readonly instead: string
}

const NO_CLOUD = 'there is no cloud account behind its nodes'
const INTERNAL = 'Chaos Mesh writes these objects itself'

const fault = (kind: string, reason: string, instead: string): OtherKind => ({
  kind,
  plural: kind.toLowerCase(),
  scope: 'Namespaced',
  reason,
  instead,
})

const organising = (kind: string, reason: string, instead: string): OtherKind => ({
  kind,
  plural: kind.endsWith('s') ? `${kind.toLowerCase()}es` : `${kind.toLowerCase()}s`,
  scope: 'Namespaced',
  reason,
  instead,
})

const NODE_POWER = 'use an action of the rehearsal: drain, or the loss of a node or zone'
const OWN_TIMELINE =
  'let the rehearsal decide when: a chaos file holds one experiment, and `at` and `for` stand in the rehearsal'

export const OTHER_KINDS: readonly OtherKind[] = [
  fault('AWSChaos', NO_CLOUD, NODE_POWER),
  fault('AzureChaos', NO_CLOUD, NODE_POWER),
  fault('GCPChaos', NO_CLOUD, NODE_POWER),
  fault('BlockChaos', 'pods have no block devices of their own', 'use IOChaos on a cluster with Chaos Mesh'),
  fault(
    'JVMChaos',
    'it needs an agent inside a Java process',
    'use HTTPChaos or NetworkChaos against the same service',
  ),
  fault('KernelChaos', 'it needs a kernel module', 'use StressChaos or IOChaos on a cluster with Chaos Mesh'),
  fault('PhysicalMachineChaos', 'it has no other machines', NODE_POWER),
  organising('Schedule', 'the rehearsal is the timetable', OWN_TIMELINE),
  organising('Workflow', 'the rehearsal is the timetable', OWN_TIMELINE),
  organising('WorkflowNode', INTERNAL, OWN_TIMELINE),
  organising(
    'StatusCheck',
    'objectives and witnesses of the rehearsal judge the run',
    'use slos and witness of the rehearsal',
  ),
  organising('PhysicalMachine', 'it has no other machines', NODE_POWER),
  {
    ...organising('RemoteCluster', 'it has no other cluster to act in', 'use a target file for each cluster'),
    scope: 'Cluster',
  },
  fault('PodHttpChaos', INTERNAL, 'use HTTPChaos'),
  fault('PodIOChaos', INTERNAL, 'use IOChaos'),
  fault('PodNetworkChaos', INTERNAL, 'use NetworkChaos'),
]

export const otherKind = (kind: unknown): OtherKind | undefined => OTHER_KINDS.find((each) => each.kind === kind)
