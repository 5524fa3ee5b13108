// The settings of a route from its annotations, with ingress-nginx's names and defaults.

export type Affinity =
  | { kind: 'none' }
  | { kind: 'cookie'; name: string; maxAgeSeconds: number }
  | { kind: 'client-address' }

export type RouteSettings = {
  affinity: Affinity
  connectMs: number
  readMs: number
  /** Which requests may be sent to another pod after a silent pod may have seen them: none, idempotent methods, or all. */
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

/**
 * Only nginx's condition `timeout` is supported, and it is detected early. A broken connection stays an error, because it shows a pod that
 * died.
 */
function repeatsOf(conditions: readonly string[]): RouteSettings['repeats'] {
  if (!conditions.includes('timeout')) return 'none'
  return conditions.includes('non_idempotent') ? 'all' : 'idempotent'
}

function affinityOf(read: (name: string) => string | undefined): Affinity {
  if (read('affinity') === 'cookie') {
    // A cookie without Max-Age lasts as long as the browser's session. A cookie with an empty name would not be a cookie.
    const maxAgeSeconds = seconds(read('session-cookie-max-age'), 0)
    return { kind: 'cookie', name: cookieName(read('session-cookie-name')), maxAgeSeconds }
  }
  const hashed = read('upstream-hash-by') ?? ''
  return /^\$(binary_)?remote_addr$/.test(hashed) ? { kind: 'client-address' } : { kind: 'none' }
}

function cookieName(given: string | undefined): string {
  return given !== undefined && /^[\w!#$%&'*+.^`|~-]+$/.test(given) ? given : 'INGRESSCOOKIE'
}

/** ingress-nginx takes plain numbers of seconds. Anything else is ignored. */
function seconds(text: string | undefined, byDefault: number): number {
  const number = Number(text)
  return text !== undefined && text !== '' && Number.isFinite(number) && number > 0 ? number : byDefault
}
