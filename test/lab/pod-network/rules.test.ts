import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createCorrelatedDelay, effectOn, holdRules } from '../../../src/lab/pod-network/flow-effect.ts'
import { isFlowRule } from '../../../src/lab/pod-network/messages.ts'
import { distributeRules } from '../../../src/lab/pod-network/mirror.ts'
import { type NetworkRule, parseRules } from '../../../src/lab/pod-network/rules.ts'
import { cidrHolds } from '../../../src/protocols/kubernetes/cidr.ts'

const rule = (over: Partial<NetworkRule> = {}): NetworkRule => ({
  podUid: 'a',
  direction: 'out',
  peers: ['10.244.1.3/32'],
  effect: { kind: 'partition' },
  ...over,
})

describe('fault rules', () => {
  it.each([
    [{ peers: 'all' }, '.peers must be "any"'],
    [{ peers: ['psp.example'] }, '"psp.example" is not an IPv4 CIDR'],
    [{ peers: ['10.0.0.0/33'] }, 'is not an IPv4 CIDR'],
    [{ ports: [0] }, '.ports'],
    [{ direction: 'up' }, '.direction'],
    [{ podUid: '' }, '.podUid'],
    [{ effect: { kind: 'corrupt' } }, 'not one of partition, delay, bandwidth, http, dns'],
    [{ effect: { kind: 'delay', latencyMs: -1 } }, '.latencyMs'],
    [{ effect: { kind: 'delay', latencyMs: 1, correlation: 101 } }, '.correlation'],
    [{ effect: { kind: 'bandwidth', bytesPerSecond: 0 } }, '.bytesPerSecond'],
  ])('refuse %j and say where', (over, problem) => {
    const parsed = parseRules({ rules: [rule(), { ...rule(), ...over }] })
    expect(parsed).toMatchObject({ ok: false, problems: [expect.stringContaining(problem)] })
    expect(parsed).toMatchObject({ problems: [expect.stringContaining('rules[1]')] })
  })

  it('are parsed from any JSON without an exception', () => {
    fc.assert(fc.property(fc.jsonValue(), (body) => typeof parseRules(body).ok === 'boolean'))
  })
})

describe('distributing rules', () => {
  const pods = [
    { uid: 'a', ip: '10.244.1.2' },
    { uid: 'b', ip: '10.244.1.3' },
    { uid: 'c', ip: '10.244.2.2' },
  ]

  it('gives the peer the same rule from its own side, with the ports', () => {
    const held = distributeRules(pods, new Map([['ns/x', [rule({ ports: [8080] })]]]))
    expect(held.get('a')).toMatchObject([{ direction: 'out', peers: ['10.244.1.3/32'], peerPorts: [8080] }])
    expect(held.get('b')).toMatchObject([{ direction: 'in', peers: ['10.244.1.2/32'], ownPorts: [8080] }])
    expect(held.get('c')).toEqual([])
  })

  it('affects no pod if the pod of the rule is gone', () => {
    expect([...distributeRules(pods.slice(1), new Map([['ns/x', [rule()]]])).values()]).toEqual([[], []])
  })

  it('lets both ends of a flow agree on what is blocked, for any rules', () => {
    const anyRule = fc.record({
      podUid: fc.constantFrom('a', 'b', 'c'),
      direction: fc.constantFrom('in' as const, 'out' as const, 'both' as const),
      peers: fc.constantFrom<NetworkRule['peers']>('any', ['10.244.1.0/24'], ['10.244.2.2/32'], []),
      effect: fc.constant({ kind: 'partition' as const }),
    })
    fc.assert(
      fc.property(fc.array(anyRule, { maxLength: 6 }), (rules) => {
        const held = distributeRules(pods, new Map([['ns/x', rules]]))
        const seen = (own: string, peerIp: string) =>
          effectOn({ peerIp, peerPort: 1, ownPort: 2 }, holdRules((held.get(own) ?? []).filter(isFlowRule), []))
        for (const one of pods) {
          for (const other of pods.filter((pod) => pod !== one)) {
            const here = seen(one.uid, other.ip)
            const there = seen(other.uid, one.ip)
            expect(here?.out.blocked ?? false).toBe(there?.in.blocked ?? false)
          }
        }
      }),
    )
  })
})

describe('the effect on a flow', () => {
  const flow = { peerIp: '10.244.1.3', peerPort: 8080, ownPort: 40_000, dialled: { ip: '10.96.0.7', port: 80 } }
  const held = (...rules: Parameters<typeof holdRules>[0]) => effectOn(flow, holdRules(rules, []))
  const base = { source: 'ns/x', direction: 'out', effect: { kind: 'partition' } } as const

  it.each([
    ['the peer', { peers: ['10.244.1.0/24'] }, true],
    ['the Service that was dialled', { peers: ['10.96.0.7/32'] }, true],
    ['the Service with its port', { peers: ['10.96.0.7/32'], peerPorts: [80] }, true],
    ['the Service with the pod’s port', { peers: ['10.96.0.7/32'], peerPorts: [8080] }, false],
    ['another peer', { peers: ['10.244.1.4/32'] }, false],
    ['another port', { peers: 'any' as const, peerPorts: [443] }, false],
    ['nobody', { peers: [] }, false],
  ])('of a rule that names %s', (_, over, blocked) => {
    expect(held({ ...base, ...over })?.out.blocked ?? false).toBe(blocked)
  })

  it('adds up over experiments, and counts each experiment once', () => {
    const effect = { kind: 'delay', latencyMs: 10, jitterMs: 0, correlation: 0 } as const
    const delays = held(
      { ...base, peers: 'any', effect },
      { ...base, peers: ['10.244.1.3/32'], effect },
      { ...base, source: 'ns/y', peers: 'any', effect },
    )?.out.delays
    expect(delays).toHaveLength(2)
  })

  it('stays within latency ± jitter for any draws, and follows its last value as correlation grows', () => {
    const draws = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 20 })
    fc.assert(
      fc.property(draws, fc.integer({ min: 0, max: 100 }), (randoms, correlation) => {
        const delay = createCorrelatedDelay({ kind: 'delay', latencyMs: 100, jitterMs: 20, correlation })
        for (const random of randoms) {
          const drawn = delay.draw(random)
          expect(drawn).toBeGreaterThanOrEqual(80 - 1e-9)
          expect(drawn).toBeLessThanOrEqual(120 + 1e-9)
        }
      }),
    )
    const frozen = createCorrelatedDelay({ kind: 'delay', latencyMs: 100, jitterMs: 20, correlation: 100 })
    expect([frozen.draw(0), frozen.draw(1)]).toEqual([100, 100])
  })
})

describe('a CIDR', () => {
  it('holds exactly the addresses that share its prefix', () => {
    const octet = fc.integer({ min: 0, max: 255 })
    fc.assert(
      fc.property(
        fc.tuple(octet, octet, octet, octet),
        fc.tuple(octet, octet, octet, octet),
        fc.integer({ min: 0, max: 32 }),
        (a, b, bits) => {
          const binary = (ip: number[]) => ip.map((part) => part.toString(2).padStart(8, '0')).join('')
          expect(cidrHolds(`${a.join('.')}/${bits}`, b.join('.'))).toBe(
            binary(a).slice(0, bits) === binary(b).slice(0, bits),
          )
        },
      ),
    )
  })
})
