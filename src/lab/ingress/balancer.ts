// Chooses the endpoint for a request: the one with the fewest outstanding requests (nginx's least_conn), or the one that a client sticks
// to. The cookie contains a hash of the endpoint, so that it reveals no address and another replica of the ingress would read it the same
// way.
import { createHash } from 'node:crypto'
import type { Endpoint } from '../topology/addresses.ts'
import type { Route } from './routes.ts'

export type Client = { address: string; cookies: string | undefined }

/** If there is a `cookie`, it must be set on the response. */
export type EndpointChoice = { endpoint: Endpoint; cookie?: string }

export type Balancer = {
  /** @param tried endpoints that could not be reached for this request */
  choose(
    route: Route,
    endpoints: readonly Endpoint[],
    client: Client,
    tried: ReadonlySet<Endpoint>,
  ): EndpointChoice | undefined
}

/** Endpoints with equally many outstanding requests take turns. */
export function createBalancer(outstanding: (endpoint: Endpoint) => number = () => 0): Balancer {
  const turns = new Map<string, number>()

  function next(route: Route, among: readonly Endpoint[]): Endpoint | undefined {
    const least = Math.min(...among.map(outstanding))
    const endpoints = among.filter((endpoint) => outstanding(endpoint) === least)
    const key = `${route.namespace}/${route.service}:${route.port}`
    const turn = turns.get(key) ?? Math.floor(Math.random() * endpoints.length)
    turns.set(key, turn + 1)
    return endpoints[turn % endpoints.length]
  }

  return {
    choose(route, all, client, tried) {
      const endpoints = tried.size === 0 ? all : all.filter((endpoint) => !tried.has(endpoint))
      const { affinity } = route.settings
      switch (affinity.kind) {
        case 'none':
          return chosen(next(route, endpoints))
        case 'client-address':
          return chosen(heaviest(endpoints, client.address))
        case 'cookie': {
          const said = cookieValue(client.cookies, affinity.name)
          const kept = said === undefined ? undefined : endpoints.find((endpoint) => fingerprint(endpoint) === said)
          if (kept) return { endpoint: kept }
          const fresh = next(route, endpoints)
          return fresh && { endpoint: fresh, cookie: cookie(affinity, fresh) }
        }
      }
    },
  }
}

function chosen(endpoint: Endpoint | undefined): EndpointChoice | undefined {
  return endpoint && { endpoint }
}

// Rendezvous hashing: when endpoints come and go, only the clients of removed endpoints move.
function heaviest(endpoints: readonly Endpoint[], client: string): Endpoint | undefined {
  const weigh = (endpoint: Endpoint) => digest(`${client} ${endpoint.join(':')}`)
  return [...endpoints].sort((one, other) => (weigh(one) < weigh(other) ? 1 : -1))[0]
}

function fingerprint(endpoint: Endpoint): string {
  return digest(endpoint.join(':')).slice(0, 32)
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function cookie(affinity: { name: string; maxAgeSeconds: number }, endpoint: Endpoint): string {
  const age = affinity.maxAgeSeconds > 0 ? `; Max-Age=${affinity.maxAgeSeconds}` : ''
  return `${affinity.name}=${fingerprint(endpoint)}; Path=/; HttpOnly${age}`
}

function cookieValue(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const at = part.indexOf('=')
    if (part.slice(0, at).trim() === name) return part.slice(at + 1).trim()
  }
  return undefined
}
