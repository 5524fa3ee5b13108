/**
 * What the pods of a namespace dial: each other, pods of other namespaces, the cluster DNS, the API server, endpoints outside the cluster that the target
 * file names, and one address that nobody has. Each target knows what the NetworkPolicies say of a connection to it.
 */
import type { DialReach, DialSeen } from '../../domain/effects.ts'
import { messageOf } from '../../domain/unknown.ts'
import { demand, itemsOf, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'
import { type Permitted, permittedBy, permittedTo } from '../../protocols/kubernetes/network-policy.ts'
import { type DialNamespace, type DialPod, dialNamespace } from './dial-pods.ts'
import { fields, list, text, texts } from './fields.ts'

export type DialTarget = {
  readonly name: string
  readonly host: string
  readonly port: number
  /** Undefined for a pod of the same namespace. */
  readonly outside?: DialSeen['outside']
  /** `unknown`: nothing would be learned from it. */
  permits(from: DialPod): Permitted
}
/** A target that could not be found, and why. */
export type Untried = Pick<DialTarget, 'name' | 'port' | 'outside'> & { readonly why: string }

/** Nobody has an address of this block: it is reserved for documentation (RFC 5737). */
const NOBODY = '192.0.2.1'
const HTTPS = 443
const DNS = 53
const DNS_PODS = { 'k8s-app': 'kube-dns' }

export async function dialTargets(
  api: KubernetesApi,
  own: DialNamespace,
  reach: DialReach | undefined,
): Promise<readonly (DialTarget | Untried)[]> {
  const near = own.pods.flatMap((to) => podTarget(own, own, to, to.listens))
  if (reach === undefined) return near
  const others = reach.namespaces.filter((each) => each !== own.name)
  return [
    ...near,
    ...(
      await Promise.all(
        others.map((name) => orUntried(`pods of ${name}`, 'namespace', () => namespaceTargets(api, own, name))),
      )
    ).flat(),
    ...(await orUntried('cluster DNS', 'dns', () => dnsTargets(api, own))),
    ...(await orUntried('kubernetes.default', 'api-server', () => apiServerTargets(api, own))),
    ...reach.endpoints.map(({ name, ip, port }) => endpointTarget(own, `${name} (${ip})`, ip, port)),
    nobody(own),
  ]
}

/** The namespace itself must be readable. For what is beyond it, the role may be missing there. */
async function orUntried(
  name: string,
  outside: NonNullable<DialSeen['outside']>,
  find: () => Promise<readonly DialTarget[]>,
): Promise<readonly (DialTarget | Untried)[]> {
  try {
    return await find()
  } catch (error) {
    return [{ name, port: 0, outside, why: messageOf(error) }]
  }
}

function podTarget(
  own: DialNamespace,
  at: DialNamespace,
  to: DialPod,
  port: number | undefined,
): readonly DialTarget[] {
  if (port === undefined) return []
  const isNear = at === own
  return [
    {
      name: isNear ? to.workload : `${at.name}/${to.workload}`,
      host: to.ip,
      port,
      ...(isNear ? {} : { outside: 'namespace' }),
      permits: (from) =>
        from === to ? 'unknown' : permittedBy({ from: { pod: from, at: own }, to: { pod: to, at }, port }),
    },
  ]
}

async function namespaceTargets(api: KubernetesApi, own: DialNamespace, name: string): Promise<readonly DialTarget[]> {
  const other = await dialNamespace(api, name)
  return other.pods.flatMap((to) => podTarget(own, other, to, to.listens))
}

/** A resolver must also answer by TCP (RFC 7766). */
async function dnsTargets(api: KubernetesApi, own: DialNamespace): Promise<readonly DialTarget[]> {
  const system = await dialNamespace(api, 'kube-system')
  const resolver = system.pods.find(({ labels }) =>
    Object.entries(DNS_PODS).every(([key, value]) => labels[key] === value),
  )
  if (resolver === undefined) throw new Error('kube-system has no Ready pod with the label k8s-app: kube-dns')
  return podTarget(own, system, resolver, DNS).map((target) => ({ ...target, outside: 'dns' }))
}

/**
 * Dialled at the address of its Service. Policies see either this address or that of the API server itself, as the network plugin has it: if they say
 * different things of the two, nothing is known.
 */
async function apiServerTargets(api: KubernetesApi, own: DialNamespace): Promise<readonly DialTarget[]> {
  const [services, slices] = await Promise.all([
    demand(api, { method: 'GET', path: paths.services('default') }),
    demand(api, { method: 'GET', path: paths.endpointSlices('default') }),
  ])
  const service = itemsOf(services).find(({ metadata }) => metadata.name === 'kubernetes')
  const host = text(fields(service?.spec).clusterIP)
  if (host === '') throw new Error('namespace default has no Service kubernetes')
  const port = Number(list(fields(service?.spec).ports)[0]?.port ?? HTTPS)
  const behind = itemsOf(slices)
    .filter(({ metadata }) => metadata.labels?.['kubernetes.io/service-name'] === 'kubernetes')
    .flatMap(({ endpoints, ports }) =>
      list(endpoints).flatMap(({ addresses }) =>
        texts(addresses).flatMap((ip) => list(ports).map((each) => ({ ip, port: Number(each.port) }))),
      ),
    )
  const said = (from: DialPod): readonly Permitted[] =>
    [{ ip: host, port }, ...behind].map((each) => permittedTo({ pod: from, at: own }, each.ip, each.port))
  const permits = (from: DialPod): Permitted => {
    const [first = 'unknown', ...rest] = said(from)
    return rest.every((each) => each === first) ? first : 'unknown'
  }
  return [{ name: 'kubernetes.default', host, port, outside: 'api-server', permits }]
}

const endpointTarget = (own: DialNamespace, name: string, ip: string, port: number): DialTarget => ({
  name,
  host: ip,
  port,
  outside: 'endpoint',
  permits: (from) => permittedTo({ pod: from, at: own }, ip, port),
})

/** Nothing answers there. So only a connection says something, and only where the policies forbid it: something answers in the name of the whole world. */
const nobody = (own: DialNamespace): DialTarget => ({
  name: NOBODY,
  host: NOBODY,
  port: HTTPS,
  outside: 'nobody',
  permits: (from) => (permittedTo({ pod: from, at: own }, NOBODY, HTTPS) === 'forbidden' ? 'forbidden' : 'unknown'),
})
