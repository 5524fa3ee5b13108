// Builds the table that all pods share from the API server's objects and the pods on this machine. The whole table is computed on each
// change (some milliseconds for a hundred pods), and the difference is sent. So a missed event cannot leave it wrong.
import type { Labels } from '../../protocols/kubernetes/label-selector.ts'
import type { Endpoint } from '../topology/addresses.ts'
import { DNS_IP, INGRESS_IP } from '../topology/addresses.ts'
import { serviceEntry, serviceKey, slicesByService } from './endpoints.ts'
import {
  type ClusterChange,
  type ClusterTable,
  emptyTable,
  type OutsideEntry,
  type PodEntry,
  SECTIONS,
} from './messages.ts'
import { namesOf } from './names.ts'
import type { ClusterObjects, KubeService, Pod } from './objects.ts'
import { type NamespaceLabels, type PolicyPod, policiesOf, policyEntry, policyKey } from './policy-entries.ts'

/** A pod with an address on this machine, even if the API server has not reported it yet. */
export type AddressedPod = PolicyPod & { uid: string }

export type ClusterInput = {
  objects: ClusterObjects
  livePods: readonly AddressedPod[]
  outside: OutsideEntry
  /** The address of the API server: the endpoint of the Service default/kubernetes. */
  apiServer?: Endpoint
}

/**
 * Peers without a sandbox. Policies select them like pods: the ingress by its label in namespace `ingress`, cluster DNS by `k8s-app:
 * kube-dns` in `kube-system` (UDP 53), with the names and labels that real clusters use.
 */
const STANDING_PODS: readonly AddressedPod[] = [
  { uid: 'ingress', ip: INGRESS_IP, namespace: 'ingress', labels: { 'app.kubernetes.io/name': 'ingress' } },
  { uid: 'cluster-dns', ip: DNS_IP, namespace: 'kube-system', labels: { 'k8s-app': 'kube-dns' } },
]

export function clusterTable(input: ClusterInput): ClusterTable {
  const { objects } = input
  const known = new Map(objects.pods.map((pod) => [pod.metadata.uid, pod]))
  const pods = [...STANDING_PODS, ...input.livePods].map((pod) => withLabelsOf(pod, known.get(pod.uid)))
  const table = emptyTable()
  addServices(table, input)
  addPolicies(table, input, pods)
  for (const pod of pods) table.pods[pod.ip] = podEntry(pod, known.get(pod.uid), input)
  const { names, cidrs } = input.outside
  if (names.length + cidrs.length > 0) table.outside.allowed = input.outside
  return table
}

function withLabelsOf(pod: AddressedPod, object: Pod | undefined): AddressedPod {
  return object ? { ...pod, labels: object.metadata.labels ?? {} } : pod
}

function podEntry(pod: AddressedPod, object: Pod | undefined, input: ClusterInput): PodEntry {
  const ports = (object?.spec?.containers ?? []).flatMap((container) => container.ports ?? [])
  const named = ports.flatMap((port): [string, number][] => (port.name ? [[port.name, port.containerPort]] : []))
  return { policies: policiesOf(pod, input.objects.policies), ports: Object.fromEntries(named) }
}

function addServices(table: ClusterTable, input: ClusterInput): void {
  const slices = slicesByService(input.objects.slices)
  for (const service of input.objects.services) {
    const own = slices.get(serviceKey(service)) ?? []
    for (const [name, entry] of namesOf(service, own)) table.names[name] = entry
    const { type, clusterIP } = service.spec ?? {}
    if (type === 'ExternalName' || !clusterIP || clusterIP === 'None') continue
    table.services[clusterIP] = isApiServer(service) ? apiServerEntry(service, input) : serviceEntry(service, own)
  }
}

// The API server runs without an endpoint reconciler, because its address is loopback, which EndpointSlices refuse.
function isApiServer({ metadata }: KubeService): boolean {
  return metadata.namespace === 'default' && metadata.name === 'kubernetes'
}

function apiServerEntry(service: KubeService, { apiServer }: ClusterInput) {
  const endpoints = apiServer ? [apiServer] : []
  return { ports: Object.fromEntries((service.spec?.ports ?? []).map(({ port }) => [port, endpoints])) }
}

function addPolicies(table: ClusterTable, { objects }: ClusterInput, pods: readonly AddressedPod[]): void {
  const namespaces: NamespaceLabels = new Map(
    objects.namespaces.map(({ metadata }): [string, Labels] => [metadata.name, metadata.labels ?? {}]),
  )
  for (const policy of objects.policies) table.policies[policyKey(policy)] = policyEntry(policy, pods, namespaces)
}

/** The changes from one table to the next. */
export function changesBetween(before: ClusterTable, after: ClusterTable): ClusterChange[] {
  return SECTIONS.flatMap((section) => {
    const old: Record<string, unknown> = before[section]
    const now: Record<string, unknown> = after[section]
    const gone = Object.keys(old).filter((key) => !(key in now))
    const changed = Object.keys(now).filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key]))
    return [
      ...gone.map((key): ClusterChange => [section, key, null]),
      ...changed.map((key): ClusterChange => [section, key, now[key]]),
    ]
  })
}
