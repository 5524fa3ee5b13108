/** The pods of a namespace that dial and are dialled, and the NetworkPolicies that govern them. */
import { demand, itemsOf, type KubeObject, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import type { PodUnderPolicy, PolicyNamespace } from '../../protocols/kubernetes/network-policy.ts'
import { fields, labelsOf, list, text } from './fields.ts'
import { policyOf } from './policies.ts'

export type DialPod = PodUnderPolicy & {
  readonly workload: string
  readonly name: string
  readonly container: string
  /** The port of its readiness probe, if it has one: there something listens for certain. */
  readonly listens?: number
}
export type DialNamespace = PolicyNamespace & {
  /** One Ready pod of each workload. */
  readonly pods: readonly DialPod[]
}

export async function dialNamespace(api: KubernetesApi, name: string): Promise<DialNamespace> {
  const [pods, policies, self] = await Promise.all([
    demand(api, { method: 'GET', path: paths.pods(name) }),
    demand(api, { method: 'GET', path: paths.networkPolicies(name) }),
    demand(api, { method: 'GET', path: paths.namespace(name) }),
  ])
  return {
    name,
    labels: labelsOf(fields(fields(self).metadata).labels),
    policies: itemsOf(policies).map(policyOf),
    pods: onePerWorkload(itemsOf(pods).flatMap((pod) => podOf(pod) ?? [])),
  }
}

const onePerWorkload = (pods: readonly DialPod[]): readonly DialPod[] =>
  [...new Map(pods.map((pod) => [pod.workload, pod])).values()].sort((a, b) => (a.workload < b.workload ? -1 : 1))

/** Undefined for pods that are not Ready, and for those in the host network, to which NetworkPolicies do not apply. */
function podOf(object: KubeObject): DialPod | undefined {
  const [spec, status] = [fields(object.spec), fields(object.status)]
  const containers = list(spec.containers)
  const [first] = containers
  const isReady = list(status.conditions).some((each) => each.type === 'Ready' && each.status === 'True')
  const ip = text(status.podIP)
  if (first === undefined || ip === '' || !isReady || spec.hostNetwork === true) return undefined
  if (object.metadata.deletionTimestamp !== undefined) return undefined
  const named = containers.flatMap(({ ports }) => list(ports)).filter(({ name }) => text(name) !== '')
  const ports = new Map(named.map(({ name, containerPort }) => [text(name), Number(containerPort)]))
  const listens = containers.flatMap((each) => probePort(fields(each.readinessProbe), ports) ?? [])[0]
  return {
    workload: workloadOf(object),
    name: object.metadata.name,
    container: text(first.name),
    labels: object.metadata.labels ?? {},
    ip,
    ports,
    ...(listens === undefined ? {} : { listens }),
  }
}

function probePort(probe: Readonly<Record<string, unknown>>, named: ReadonlyMap<string, number>): number | undefined {
  const port = fields(probe.httpGet).port ?? fields(probe.tcpSocket).port
  return typeof port === 'string' ? named.get(port) : typeof port === 'number' ? port : undefined
}

/** The name of its owner, without the hash of a ReplicaSet. */
function workloadOf({ metadata: { name, labels = {}, ownerReferences = [] } }: KubeObject): string {
  const owner = ownerReferences.find(({ controller }) => controller)
  const hash = labels['pod-template-hash']
  return (owner?.name ?? name).replace(hash === undefined ? /$/ : new RegExp(`-${hash}$`), '')
}
