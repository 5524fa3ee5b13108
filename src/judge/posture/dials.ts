/** Findings about connections that worked although no NetworkPolicy allows them, or failed although the policies allow them. */
import type { Cause } from '../../domain/causes.ts'
import type { DialSeen } from '../../domain/effects.ts'
import { count, listed } from '../findings/words.ts'
import type { Flaw } from './flaw.ts'

export const networkAmiss = (namespace: string, dials: readonly DialSeen[]): readonly Flaw[] => [
  ...byTarget(
    dials.filter(({ allowed, outcome }) => !allowed && outcome === 'connected'),
    (to, from) => ({
      ...about(namespace, to, 'network-not-enforced', 'breach'),
      sentence: `Pods of ${listed(from)} can connect to ${to}, which no NetworkPolicy allows.`,
    }),
  ),
  ...byTarget(
    dials.filter(({ allowed, outcome }) => allowed && outcome === 'failed'),
    (to, from) => ({
      ...about(namespace, to, 'network-blocked', 'warning'),
      sentence: `Pods of ${listed(from)} cannot connect to ${to}, although the NetworkPolicies allow it and the pod is Ready.`,
    }),
  ),
  ...silent(namespace, dials),
]

/** Workloads that could not dial are only a warning: the network plugin works per node, so dials of other pods show whether policies are enforced. */
function silent(namespace: string, dials: readonly DialSeen[]): readonly Flaw[] {
  const own = dials.filter(({ outcome }) => outcome === 'undialled')
  if (own.length === dials.length) return []
  const reasons = [...new Map(own.map(({ from, said }) => [from, said]))]
  return reasons.map(([from, said]) => ({
    ...about(namespace, from, 'posture-unread', 'warning'),
    sentence: `Nothing could be dialled from pods of ${from}: ${said}.`,
  }))
}

const about = (namespace: string, name: string, cause: Cause, weight: Flaw['weight']) => ({
  weight,
  cause,
  subject: `${namespace}/${name}`,
})

function byTarget(dials: readonly DialSeen[], flawOf: (to: string, from: readonly string[]) => Flaw): readonly Flaw[] {
  const targets = new Map<string, string[]>()
  for (const { from, to, port } of dials) {
    const target = `${to}:${port}`
    targets.set(target, [...(targets.get(target) ?? []), from])
  }
  return [...targets].map(([to, from]) => flawOf(to, from))
}

/** Nothing is proven unless a connection that the policies forbid was tried. */
export function dialsUnknown(dials: readonly DialSeen[]): readonly string[] {
  const forbidden = dials.filter(({ allowed }) => !allowed)
  if (forbidden.length === 0)
    return ['No NetworkPolicy forbids a connection between two workloads that could be tried.']
  if (forbidden.some(({ outcome }) => outcome !== 'undialled')) return []
  const reasons = [...new Set(forbidden.map(({ said }) => said))]
  return [`None of ${count(forbidden.length, 'forbidden connection')} could be tried: ${listed(reasons, 2)}.`]
}
