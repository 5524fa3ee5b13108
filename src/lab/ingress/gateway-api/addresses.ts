// Each Gateway has an address of its own, so that two Gateways may have the same port.
import { isIPv4 } from 'node:net'
import type { PlannedGateway } from './plan.ts'

/** The n-th address for Gateways, from 1; undefined when there are no more. */
export type AddressRange = (n: number) => string | undefined

export type Addresses = {
  /** The address of each Gateway, by its key. A Gateway keeps its address as long as it exists. */
  assign(gateways: readonly PlannedGateway[]): ReadonlyMap<string, string>
}

export function createAddresses(range: AddressRange): Addresses {
  let current: ReadonlyMap<string, string> = new Map()
  return {
    assign(gateways) {
      const wanted = gateways.filter(({ wanted: asked }) => asked === undefined || isLoopback(asked))
      const next = new Map<string, string>()
      for (const { key, wanted: asked } of wanted) if (asked !== undefined) next.set(key, asked)
      const floating = wanted.filter(({ wanted: asked }) => asked === undefined)
      for (const planned of floating) {
        const before = current.get(planned.key) ?? reported(planned, range)
        if (before !== undefined && !has(next, before)) next.set(planned.key, before)
      }
      for (const { key } of floating) {
        const free = next.has(key) ? undefined : firstFree(next, range)
        if (free !== undefined) next.set(key, free)
      }
      current = next
      return next
    },
  }
}

const isLoopback = (address: string): boolean => isIPv4(address) && address.startsWith('127.')
const has = (taken: ReadonlyMap<string, string>, address: string): boolean => [...taken.values()].includes(address)

/** After a restart of the ingress, the status still says which address the Gateway had. */
function reported({ gateway }: PlannedGateway, range: AddressRange): string | undefined {
  const value = gateway.status?.addresses?.[0]?.value
  const [first = ''] = [range(1)]
  return value !== undefined && prefixOf(value) === prefixOf(first) ? value : undefined
}

const prefixOf = (address: string): string => address.split('.').slice(0, 3).join('.')

function firstFree(taken: ReadonlyMap<string, string>, range: AddressRange): string | undefined {
  for (let n = 1; ; n += 1) {
    const address = range(n)
    if (address === undefined || !has(taken, address)) return address
  }
}
