import { describe, expect, it } from 'vitest'
import { rulesFor } from '../../../src/lab/chaos-daemon/network-rules.ts'
import { parseRules } from '../../../src/lab/pod-network/rules.ts'
import type { Direction, NetworkChaosSpec } from '../../../src/protocols/chaos-mesh/objects.ts'

const all = { mode: 'all', selector: {} } as const
const rules = (spec: Partial<NetworkChaosSpec>, selectorKey = '.', more: object = {}) =>
  rulesFor({
    spec: { action: 'partition', ...all, ...spec },
    selectorKey,
    podUid: 'uid',
    otherIps: ['10.244.2.7'],
    external: [],
    everybody: false,
    ...more,
  })
const directionOf = (action: 'partition' | 'delay', direction: Direction, selectorKey: string) =>
  rules({ action, direction, delay: { latency: '90ms' } }, selectorKey)[0]?.direction

describe('a partition', () => {
  it.each<[Direction, string, string]>([
    ['to', '.', 'out'],
    ['to', '.Target', 'in'],
    ['from', '.', 'in'],
    ['from', '.Target', 'out'],
    ['both', '.', 'both'],
    ['both', '.Target', 'both'],
  ])('%s, at a pod of selector %s, drops %s', (direction, key, dropped) => {
    expect(directionOf('partition', direction, key)).toBe(dropped)
  })
})

describe('a delay', () => {
  it.each<[Direction, string, string | undefined]>([
    ['to', '.', 'out'],
    ['to', '.Target', undefined],
    ['from', '.', undefined],
    ['from', '.Target', 'out'],
    ['both', '.', 'out'],
    ['both', '.Target', 'out'],
  ])('%s, at a pod of selector %s, delays traffic %s', (direction, key, held) => {
    expect(directionOf('delay', direction, key)).toBe(held)
  })

  it('carries latency, jitter and correlation', () => {
    expect(
      rules({ action: 'delay', delay: { latency: '1.5s', jitter: '20ms', correlation: '25' } })[0]?.effect,
    ).toEqual({
      kind: 'delay',
      latencyMs: 1500,
      jitterMs: 20,
      correlation: 25,
    })
  })
})

describe('rules', () => {
  it('list the other pods and the external targets, with one entry per port', () => {
    const external = [{ cidr: '10.96.0.9/32' }, { cidr: '10.97.0.0/16', port: 443 }]
    expect(rules({}, '.', { external }).map(({ peers, ports }) => [peers, ports])).toEqual([
      [['10.244.2.7/32', '10.96.0.9/32'], undefined],
      [['10.97.0.0/16'], [443]],
    ])
  })

  it('apply to all peers only if the spec names none, and not because the pods have no address yet', () => {
    expect(rules({}, '.', { otherIps: [], everybody: true })[0]?.peers).toBe('any')
    expect(rules({}, '.', { otherIps: [] })).toEqual([])
  })

  it('limit the rate in bytes', () => {
    const bandwidth = { rate: '1mbit', limit: 20_000, buffer: 10_000 }
    expect(rules({ action: 'bandwidth', bandwidth })[0]?.effect).toEqual({ kind: 'bandwidth', bytesPerSecond: 125_000 })
  })

  it('support every netem setting that the lab enacts', () => {
    const effects = rules({ action: 'netem', delay: { latency: '5ms' }, rate: { rate: '100bps' } }).map(
      ({ effect }) => effect.kind,
    )
    expect(effects).toEqual(['delay', 'bandwidth'])
  })

  it.each<[string, Partial<NetworkChaosSpec>]>([
    ['a delay without parameters', { action: 'delay' }],
    ['a bandwidth without parameters', { action: 'bandwidth' }],
  ])('are refused for %s', (_, spec) => {
    expect(() => rules(spec)).toThrow(/param/)
  })

  it('are accepted by the pod network', () => {
    const external = [{ cidr: '10.97.0.0/16', port: 443 }]
    const made = [...rules({}, '.', { external }), ...rules({ action: 'delay', delay: { latency: '5ms' } })]
    expect(parseRules({ rules: JSON.parse(JSON.stringify(made)) })).toEqual({ ok: true, rules: made })
  })
})
