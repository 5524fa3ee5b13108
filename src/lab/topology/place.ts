/**
 * A place keeps labs on one machine apart. Two labs may run side by side if they share no loopback address. A place is a range of node
 * numbers, from which node and pod addresses follow, and the address of the ingress. The cli knows only the first place, so users have one
 * lab per machine at an address that never changes. The tests use two.
 */
export type Place = number

export const FIRST_PLACE: Place = 0

/** A lab boots with at most six nodes. Ten numbers per place make a node's number show its place, and leave four for nodes that join later. */
export const NODES_A_PLACE = 10

/** Ingresses listen on 127.99.0.1 to 127.99.0.9, nodes on 127.99.0.11 and above (see addresses.ts). */
export const PLACES_MAX = 9

/**
 * The address of the lab at this place: its ingress listens there, and it claims the place. @throws RangeError for a place outside 0 to 8
 */
export function hostOf(place: Place): string {
  if (!Number.isInteger(place) || place < 0 || place >= PLACES_MAX)
    throw new RangeError(`a lab's place must be 0 to ${PLACES_MAX - 1}, got ${place}`)
  return `127.99.0.${place + 1}`
}

// The last octet of an address: 1 to 254.
const GATEWAYS_MAX = 254

/** The address of the n-th Gateway of a lab, from 1; undefined when there are no more. */
export function gatewayAddress(place: Place, n: number): string | undefined {
  return n <= GATEWAYS_MAX ? `127.98.${place}.${n}` : undefined
}
