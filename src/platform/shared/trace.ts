/** W3C trace context: one id from the first hop to the provider, so that a deposit can be followed through all logs. */
import { randomBytes } from 'node:crypto'

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/

/** The caller's traceparent if it is well formed, otherwise a new one. */
export function traceparentOf(header: string | string[] | undefined): string {
  if (typeof header === 'string' && TRACEPARENT.test(header)) return header
  const ids = randomBytes(24).toString('hex')
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-01`
}

/** The 32 hex digits that all log lines of one operation share. */
export const traceIdOf = (traceparent: string): string => traceparent.slice(3, 35)
