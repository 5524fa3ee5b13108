/**
 * Who may see and do what. A page on another site, or a name that was made to point at this machine (DNS rebinding), reaches any server on loopback.
 * So every request must name this server as its host; a request that changes something must come from this server's own page; and nothing is
 * shown without a token. The token is exchanged for a cookie whose name carries the port, because cookies are not kept apart by port.
 * Sources: Fetch Metadata (Sec-Fetch-Site), RFC 6265bis (SameSite), and the flaws that local tools had (CVE-2025-24010, CVE-2025-49596).
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

export type Rights = 'watch' | 'act'

export type PageAccess = {
  readonly tokens: Readonly<Record<Rights, string>>
  /** Why the request is turned away, whoever sent it. */
  problemOf(request: IncomingMessage): string | undefined
  /** The `Set-Cookie` header for a token; undefined if it is none of ours. */
  cookieFor(token: string): string | undefined
  rightsOf(request: IncomingMessage): Rights | undefined
}

/** A link to the page in a chat or a mail: the page itself holds no data. */
const isLinkToPage = ({ method, url, headers }: IncomingMessage): boolean =>
  method === 'GET' &&
  url === '/' &&
  headers['sec-fetch-mode'] === 'navigate' &&
  headers['sec-fetch-dest'] === 'document'

/** 128 bits. */
const newToken = (): string => randomBytes(16).toString('base64url')
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
const same = (a: string, b: string): boolean => timingSafeEqual(digest(a), digest(b))

export function createPageAccess(port: number): PageAccess {
  const tokens = { act: newToken(), watch: newToken() }
  /** What the browser keeps is not the token: it is of no use at another time or port. */
  const cookies = { act: newToken(), watch: newToken() }
  const name = `matchday-${port}`
  const hosts = new Set([`127.0.0.1:${port}`, `localhost:${port}`])
  const origins = new Set([...hosts].map((host) => `http://${host}`))
  const kinds = ['act', 'watch'] as const

  return {
    tokens,
    problemOf(request) {
      const { method, headers } = request
      if (headers.host === undefined || !hosts.has(headers.host)) return 'this server is not asked by that name'
      const site = headers['sec-fetch-site']
      const own = site === undefined || site === 'same-origin' || site === 'none'
      if (!own && !isLinkToPage(request)) return 'another site may not ask this server'
      if (method === 'GET' || method === 'HEAD') return undefined
      if (headers.origin === undefined || !origins.has(headers.origin))
        return 'only the page of this server may ask that'
      return headers['content-type'] === 'application/json' ? undefined : 'the request must be application/json'
    },
    cookieFor(token) {
      const kind = kinds.find((each) => same(tokens[each], token))
      return kind === undefined ? undefined : `${name}=${cookies[kind]}; HttpOnly; SameSite=Strict; Path=/`
    },
    rightsOf({ headers }) {
      const given = (headers.cookie ?? '')
        .split(';')
        .map((each) => each.trim())
        .flatMap((each) => (each.startsWith(`${name}=`) ? [each.slice(name.length + 1)] : []))
      return kinds.find((kind) => given.some((each) => same(cookies[kind], each)))
    },
  }
}
