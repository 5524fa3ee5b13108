import { describe, expect, it } from 'vitest'
import {
  type Permitted,
  type PodUnderPolicy,
  type PolicySpec,
  permittedBy,
  permittedTo,
  type TrafficRule,
} from '../../../src/protocols/kubernetes/network-policy.ts'

const pod = (app: string): PodUnderPolicy => ({ labels: { app }, ip: '10.0.0.1', ports: new Map([['http', 8080]]) })
const namespace = (name: string, policies: readonly PolicySpec[]) => ({ name, labels: { team: name }, policies })
const block = (cidr: string, ...except: readonly string[]) => ({ cidr, except })
const [web, orders] = [pod('web'), pod('orders')]
const of = (app: string) => ({ matchLabels: { app } })
const DENY: PolicySpec = { selector: {}, ingress: [], egress: [] }
const into = (...ingress: readonly TrafficRule[]): PolicySpec => ({ selector: of('orders'), ingress })
const out = (...egress: readonly TrafficRule[]): PolicySpec => ({ selector: of('web'), egress })
const rule = (changes: Partial<TrafficRule> = {}): TrafficRule => ({ peers: [], ports: [], ...changes })
const tcp = (port?: number | string, endPort?: number) => ({
  protocol: 'TCP',
  ...(port === undefined ? {} : { port }),
  ...(endPort === undefined ? {} : { endPort }),
})
const both = (changes: Partial<TrafficRule>): readonly PolicySpec[] => [DENY, into(rule(changes)), out(rule(changes))]

describe('a connection between two pods', () => {
  it.each<[string, readonly PolicySpec[], Permitted]>([
    ['no policy', [], 'allowed'],
    ['a policy that selects other pods', [{ selector: of('bets'), ingress: [], egress: [] }], 'allowed'],
    ['default deny', [DENY], 'forbidden'],
    ['deny of ingress alone', [{ selector: {}, ingress: [] }], 'forbidden'],
    ['deny of egress alone', [{ selector: {}, egress: [] }], 'forbidden'],
    ['allowed at one side only', [DENY, into(rule())], 'forbidden'],
    ['allowed at the other side only', [DENY, out(rule())], 'forbidden'],
    ['allowed at both sides, to all and from all', both({}), 'allowed'],
    ['the client by its labels', [DENY, out(rule()), into(rule({ peers: [{ pods: of('web') }] }))], 'allowed'],
    ['another client by its labels', [DENY, out(rule()), into(rule({ peers: [{ pods: of('bets') }] }))], 'forbidden'],
    ['the namespace by its labels', both({ peers: [{ namespaces: { matchLabels: { team: 'shop' } } }] }), 'allowed'],
    ['another namespace', both({ peers: [{ namespaces: { matchLabels: { team: 'bank' } } }] }), 'forbidden'],
    [
      'the pod in another namespace',
      [DENY, out(rule()), into(rule({ peers: [{ pods: of('web'), namespaces: { matchLabels: { team: 'bank' } } }] }))],
      'forbidden',
    ],
    ['the port by number', both({ ports: [tcp(8080)] }), 'allowed'],
    ['another port', both({ ports: [tcp(8081)] }), 'forbidden'],
    ['the port by name', both({ ports: [tcp('http')] }), 'allowed'],
    ['a name that no port has', both({ ports: [tcp('grpc')] }), 'forbidden'],
    ['a range that has the port', both({ ports: [tcp(8000, 8080)] }), 'allowed'],
    ['a range below it', both({ ports: [tcp(8000, 8079)] }), 'forbidden'],
    ['every TCP port', both({ ports: [tcp()] }), 'allowed'],
    ['the port by UDP', both({ ports: [{ protocol: 'UDP', port: 8080 }] }), 'forbidden'],
    ['an IP block, which need not mean pods', both({ peers: [{ block: block('10.0.0.0/8') }] }), 'unknown'],
    ['an IP block for another port', both({ peers: [{ block: block('10.0.0.0/8') }], ports: [tcp(443)] }), 'forbidden'],
    [
      'an IP block at one side, and nothing at the other',
      [DENY, out(rule({ peers: [{ block: block('10.0.0.0/8') }] }))],
      'forbidden',
    ],
    ['rules of several policies, which add up', [DENY, out(), out(rule()), into(), into(rule())], 'allowed'],
  ])('with %s', (_, policies, expected) => {
    const at = namespace('shop', policies)
    expect(permittedBy({ from: { pod: web, at }, to: { pod: orders, at }, port: 8080 })).toBe(expected)
  })
})

describe('a connection into another namespace', () => {
  const bank = { matchLabels: { team: 'bank' } }
  const toBank = out(rule({ peers: [{ namespaces: bank, pods: of('orders') }] }))
  const fromShop = into(rule({ peers: [{ namespaces: { matchLabels: { team: 'shop' } }, pods: of('web') }] }))
  it.each<[string, readonly PolicySpec[], readonly PolicySpec[], Permitted]>([
    ['no policy in either', [], [], 'allowed'],
    ['default deny in that of the client', [DENY], [], 'forbidden'],
    ['default deny in that of the server', [], [DENY], 'forbidden'],
    ['rules in both that name the other', [DENY, toBank], [DENY, fromShop], 'allowed'],
    ['a rule in that of the client alone', [DENY, toBank], [DENY], 'forbidden'],
    ['a rule in that of the server alone', [DENY], [DENY, fromShop], 'forbidden'],
    [
      'a peer without a namespace, which means its own',
      [DENY, out(rule({ peers: [{ pods: of('orders') }] }))],
      [],
      'forbidden',
    ],
    ['every namespace', [DENY, out(rule({ peers: [{ namespaces: {} }] }))], [], 'allowed'],
  ])('with %s', (_, ofShop, ofBank, expected) => {
    const from = { pod: web, at: namespace('shop', ofShop) }
    expect(permittedBy({ from, to: { pod: orders, at: namespace('bank', ofBank) }, port: 8080 })).toBe(expected)
  })
})

describe('a connection to an address outside the cluster', () => {
  const outside = (...peers: TrafficRule['peers']) => out(rule({ peers, ports: [tcp(443)] }))
  it.each<[string, readonly PolicySpec[], Permitted]>([
    ['no policy', [], 'allowed'],
    ['default deny', [DENY], 'forbidden'],
    ['deny of ingress alone', [{ selector: {}, ingress: [] }], 'allowed'],
    ['a rule for everything', [DENY, out(rule())], 'allowed'],
    ['its block', [DENY, outside({ block: block('203.0.113.0/24') })], 'allowed'],
    [
      'its block at another port',
      [DENY, out(rule({ peers: [{ block: block('203.0.113.0/24') }], ports: [tcp(80)] }))],
      'forbidden',
    ],
    ['another block', [DENY, outside({ block: block('198.51.100.0/24') })], 'forbidden'],
    ['the world but its block', [DENY, outside({ block: block('0.0.0.0/0', '203.0.113.0/28') })], 'forbidden'],
    ['the world but a neighbour', [DENY, outside({ block: block('0.0.0.0/0', '203.0.113.8/29') })], 'allowed'],
    ['all pods of all namespaces, which it is not', [DENY, outside({ namespaces: {} })], 'forbidden'],
    [
      'a block and other pods',
      [{ selector: of('bets'), egress: [] }, outside({ block: block('203.0.113.1/32') })],
      'allowed',
    ],
  ])('with %s', (_, policies, expected) => {
    expect(permittedTo({ pod: web, at: namespace('shop', policies) }, '203.0.113.1', 443)).toBe(expected)
  })
})
