// One rule of the kernel for packets, as labnet reads it (src/toolchain/go/labnet/labnet/rules.go).
import { ipRanges, type Ranges } from './address-ranges.ts'

/** A missing condition matches all packets. Ports are inclusive ranges. */
export type PacketRule = {
  readonly from?: Ranges
  readonly to?: Ranges
  readonly protocol?: 'tcp' | 'udp'
  readonly fromPort?: PortRange
  readonly toPort?: PortRange
  /** Matches one of this many packets, at random. */
  readonly oneIn?: number
  /** Matches callers whose hash modulo `of` is `is`, so that a caller keeps its endpoint. */
  readonly share?: { readonly of: number; readonly is: number }
  /** Packets of a connection that was let through. */
  readonly established?: true
  /** Would leave through the loopback device, because no pod has the address. */
  readonly lost?: true
  readonly action: PacketVerdict
}

type PortRange = readonly [first: number, last: number]

export type PacketVerdict =
  | { readonly kind: 'accept' | 'drop' | 'return' | 'refuse' }
  | { readonly kind: 'jump'; readonly chain: string }
  | { readonly kind: 'send-to' | 'send-from'; readonly ip: string; readonly port: number }

export type PacketChain = {
  readonly name: string
  /** Where the kernel enters it; without one, only jumps lead here. */
  readonly at?: { readonly type: 'nat' | 'filter'; readonly hook: PacketHook }
  readonly rules: readonly PacketRule[]
}

export type PacketHook = 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting'

export const one = (ip: string): Ranges => ipRanges([ip])
export const jump = (chain: string): PacketVerdict => ({ kind: 'jump', chain })
export const DROP: PacketVerdict = { kind: 'drop' }
export const RETURN: PacketVerdict = { kind: 'return' }
