import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cidrRanges, ipRanges, without } from '../../../src/lab/pod-network/address-ranges.ts'
import type { Allowance, ClusterTable, FlowRule } from '../../../src/lab/pod-network/messages.ts'
import { emptyTable } from '../../../src/lab/pod-network/messages.ts'
import type { PacketRule, PacketVerdict } from '../../../src/lab/pod-network/packet-rule.ts'
import { packetChains } from '../../../src/lab/pod-network/packet-rules.ts'
import { policiesAllow } from '../../../src/lab/pod-network/policy.ts'

const A = '10.244.1.2'
const B = '10.244.1.3'
const C = '10.244.2.2'
const NODE = '10.244.0.1'

type Packet = { from: string; to: string; protocol: 'tcp' | 'udp'; fromPort?: number; toPort: number; lost?: boolean }

/** Walks the chains as the kernel does. Random choices hold; a connection is new. */
function fate(input: Partial<Parameters<typeof packetChains>[0]>, hook: string, packet: Packet): PacketVerdict {
  const chains = packetChains({ table: emptyTable(), faults: new Map(), ...input })
  const rulesOf = (name: string) => chains.find((chain) => chain.name === name)?.rules ?? []
  const walk = (rules: readonly PacketRule[]): PacketVerdict | undefined => {
    for (const rule of rules) {
      if (!holds(rule, packet)) continue
      if (rule.action.kind === 'return') return undefined
      const verdict = rule.action.kind === 'jump' ? walk(rulesOf(rule.action.chain)) : rule.action
      if (verdict) return verdict
    }
    return undefined
  }
  return walk(rulesOf(hook)) ?? { kind: 'accept' }
}

function holds(rule: PacketRule, packet: Packet): boolean {
  const inside = (ranges: PacketRule['from'], ip: string) =>
    ranges === undefined || without(ipRanges([ip]), ranges).length === 0
  const between = (ports: PacketRule['toPort'], port: number) =>
    ports === undefined || (ports[0] <= port && port <= ports[1])
  return (
    inside(rule.from, packet.from) &&
    inside(rule.to, packet.to) &&
    (rule.protocol === undefined || rule.protocol === packet.protocol) &&
    between(rule.fromPort, packet.fromPort ?? 40_000) &&
    between(rule.toPort, packet.toPort) &&
    !rule.established &&
    (!rule.lost || packet.lost === true)
  )
}

const tcp = (from: string, to: string, toPort = 80): Packet => ({ from, to, protocol: 'tcp', toPort })
const tableOf = (parts: Partial<ClusterTable>): ClusterTable => ({ ...emptyTable(), ...parts })
const pod = (...policies: string[]) => ({ policies, ports: { web: 8080 } })

