/** Findings about connections that worked although no NetworkPolicy allows them, or failed although the policies allow them. */
import type { Cause } from '../../domain/causes.ts'
import type { DialSeen } from '../../domain/effects.ts'
import { count, listed } from '../findings/words.ts'
import type { Flaw } from './flaw.ts'

export const networkAmiss = (namespace: string, dials: readonly DialSeen[]): readonly Flaw[] => [
  ...byTarget(
    dials.filter(({ allowed, outcome }) => !allowed && outcome === 'connected'),
    ({ to, address, outside }, from) => ({
      ...about(namespace, address, 'network-not-enforced', 'breach'),
      sentence: `Pods of ${listed(from)} can connect to ${address}, which no NetworkPolicy allows.${outside === 'nobody' ? ` Nobody has the address ${to}: something answers for the whole world, such as a proxy.` : ''}`,
    }),
  ),
  ...byTarget(
    dials.filter(({ allowed, outcome }) => allowed && outcome === 'failed'),
    ({ address, outside }, from) => ({
      ...about(namespace, address, 'network-blocked', 'warning'),
      sentence: `Pods of ${listed(from)} cannot connect to ${address}, although the NetworkPolicies allow it${answers(outside)}.`,
    }),
  ),
  ...silent(namespace, dials),
]

/** Whether something listens at the target, as far as is known. */
function answers(outside: Target['outside']): string {
  switch (outside) {
    case undefined:
    case 'namespace':
    case 'dns':
      return ' and the pod is Ready'
    case 'api-server':
      return ' and it answers matchday'
    case 'endpoint':
      return '. Perhaps nothing answers there'
    case 'nobody':
      return ''
  }
}

/**
 * Workloads that could not dial are only a warning: the network plugin works per node, so dials of other pods show whether policies are enforced. So are
 * targets beyond the namespace that could not be found.
 */
function silent(namespace: string, dials: readonly DialSeen[]): readonly Flaw[] {
  const unread = (name: string, sentence: string): Flaw => ({
    ...about(namespace, name, 'posture-unread', 'warning'),
    sentence,
  })
  const missing = dials
    .filter(isUntried)
    .map(({ to, said }) => unread(to, `Connections to ${to} were not tried: ${said}.`))
  const tried = dials.filter((each) => !isUntried(each))
  const own = tried.filter(({ outcome }) => outcome === 'undialled')
  if (own.length === tried.length) return missing
  const reasons = [...new Map(own.map(({ from, said }) => [from, said]))]
  return [
    ...reasons.map(([from, said]) => unread(from, `Nothing could be dialled from pods of ${from}: ${said}.`)),
    ...missing,
  ]
}

/** The target was not found, so that no pod tried. */
export const isUntried = ({ from }: DialSeen): boolean => from === ''

const about = (namespace: string, name: string, cause: Cause, weight: Flaw['weight']) => ({
  weight,
  cause,
  subject: `${namespace}/${name}`,
})

type Target = { readonly to: string; readonly outside: DialSeen['outside'] | undefined; readonly address: string }

function byTarget(
  dials: readonly DialSeen[],
  flawOf: (target: Target, from: readonly string[]) => Flaw,
): readonly Flaw[] {
  const targets = Map.groupBy(dials, ({ to, port }) => `${to}:${port}`)
  return [...targets].flatMap(([address, [first, ...more]]) =>
    first === undefined
      ? []
      : [
          flawOf(
            { to: first.to, outside: first.outside, address },
            [first, ...more].map(({ from }) => from),
          ),
        ],
  )
}

/** Nothing is proven unless a connection that the policies forbid was tried, to where something listens. */
export function dialsUnknown(dials: readonly DialSeen[]): readonly string[] {
  const forbidden = dials.filter((each) => !each.allowed && !isUntried(each) && listens(each, dials))
  if (forbidden.length === 0)
    return [
      'No NetworkPolicy forbids a connection that could be tried and at whose other end something listens for certain.',
    ]
  if (forbidden.some(({ outcome }) => outcome !== 'undialled')) return []
  const reasons = [...new Set(forbidden.map(({ said }) => said))]
  return [`None of ${count(forbidden.length, 'forbidden connection')} could be tried: ${listed(reasons, 2)}.`]
}

/** Where it is not certain that something listens, a connection that fails proves nothing. */
function listens({ outside, to, port }: DialSeen, dials: readonly DialSeen[]): boolean {
  if (outside !== 'endpoint' && outside !== 'nobody') return true
  return dials.some((each) => each.to === to && each.port === port && each.outcome === 'connected')
}
