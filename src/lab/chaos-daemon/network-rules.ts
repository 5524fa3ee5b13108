/**
 * Turns a NetworkChaos into the rules of one of its pods. A partition drops traffic at both ends, in the requested direction. All other
 * actions shape what a pod sends, so only senders hold the rule, as with tc in a pod's network namespace.
 */

import { parseGoDuration, parseGoFloat, parseRate } from '../../protocols/chaos-mesh/go-text.ts'
import type { NetworkChaosSpec } from '../../protocols/chaos-mesh/objects.ts'
import type { NetworkEffect, NetworkRule } from '../pod-network/rules.ts'

/** An address outside the selectors; with `port` if the target named one. */
export type ExternalPeer = { readonly cidr: string; readonly port?: number }

export type RuleRequest = {
  readonly spec: NetworkChaosSpec
  /** `.` for a pod of the selector, `.Target` for a pod of the target. */
  readonly selectorKey: string
  readonly podUid: string
  /** Addresses of the peer pods; pods without an address yet are missing. */
  readonly otherIps: readonly string[]
  readonly external: readonly ExternalPeer[]
  /** The spec names no target, which means everybody. */
  readonly everybody: boolean
}

/** The pod's rules; none when the direction does not act at this end. @throws when the spec has no effective parameters */
export function rulesFor(request: RuleRequest): NetworkRule[] {
  const { spec, podUid } = request
  const directions = spec.action === 'partition' ? partitionDirections(request) : shapingDirections(request)
  if (directions.length === 0) return []
  const direction = directions.length === 2 ? 'both' : (directions[0] ?? 'out')
  return effectsOf(spec).flatMap((effect) => peersOf(request).map((peers) => ({ podUid, direction, effect, ...peers })))
}

/** `to` is traffic from the selector's pods to the target: out at the one end, in at the other. */
function partitionDirections({ spec, selectorKey }: RuleRequest): ('in' | 'out')[] {
  const { direction = 'to' } = spec
  if (direction === 'both') return ['in', 'out']
  return [(direction === 'to') === (selectorKey === '.') ? 'out' : 'in']
}

function shapingDirections({ spec, selectorKey }: RuleRequest): ('in' | 'out')[] {
  const { direction = 'to' } = spec
  const sends = direction === 'both' || (direction === 'to') === (selectorKey === '.')
  return sends ? ['out'] : []
}

/** Peers with their own port need their own rule. */
function peersOf({ otherIps, external, everybody }: RuleRequest): Pick<NetworkRule, 'peers' | 'ports'>[] {
  if (everybody) return [{ peers: 'any' }]
  const whole = [
    ...otherIps.map((ip) => `${ip}/32`),
    ...external.filter((peer) => peer.port === undefined).map((peer) => peer.cidr),
  ]
  const ported = external.flatMap(({ cidr, port }) => (port === undefined ? [] : [{ peers: [cidr], ports: [port] }]))
  return whole.length === 0 ? ported : [{ peers: whole }, ...ported]
}

/** As upstream, every given parameter acts, whatever the action is called. */
function effectsOf(spec: NetworkChaosSpec): NetworkEffect[] {
  if (spec.action === 'partition') return [{ kind: 'partition' }]
  if (spec.action === 'bandwidth') {
    if (spec.bandwidth === undefined) throw new Error('action bandwidth has no bandwidth parameters')
    return [{ kind: 'bandwidth', bytesPerSecond: bytesPerSecond(spec.bandwidth.rate) }]
  }
  const effects: NetworkEffect[] = []
  if (spec.delay !== undefined) effects.push(delayEffect(spec.delay))
  if (spec.rate !== undefined) effects.push({ kind: 'bandwidth', bytesPerSecond: bytesPerSecond(spec.rate.rate) })
  if (effects.length === 0)
    throw new Error(`action ${spec.action} has none of the parameters delay, loss, duplicate, corrupt, rate`)
  return effects
}

function delayEffect({ latency, jitter, correlation }: NonNullable<NetworkChaosSpec['delay']>): NetworkEffect {
  return {
    kind: 'delay',
    latencyMs: millisOf('latency', latency),
    jitterMs: jitter === undefined || jitter === '' ? 0 : millisOf('jitter', jitter),
    correlation: correlation === undefined || correlation === '' ? 0 : percentOf(correlation),
  }
}

function millisOf(name: string, text: string): number {
  const parsed = parseGoDuration(text)
  if (!parsed.ok) throw new Error(`delay.${name}: ${parsed.error}`)
  return parsed.value
}

function percentOf(text: string): number {
  const parsed = parseGoFloat(text)
  if (!parsed.ok) throw new Error(`delay.correlation: ${parsed.error}`)
  return parsed.value
}

function bytesPerSecond(rate: string): number {
  const parsed = parseRate(rate)
  if (!parsed.ok) throw new Error(`rate ${JSON.stringify(rate)}: ${parsed.error}`)
  return parsed.value
}
