// What annotations say about a route, under the names that ingress-nginx gave them, with its defaults.

export type Affinity =
  | { kind: 'none' }
  | { kind: 'cookie'; name: string; maxAgeSeconds: number }
  | { kind: 'client-address' }

export type RouteSettings = {
  affinity: Affinity
  connectMs: number
  readMs: number
  /** Of requests that a silent pod may have seen, those that another may be sent: none, idempotent methods, or all. */
  repeats: 'none' | 'idempotent' | 'all'
}

const PREFIX = 'nginx.ingress.kubernetes.io/'
const CONNECT_DEFAULT_SECONDS = 5
const READ_DEFAULT_SECONDS = 60
const NEXT_DEFAULT = 'error timeout'

export function settingsOf(annotations: Readonly<Record<string, string>>): RouteSettings {
  const read = (name: string) => annotations[PREFIX + name]
  return {
    affinity: affinityOf(read),
    connectMs: 1000 * seconds(read('proxy-connect-timeout'), CONNECT_DEFAULT_SECONDS),
    readMs: 1000 * seconds(read('proxy-read-timeout'), READ_DEFAULT_SECONDS),
    repeats: repeatsOf((read('proxy-next-upstream') ?? NEXT_DEFAULT).split(/\s+/)),
  }
}

/** Of nginx's conditions only `timeout` is known here, found early. A connection that breaks stays an error: it shows a pod that died. */
function repeatsOf(conditions: readonly string[]): RouteSettings['repeats'] {
  if (!conditions.includes('timeout')) return 'none'
  return conditions.includes('non_idempotent') ? 'all' : 'idempotent'
}

function affinityOf(read: (name: string) => string | undefined): Affinity {
  if (read('affinity') === 'cookie') {
    // A cookie without an age lasts as long as the browser's session; an empty name would be no cookie.
    const maxAgeSeconds = seconds(read('session-cookie-max-age'), 0)
    return { kind: 'cookie', name: cookieName(read('session-cookie-name')), maxAgeSeconds }
  }
  const hashed = read('upstream-hash-by') ?? ''
  return /^\$(binary_)?remote_addr$/.test(hashed) ? { kind: 'client-address' } : { kind: 'none' }
}

function cookieName(given: string | undefined): string {
  return given !== undefined && /^[\w!#$%&'*+.^`|~-]+$/.test(given) ? given : 'INGRESSCOOKIE'
}

/** ingress-nginx takes plain numbers of seconds; what is no number counts as absent. */
function seconds(text: string | undefined, byDefault: number): number {
  const number = Number(text)
  return text !== undefined && text !== '' && Number.isFinite(number) && number > 0 ? number : byDefault
}