describe('a Service', () => {
  const table = tableOf({
    services: {
      '10.96.0.5': { ports: { 80: [[A, 8080]] } },
      '10.96.0.6': { ports: { 80: [] } },
      '10.96.0.7': {
        ports: {
          80: [
            [A, 8080],
            [B, 8080],
            [C, 8080],
          ],
        },
      },
      '10.96.0.8': {
        ports: {
          80: [
            [A, 1],
            [B, 2],
          ],
        },
        affinitySeconds: 10,
      },
    },
    pods: { [A]: pod(), [B]: pod(), [C]: pod() },
  })

  it.each(['to-services', 'from-node-to-services'])('sends on what is addressed to it (%s)', (hook) => {
    expect(fate({ table }, hook, tcp(B, '10.96.0.5'))).toEqual({ kind: 'send-to', ip: A, port: 8080 })
    expect(fate({ table }, hook, tcp(B, A))).toEqual({ kind: 'accept' })
  })

  it('gives each endpoint its share of what the ones before it left', () => {
    const rules = packetChains({ table, faults: new Map() }).find(({ name }) => name === 'services')?.rules ?? []
    const to = ipRanges(['10.96.0.7'])
    const own = rules.filter((rule) => JSON.stringify(rule.to) === JSON.stringify(to))
    expect(own.map(({ oneIn }) => oneIn)).toEqual([3, 2, undefined])
  })

  it('sends a caller to one endpoint where it asks for that', () => {
    const rules = packetChains({ table, faults: new Map() }).find(({ name }) => name === 'services')?.rules ?? []
    expect(rules.flatMap(({ share }) => share ?? [])).toEqual([
      { of: 2, is: 0 },
      { of: 2, is: 1 },
    ])
  })

  it('refuses connections without an endpoint, and to ports that it does not have', () => {
    for (const packet of [tcp(B, '10.96.0.6'), tcp(B, '10.96.0.5', 81)]) {
      expect(fate({ table }, 'to-services', packet)).toEqual({ kind: 'accept' })
      expect(fate({ table }, 'forward', packet)).toEqual({ kind: 'refuse' })
      expect(fate({ table }, 'output', packet)).toEqual({ kind: 'refuse' })
    }
  })

  it('lets a pod reach itself, as a call of the node', () => {
    expect(fate({ table }, 'to-itself', tcp(A, A))).toEqual({ kind: 'send-from', ip: NODE, port: 0 })
    expect(fate({ table }, 'to-itself', tcp(A, B))).toEqual({ kind: 'accept' })
  })

  it('of cluster DNS is answered at the address of its server', () => {
    const asked: Packet = { from: A, to: '10.96.0.10', protocol: 'udp', toPort: 53 }
    expect(fate({ table }, 'to-services', asked)).toEqual({ kind: 'send-to', ip: '10.244.0.10', port: 53 })
  })

  it('serves UDP at its own address, and its node ports at the address of every node', () => {
    const kernelPorts = [
      { at: 'service', protocol: 'udp', port: 53, endpoints: [[A, 5353]] },
      { at: 'nodes', protocol: 'tcp', port: 30_080, endpoints: [[B, 8080]] },
    ] as const
    const table = tableOf({ services: { '10.96.0.5': { ports: {}, kernelPorts } } })
    const udp: Packet = { from: C, to: '10.96.0.5', protocol: 'udp', toPort: 53 }
    expect(fate({ table }, 'to-services', udp)).toEqual({ kind: 'send-to', ip: A, port: 5353 })
    expect(fate({ table }, 'to-services', { ...udp, protocol: 'tcp' })).toEqual({ kind: 'accept' })
    for (const node of ['10.99.0.10', '10.99.0.12'])
      expect(fate({ table }, 'to-services', tcp(C, node, 30_080))).toEqual({ kind: 'send-to', ip: B, port: 8080 })
    expect(fate({ table }, 'to-services', tcp(C, '10.99.0.10', 30_081))).toEqual({ kind: 'accept' })
    expect(fate({ table }, 'to-services', tcp(C, A, 30_080))).toEqual({ kind: 'accept' })
  })

  it('sends each client of its node port to one endpoint with session affinity', () => {
    const endpoints = [
      [A, 1],
      [B, 2],
    ] as const
    const sharesOf = (sticky: { affinitySeconds?: number }) => {
      const kernelPorts = [{ at: 'nodes', protocol: 'tcp', port: 30_080, endpoints }] as const
      const table = tableOf({ services: { '10.96.0.5': { ports: {}, kernelPorts, ...sticky } } })
      const rules = packetChains({ table, faults: new Map() }).find(({ name }) => name === 'services')?.rules ?? []
      return rules.flatMap(({ share }) => share ?? [])
    }
    expect(sharesOf({})).toEqual([])
    expect(sharesOf({ affinitySeconds: 10 })).toEqual([
      { of: 2, is: 0 },
      { of: 2, is: 1 },
    ])
  })

  it('that is gone gets no answer, as the address of a pod that is gone', () => {
    expect(fate({ table }, 'forward', { ...tcp(A, '10.96.9.9'), lost: true })).toEqual({ kind: 'drop' })
  })
})

describe('NetworkPolicies', () => {
  const peers = fc.constantFrom<Allowance['peers']>(
    'any',
    [{ ips: [A] }],
    [{ ips: [B, C] }],
    [{ cidr: '10.244.0.0/16', except: ['10.244.2.0/24'] }],
    [{ ips: [] }],
  )
  const ports = fc.constantFrom<Allowance['ports']>(
    'any',
    [{ protocol: 'TCP', port: 80 }],
    [{ protocol: 'TCP', port: 'web' }],
    [{ protocol: 'UDP' }],
    [{ protocol: 'TCP', port: 8000, endPort: 8100 }],
  )
  const allowances = fc.uniqueArray(fc.record({ peers, ports }), {
    maxLength: 2,
    selector: (one) => JSON.stringify(one),
  })
  const side = fc.record({ ingress: allowances, egress: allowances }, { requiredKeys: [] })
  const names = ['shop/one', 'shop/two']
  const policies = fc.record({ 'shop/one': side, 'shop/two': side })
  const some = fc.subarray(names)
  const pods = fc.record({ [A]: some, [B]: some, [C]: fc.constant<string[]>([]) })
  const packet = fc.record({
    from: fc.constantFrom(A, B, C),
    to: fc.constantFrom(A, B, C),
    protocol: fc.constantFrom<'tcp' | 'udp'>('tcp', 'udp'),
    toPort: fc.constantFrom(80, 8080, 8100, 9000),
  })

  it('let the kernel pass what they let Node processes pass', () => {
    fc.assert(
      fc.property(policies, pods, packet, (written, selected, sent) => {
        if (sent.from === sent.to) return
        const table = tableOf({
          policies: written,
          pods: Object.fromEntries(Object.entries(selected).map(([ip, own]) => [ip, pod(...own)])),
        })
        const protocol = sent.protocol === 'tcp' ? 'TCP' : 'UDP'
        const allowed = policiesAllow(table, { from: sent.from, to: sent.to, port: sent.toPort, protocol })
        expect(fate({ table }, 'forward', sent)).toEqual({ kind: allowed ? 'accept' : 'drop' })
      }),
    )
  })

  it('do not govern the node', () => {
    const table = tableOf({ policies: { 'shop/one': { ingress: [] } }, pods: { [A]: pod('shop/one') } })
    expect(fate({ table }, 'output', tcp(NODE, A))).toEqual({ kind: 'accept' })
    expect(fate({ table }, 'forward', tcp(B, A))).toEqual({ kind: 'drop' })
  })

  it('govern the ingress and what asks cluster DNS, which have no network of their own', () => {
    const table = tableOf({
      policies: { 'shop/one': { ingress: [], egress: [] } },
      pods: { [A]: pod('shop/one'), '10.244.0.2': pod(), '10.244.0.10': pod() },
    })
    expect(fate({ table }, 'output', tcp('10.244.0.2', A))).toEqual({ kind: 'drop' })
    expect(fate({ table }, 'input', { ...tcp(A, '10.244.0.10', 53), protocol: 'udp' })).toEqual({ kind: 'drop' })
  })
})

