// Sets of IPv4 addresses as sorted ranges that neither overlap nor touch, which is how the kernel's sets want them.
import { ipv4Number, parseCidr } from '../../protocols/kubernetes/cidr.ts'

/** Inclusive, as unsigned 32-bit numbers. */
export type Ranges = readonly (readonly [first: number, last: number])[]

const LAST = 0xffff_ffff

export const allAddresses: Ranges = [[0, LAST]]

/** What is no IPv4 address is left out: the lab has no other. */
export const ipRanges = (ips: readonly string[]): Ranges =>
  merged(
    ips.flatMap((ip) => {
      const address = ipv4Number(ip)
      return address === undefined ? [] : [[address, address] as const]
    }),
  )

/** A block that cannot be parsed holds nothing. */
export const cidrRanges = (cidrs: readonly string[]): Ranges =>
  merged(
    cidrs.flatMap((cidr) => {
      const block = parseCidr(cidr)
      return block ? [[block.base, block.base + (LAST - block.mask)] as const] : []
    }),
  )

function merged(ranges: Ranges): Ranges {
  const result: [number, number][] = []
  for (const [first, last] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const before = result.at(-1)
    if (before && first <= before[1] + 1) before[1] = Math.max(before[1], last)
    else result.push([first, last])
  }
  return result
}

/** The addresses of `ranges` that are not in `holes`. */
export function without(ranges: Ranges, holes: Ranges): Ranges {
  return holes.reduce<Ranges>(
    (left, [first, last]) =>
      left.flatMap(([from, to]) => {
        if (last < from || first > to) return [[from, to] as const]
        const before = first > from ? [[from, first - 1] as const] : []
        const after = last < to ? [[last + 1, to] as const] : []
        return [...before, ...after]
      }),
    ranges,
  )
}
