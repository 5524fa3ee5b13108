/**
 * Where on the machine a lab lives. Two labs may run side by side if none of their loopback addresses is the same: a place is a range of
 * node numbers, from which the addresses of nodes and pods follow, and the address of the front door. The cli knows only the first place, so
 * that users meet one lab a machine, at an address that never changes; the tests use two.
 */
export type Place = number

export const FIRST_PLACE: Place = 0

/** Six nodes a lab; ten, so that a node's number shows its place. */
export const NODES_A_PLACE = 10

/** The front doors are 127.99.0.1 to 127.99.0.9, the nodes 127.99.0.11 and on (see addresses.ts). */
export const PLACES_MAX = 9

/** Where the ingress of the lab at this place listens, and its claim. @throws RangeError for a place that no machine has */
export function hostOf(place: Place): string {
  if (!Number.isInteger(place) || place < 0 || place >= PLACES_MAX)
    throw new RangeError(`a machine has the places 0 to ${PLACES_MAX - 1} for labs, got ${place}`)
  return `127.99.0.${place + 1}`
}