describe('a partition', () => {
  const rule = (parts: Partial<FlowRule>): FlowRule => ({
    source: 'chaos',
    direction: 'out',
    peers: [`${B}/32`],
    effect: { kind: 'partition' },
    ...parts,
  })
  const withFault = (parts: Partial<FlowRule>) => ({ faults: new Map([[A, [rule(parts)]]]) })

  it('drops what goes its way, and nothing else', () => {
    expect(fate(withFault({}), 'forward', tcp(A, B))).toEqual({ kind: 'drop' })
    expect(fate(withFault({}), 'forward', tcp(B, A))).toEqual({ kind: 'accept' })
    expect(fate(withFault({}), 'forward', tcp(A, C))).toEqual({ kind: 'accept' })
    expect(fate(withFault({ direction: 'in' }), 'forward', tcp(B, A))).toEqual({ kind: 'drop' })
  })

  it('of everything cuts off the node and its probes, and not the pod from itself', () => {
    const all = withFault({ direction: 'in', peers: 'any' })
    expect(fate(all, 'output', tcp(NODE, A))).toEqual({ kind: 'drop' })
    expect(fate(all, 'forward', tcp(A, A))).toEqual({ kind: 'accept' })
  })

  it('of a port counts at the end of the peer', () => {
    const narrow = { peerPorts: [5432] }
    expect(fate(withFault(narrow), 'forward', tcp(A, B, 5432))).toEqual({ kind: 'drop' })
    expect(fate(withFault(narrow), 'forward', tcp(A, B, 80))).toEqual({ kind: 'accept' })
    const back = withFault({ ...narrow, direction: 'in' })
    expect(fate(back, 'forward', { ...tcp(B, A, 40_000), fromPort: 5432 })).toEqual({ kind: 'drop' })
    const mirrored = withFault({ direction: 'out', ownPorts: [5432] })
    expect(fate(mirrored, 'forward', { ...tcp(A, B, 40_000), fromPort: 5432 })).toEqual({ kind: 'drop' })
  })

  it('is the only fault of the kernel: the preload delays and limits', () => {
    const effect = { kind: 'delay', latencyMs: 10, jitterMs: 0, correlation: 0 } as const
    expect(fate(withFault({ effect }), 'forward', tcp(A, B))).toEqual({ kind: 'accept' })
  })
})

describe('ranges of addresses', () => {
  it.each([
    [
      ipRanges(['10.0.0.2', '10.0.0.1', '10.0.0.9']),
      [
        ['10.0.0.1', '10.0.0.2'],
        ['10.0.0.9', '10.0.0.9'],
      ],
    ],
    [
      cidrRanges(['10.0.0.0/31', '10.0.0.2/32', '0.0.0.0/32']),
      [
        ['0.0.0.0', '0.0.0.0'],
        ['10.0.0.0', '10.0.0.2'],
      ],
    ],
    [without(cidrRanges(['10.0.0.0/24']), cidrRanges(['10.0.0.0/25'])), [['10.0.0.128', '10.0.0.255']]],
    [
      without(cidrRanges(['10.0.0.0/30']), ipRanges(['10.0.0.1'])),
      [
        ['10.0.0.0', '10.0.0.0'],
        ['10.0.0.2', '10.0.0.3'],
      ],
    ],
    [without(ipRanges(['10.0.0.1']), cidrRanges(['10.0.0.0/8'])), []],
  ])('%j are %j', (ranges, written) => {
    const wanted = written.map(([first = '', last = '']) => [ipRanges([first])[0]?.[0], ipRanges([last])[0]?.[0]])
    expect(ranges).toEqual(wanted)
  })
})
