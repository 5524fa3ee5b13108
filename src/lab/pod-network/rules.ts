// Fault rules from the chaos daemon, parsed from untrusted JSON. A rule names one pod and the peers whose traffic it affects. The agent
// derives the peers' side (mirror.ts), so that a flow between two lab pods is affected at both ends.
import { isIPv4 } from 'node:net'
import { isObject } from '../../domain/unknown.ts'
import { parseCidr } from '../../protocols/kubernetes/cidr.ts'
import { type DnsEffect, parseDnsEffect } from './dns-effect.ts'
import { type HttpEffect, parseHttpEffect } from './http-effect.ts'
import { within } from './untrusted.ts'

export type NetworkEffect =
  | { kind: 'partition' }
  /** `correlation` in per cent, 0 to 100, as in netem and Chaos Mesh. */
  | { kind: 'delay'; latencyMs: number; jitterMs: number; correlation: number }
  | { kind: 'bandwidth'; bytesPerSecond: number }

export type NetworkRule = {
  podUid: string
  /** Seen from the pod: `out` affects what it sends. */
  direction: 'in' | 'out' | 'both'
  /** IPv4 CIDRs, `10.244.1.9/32`. */
  peers: 'any' | readonly string[]
  /** Ports at the peer's end of the flow, as in Chaos Mesh's external target `host:port`. All ports when missing. */
  ports?: readonly number[]
  effect: NetworkEffect
}

/** Acts on messages between processes instead of on flows. */
export type ProcessRule = { podUid: string; effect: HttpEffect | DnsEffect }
export type FaultRule = NetworkRule | ProcessRule

export const isNetworkRule = (rule: FaultRule): rule is NetworkRule => 'direction' in rule

export type ParsedRules = { ok: true; rules: readonly FaultRule[] } | { ok: false; problems: readonly string[] }

const DIRECTIONS: readonly unknown[] = ['in', 'out', 'both']
// The longest delay in the lab. A longer delay would be a partition, and timers overflow at 2^31 ms.
const DELAY_MAX_MS = 3_600_000

/** Parses the body of `PUT /rules/<source>`. Returns every problem, each with its position. */
export function parseRules(body: unknown): ParsedRules {
  if (!isObject(body) || !Array.isArray(body.rules)) return { ok: false, problems: ['expected {"rules": [...]}'] }
  const problems: string[] = []
  const rules: FaultRule[] = []
  for (const [index, candidate] of body.rules.entries()) {
    const rule = parseRule(candidate, (problem) => problems.push(`rules[${index}]${problem}`))
    if (rule) rules.push(rule)
  }
  return problems.length > 0 ? { ok: false, problems } : { ok: true, rules }
}

type Complain = (problem: string) => unknown

function parseRule(candidate: unknown, complain: Complain): FaultRule | undefined {
  if (!isObject(candidate)) return void complain(' is not an object')
  if (!isObject(candidate.effect)) return void complain('.effect is not an object')
  switch (candidate.effect.kind) {
    case 'http':
      return processRule(candidate, parseHttpEffect(candidate.effect, complain), complain)
    case 'dns':
      return processRule(candidate, parseDnsEffect(candidate.effect, complain), complain)
    default:
      return parseNetworkRule(candidate, complain)
  }
}

function processRule(
  { podUid }: Record<string, unknown>,
  effect: ProcessRule['effect'] | undefined,
  complain: Complain,
): ProcessRule | undefined {
  if (typeof podUid !== 'string' || podUid === '') return void complain('.podUid is not a pod uid')
  return effect && { podUid, effect }
}

function parseNetworkRule(candidate: Record<string, unknown>, complain: Complain): NetworkRule | undefined {
  const { podUid, direction } = candidate
  const peers = parsePeers(candidate.peers, complain)
  const ports = parsePorts(candidate.ports, complain)
  const effect = parseEffect(candidate.effect, complain)
  if (typeof podUid !== 'string' || podUid === '') return void complain('.podUid is not a pod uid')
  if (!isDirection(direction)) return void complain('.direction must be in, out or both')
  if (peers === undefined || ports === undefined || effect === undefined) return undefined
  return { podUid, direction, peers, effect, ...(ports === 'all' ? {} : { ports }) }
}

function isDirection(value: unknown): value is NetworkRule['direction'] {
  return DIRECTIONS.includes(value)
}

function parsePeers(peers: unknown, complain: Complain): NetworkRule['peers'] | undefined {
  if (peers === 'any') return 'any'
  if (!Array.isArray(peers)) return void complain('.peers must be "any" or a list of CIDRs')
  const cidrs: string[] = []
  for (const peer of peers) {
    const cidr = typeof peer === 'string' && isIPv4(peer) ? `${peer}/32` : peer
    if (typeof cidr === 'string' && parseCidr(cidr)) cidrs.push(cidr)
    else complain(`.peers: ${JSON.stringify(peer)} is not an IPv4 CIDR`)
  }
  return cidrs.length === peers.length ? cidrs : undefined
}

function parsePorts(ports: unknown, complain: Complain): readonly number[] | 'all' | undefined {
  if (ports === undefined) return 'all'
  const good = Array.isArray(ports) && ports.length > 0 && ports.every((port) => within(port, 1, 65_535))
  return good ? ports : void complain('.ports is not a list of port numbers')
}

function parseEffect(effect: unknown, complain: Complain): NetworkEffect | undefined {
  if (!isObject(effect)) return void complain('.effect is not an object')
  switch (effect.kind) {
    case 'partition':
      return { kind: 'partition' }
    case 'delay':
      return parseDelay(effect, complain)
    case 'bandwidth': {
      const { bytesPerSecond } = effect
      if (!within(bytesPerSecond, 1, Number.MAX_SAFE_INTEGER))
        return void complain('.effect.bytesPerSecond is not >= 1')
      return { kind: 'bandwidth', bytesPerSecond }
    }
    default:
      return void complain(
        `.effect.kind ${JSON.stringify(effect.kind)} is not one of partition, delay, bandwidth, http, dns`,
      )
  }
}

function parseDelay(effect: Record<string, unknown>, complain: Complain): NetworkEffect | undefined {
  const { latencyMs, jitterMs = 0, correlation = 0 } = effect
  if (!within(latencyMs, 0, DELAY_MAX_MS)) return void complain(`.effect.latencyMs is not within 0..${DELAY_MAX_MS}`)
  if (!within(jitterMs, 0, DELAY_MAX_MS)) return void complain(`.effect.jitterMs is not within 0..${DELAY_MAX_MS}`)
  if (!within(correlation, 0, 100)) return void complain('.effect.correlation is not within 0..100 per cent')
  return { kind: 'delay', latencyMs, jitterMs, correlation }
}
