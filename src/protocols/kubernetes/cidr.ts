/** IPv4 blocks, as in the `ipBlock` of a NetworkPolicy. */

/** A block as two unsigned 32-bit numbers: an address belongs to it when `(address & mask) === base`. */
export type Cidr = { readonly base: number; readonly mask: number }

/** Octets without leading zeros, which some programs read as octal. */
const IPV4 = /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/

/** The address as an unsigned 32-bit number; undefined when it is not IPv4 in dotted form. */
export function ipv4Number(address: string): number | undefined {
  if (!IPV4.test(address)) return undefined
  const octets = address.split('.').map(Number)
  return octets.some((octet) => octet > 255) ? undefined : octets.reduce((sum, octet) => sum * 256 + octet, 0)
}

/** Parses `10.244.0.0/16`; undefined when it is anything else. Host bits are ignored, as iptables and ipset do. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', prefix = '', ...rest] = text.split('/')
  const ip = ipv4Number(address)
  if (ip === undefined || rest.length > 0 || !/^\d{1,2}$/.test(prefix) || Number(prefix) > 32) return undefined
  const mask = Number(prefix) === 0 ? 0 : (0xffff_ffff << (32 - Number(prefix))) >>> 0
  return { base: (ip & mask) >>> 0, mask }
}

const parsed = new Map<string, Cidr | undefined>()
// Rules and policies of a cluster name some hundred blocks. The bound only guards against a caller that generates blocks without end.
const PARSED_MAX = 10_000

/** True when `address` lies in the block `cidr`; a block that cannot be parsed holds nothing. */
export function cidrHolds(cidr: string, address: string): boolean {
  if (!parsed.has(cidr)) {
    if (parsed.size >= PARSED_MAX) parsed.clear()
    parsed.set(cidr, parseCidr(cidr))
  }
  const block = parsed.get(cidr)
  const ip = ipv4Number(address)
  return block !== undefined && ip !== undefined && (ip & block.mask) >>> 0 === block.base
}
