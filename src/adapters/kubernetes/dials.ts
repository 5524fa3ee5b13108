/**
 * Tries connections between the pods of a namespace, to see whether its NetworkPolicies are enforced. One Ready pod of each workload connects to one
 * of each other workload, at the port of its readiness probe, because something certainly listens there. The programs run in the pods by `exec`.
 */
import type { DialSeen } from '../../domain/effects.ts'
import { demand, itemsOf, type KubeObject, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { type Permitted, type PodUnderPolicy, permittedBy } from '../../protocols/kubernetes/network-policy.ts'
import { type DialProgram, dialOutcomes, dialPrograms } from './dial-programs.ts'
import { fields, labelsOf, list, text } from './fields.ts'
import { policyOf } from './policies.ts'

type Pod = PodUnderPolicy & {
  readonly workload: string
  readonly name: string
  readonly container: string
  /** The port of its readiness probe, if it has one. */
  readonly listens?: number
}
type Pair = { readonly from: Pod; readonly to: Pod; readonly port: number; readonly permitted: Permitted }

export async function dialPods(api: KubernetesApi, namespace: string): Promise<readonly DialSeen[]> {
  const [pods, policies, self] = await Promise.all([
    demand(api, { method: 'GET', path: paths.pods(namespace) }),
    demand(api, { method: 'GET', path: paths.networkPolicies(namespace) }),
    demand(api, { method: 'GET', path: paths.namespace(namespace) }),
  ])
  const chosen = onePerWorkload(itemsOf(pods).flatMap((pod) => podOf(pod) ?? []))
  const rules = itemsOf(policies).map(policyOf)
  const labels = labelsOf(fields(fields(self).metadata).labels)
  const pairsOf = (from: Pod): readonly Pair[] =>
    chosen.flatMap((to) => {
      if (to === from || to.listens === undefined) return []
      const port = to.listens
      return [{ from, to, port, permitted: permittedBy(rules, labels, { from, to, port }) }]
    })
  const seen: DialSeen[] = []
  for (const from of chosen) seen.push(...(await dialFrom(api, namespace, from, pairsOf(from))))
  return seen
}

const onePerWorkload = (pods: readonly Pod[]): readonly Pod[] =>
  [...new Map(pods.map((pod) => [pod.workload, pod])).values()].sort((a, b) => (a.workload < b.workload ? -1 : 1))

async function dialFrom(
  api: KubernetesApi,
  namespace: string,
  from: Pod,
  pairs: readonly Pair[],
): Promise<readonly DialSeen[]> {
  const decided = pairs.filter(({ permitted }) => permitted !== 'unknown')
  if (decided.length === 0) return []
  const targets = decided.map(({ to, port }) => `${to.ip}:${port}`)
  const { outcomes, said } = await execute(api, namespace, from, targets)
  return decided.map(({ to, port, permitted }) => {
    const outcome = outcomes.get(`${to.ip}:${port}`) ?? 'undialled'
    return {
      resource: 'Dial',
      namespace,
      name: `${from.workload} to ${to.workload}:${port}`,
      uid: '',
      from: from.workload,
      to: to.workload,
      port,
      allowed: permitted === 'allowed',
      outcome,
      said: outcome === 'undialled' ? said || 'the program printed no outcome' : '',
    }
  })
}

const EXEC_TIMEOUT_MS = 15_000

/** The programs in turn, until one of them answers. */
async function execute(api: KubernetesApi, namespace: string, from: Pod, targets: readonly string[]) {
  const problems: string[] = []
  for (const program of dialPrograms) {
    const own = from.listens === undefined ? [] : [`${from.ip}:${from.listens}`]
    const command = program.command([...targets, ...own])
    const answer = await api.exec({
      namespace,
      pod: from.name,
      container: from.container,
      command,
      timeoutMs: EXEC_TIMEOUT_MS,
    })
    const outcomes = dialOutcomes(answer.output)
    if (isTrusted(program, outcomes)) return { outcomes, said: '' }
    problems.push(`${program.name}: ${answer.problem ?? 'it could not connect to anything, not even to its own pod'}`)
  }
  return { outcomes: new Map<string, never>(), said: problems.join('; ') }
}

/** `nc` takes other flags in some images. So the failures of a shell are not believed if it cannot even connect to its own pod. */
const isTrusted = ({ name }: DialProgram, outcomes: ReadonlyMap<string, string>): boolean =>
  name === 'node' ? outcomes.size > 0 : [...outcomes.values()].includes('connected')

/** Undefined for pods that are not Ready, and for those in the host network, to which NetworkPolicies do not apply. */
function podOf(object: KubeObject): Pod | undefined {
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
