// One rule of the kernel for packets, as labnet reads it (src/toolchain/go/labnet/labnet/rules.go).
import { ipRanges, type Ranges } from './address-ranges.ts'

/** A missing condition holds for all packets. Ports are inclusive ranges. */
export type PacketRule = {
  readonly from?: Ranges
  readonly to?: Ranges
  readonly protocol?: 'tcp' | 'udp'
  readonly fromPort?: PortRange
  readonly toPort?: PortRange
  /** Holds for one of so many packets, at random. */
  readonly oneIn?: number
  /** Holds for the callers whose hash, divided by `of`, leaves `is`: a caller keeps its endpoint. */
  readonly share?: { readonly of: number; readonly is: number }
  /** Packets of a connection that was let through. */
  readonly established?: true
  /** Would leave through the loopback device: nobody has the address. */
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
