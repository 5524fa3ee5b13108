/**
 * Stateless login tokens: `<player>.<expiry in seconds, base 36>.<HMAC-SHA256>`. Any gateway or realtime pod verifies them
 * without asking anyone, so that a login survives the pod that answered it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

const macOf = (secret: string, signed: string): string =>
  createHmac('sha256', secret).update(signed).digest('base64url')

export function signToken(secret: string, player: string, expiresAtMs: number): string {
  const signed = `${player}.${Math.floor(expiresAtMs / 1000).toString(36)}`
  return `${signed}.${macOf(secret, signed)}`
}

/** The player of a valid token, or undefined. Every secret is tried, so that tokens outlive a rotation. */
export function verifyToken(secrets: readonly string[], token: string, nowMs: number): string | undefined {
  const parts = token.split('.')
  const [player, expiry, mac] = parts
  if (parts.length !== 3 || !player || !expiry || !mac) return undefined
  // As text: decoded, `+` and `/` and spare bits at the end would be other spellings of the same token.
  const given = Buffer.from(mac)
  const genuine = secrets.some((secret) => {
    const expected = Buffer.from(macOf(secret, `${player}.${expiry}`))
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  return genuine && Number.parseInt(expiry, 36) * 1000 > nowMs ? player : undefined
}
