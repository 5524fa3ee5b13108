// What the rules of a pod do to one of its flows. Bundled into the preload. Holds the state that rules share between flows: the token
// bucket of a bandwidth limit and the memory of correlated jitter.
import { cidrHolds } from '../../protocols/kubernetes/cidr.ts'
import type { FlowRule } from './messages.ts'
import type { NetworkEffect } from './rules.ts'

/** One end of a flow as rules see it. A Service's address and port count as well as those of the pod behind it. */
export type FlowEnds = {
  peerIp: string
  peerPort: number
  ownPort: number
  /** What the application dialled. */
  dialled?: { ip: string; port: number }
}

export type DelayEffect = Extract<NetworkEffect, { kind: 'delay' }>
/** Shared by all flows of the process that the limit names, like the queue of a network device. */
export type Bucket = { bytesPerSecond: number; freeAtMs: number }

export type DirectionEffect = { blocked: boolean; delays: readonly HeldDelay[]; buckets: readonly Bucket[] }
export type FlowEffect = { in: DirectionEffect; out: DirectionEffect }

export type HeldDelay = { draw(random: number): number; readonly mostMs: number }

type HeldRule = { rule: FlowRule; identity: string; delay?: HeldDelay; bucket?: Bucket }
export type HeldRules = readonly HeldRule[]

/** Applies a new rule set and keeps the state of rules that stay. */
export function holdRules(rules: readonly FlowRule[], before: HeldRules): HeldRules {
  const kept = new Map(before.map((held) => [JSON.stringify(held.rule), held]))
  return rules.map((rule) => kept.get(JSON.stringify(rule)) ?? hold(rule))
}

function hold(rule: FlowRule): HeldRule {
  const { effect, source, direction } = rule
  const identity = JSON.stringify([source, direction, effect])
  switch (effect.kind) {
    case 'partition':
      return { rule, identity }
    case 'delay':
      return { rule, identity, delay: createCorrelatedDelay(effect) }
    case 'bandwidth':
      return { rule, identity, bucket: { bytesPerSecond: effect.bytesPerSecond, freeAtMs: 0 } }
  }
}

/**
 * The delay of netem: uniform in latency ± jitter, each draw mixed with the previous one by `correlation` per cent (get_crandom in the
 * kernel's sch_netem.c).
 */
export function createCorrelatedDelay(effect: DelayEffect): HeldDelay {
  const weight = effect.correlation / 100
  let last = 0.5
  return {
    mostMs: effect.latencyMs + effect.jitterMs,
    draw(random) {
      last = random * (1 - weight) + last * weight
      return Math.max(0, effect.latencyMs + (2 * last - 1) * effect.jitterMs)
    },
  }
}

/** Undefined when no rule affects the flow. This is the common case, which must stay cheap. */
export function effectOn(flow: FlowEnds, rules: HeldRules): FlowEffect | undefined {
  const matching = rules.filter((held) => matches(held.rule, flow))
  if (matching.length === 0) return undefined
  const once = [...new Map(matching.map((held) => [held.identity, held])).values()]
  return { in: directionEffect(once, 'in'), out: directionEffect(once, 'out') }
}

function directionEffect(rules: HeldRules, direction: 'in' | 'out'): DirectionEffect {
  const mine = rules.filter((held) => held.rule.direction === direction)
  return {
    blocked: mine.some((held) => held.rule.effect.kind === 'partition'),
    delays: mine.flatMap((held) => held.delay ?? []),
    buckets: mine.flatMap((held) => held.bucket ?? []),
  }
}

function matches(rule: FlowRule, flow: FlowEnds): boolean {
  if (rule.ownPorts && !rule.ownPorts.includes(flow.ownPort)) return false
  if (matchesEnd(rule, flow.peerIp, flow.peerPort)) return true
  return flow.dialled !== undefined && matchesEnd(rule, flow.dialled.ip, flow.dialled.port)
}

function matchesEnd(rule: FlowRule, ip: string, port: number): boolean {
  if (rule.peerPorts && !rule.peerPorts.includes(port)) return false
  return rule.peers === 'any' || rule.peers.some((cidr) => cidrHolds(cidr, ip))
}

/** One draw of each delay, added up as chained queues would. */
export function drawDelayMs(effect: DirectionEffect | undefined): number {
  return effect ? effect.delays.reduce((sum, delay) => sum + delay.draw(Math.random()), 0) : 0
}

export function isShaped(effect: DirectionEffect | undefined): boolean {
  return effect !== undefined && (effect.blocked || effect.delays.length > 0 || effect.buckets.length > 0)
}
