/** A NetworkPolicy with all that decides a connection; posture needs less of it. */
import type { Fields } from '../../protocols/fields.ts'
import type { KubeObject } from '../../protocols/kubernetes/api.ts'
import type { PolicySpec, RulePeer, RulePort, TrafficRule } from '../../protocols/kubernetes/network-policy.ts'
import { fields, list, optional, selectorOf, text, texts } from './fields.ts'

export function policyOf(object: KubeObject): PolicySpec {
  const spec = fields(object.spec)
  const types = Array.isArray(spec.policyTypes)
    ? spec.policyTypes.map(text)
    : ['Ingress', ...(spec.egress ? ['Egress'] : [])]
  const rules = (value: unknown, side: 'from' | 'to'): readonly TrafficRule[] =>
    list(value).map((rule) => ({ peers: list(rule[side]).map(peerOf), ports: list(rule.ports).map(portOf) }))
  return {
    selector: selectorOf(spec.podSelector),
    ...optional('ingress', types.includes('Ingress') ? rules(spec.ingress, 'from') : undefined),
    ...optional('egress', types.includes('Egress') ? rules(spec.egress, 'to') : undefined),
  }
}

const peerOf = ({ podSelector, namespaceSelector, ipBlock }: Readonly<Record<string, unknown>>): RulePeer => ({
  ...optional('pods', podSelector === undefined ? undefined : selectorOf(podSelector)),
  ...optional('namespaces', namespaceSelector === undefined ? undefined : selectorOf(namespaceSelector)),
  ...optional('block', ipBlock === undefined ? undefined : blockOf(fields(ipBlock))),
})

const blockOf = ({ cidr, except }: Fields): NonNullable<RulePeer['block']> => ({
  cidr: text(cidr),
  except: texts(except),
})

const portOf = ({ protocol, port, endPort }: Readonly<Record<string, unknown>>): RulePort => ({
  protocol: text(protocol) || 'TCP',
  ...optional('port', typeof port === 'number' || typeof port === 'string' ? port : undefined),
  ...optional('endPort', typeof endPort === 'number' ? endPort : undefined),
})
