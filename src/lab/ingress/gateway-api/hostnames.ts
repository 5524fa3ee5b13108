// Hostnames of listeners and routes. Unlike an Ingress, a wildcard of the Gateway API matches one label or more: *.example.com matches
// a.example.com and a.b.example.com, and not example.com.

/** `a.example.com:8080` → `a.example.com`. */
export const hostOf = (header: string): string => header.replace(/:\d+$/, '').toLowerCase()

/** Whether a request for `host` is for `pattern`; the empty pattern matches every host. */
export function matchesHostname(pattern: string, host: string): boolean {
  if (pattern === '' || pattern === host) return true
  return isWildcard(pattern) && host.length > pattern.length - 1 && host.endsWith(pattern.slice(1))
}

/** Sorts the most specific pattern first: an exact name, then the longest wildcard, then "every host". */
export function bySpecificity(one: string, other: string): number {
  return rank(other) - rank(one) || other.length - one.length
}

const rank = (pattern: string): number => (pattern === '' ? 0 : isWildcard(pattern) ? 1 : 2)
const isWildcard = (pattern: string): boolean => pattern.startsWith('*.')

/** The hosts that both patterns match, as a pattern; undefined when there are none. */
export function intersection(one: string, other: string): string | undefined {
  const narrower = bySpecificity(one, other) <= 0 ? one : other
  const wider = narrower === one ? other : one
  const example = isWildcard(narrower) ? narrower.slice(1) : narrower
  if (wider === '' || wider === narrower) return narrower
  return isWildcard(wider) && example.endsWith(wider.slice(1)) && narrower.length >= wider.length ? narrower : undefined
}

/** The patterns under which a route is served by a listener. Empty when they have no host in common. */
export function commonHostnames(listener: string, route: readonly string[]): readonly string[] {
  if (route.length === 0) return [listener]
  return route.flatMap((each) => intersection(listener, each.toLowerCase()) ?? [])
}
