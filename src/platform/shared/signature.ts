/**
 * Signatures of provider webhooks: `t=<unix seconds>,v1=<HMAC-SHA256 of "t.body" in hex>`. The time is signed too, so that a
 * recorded call can't be replayed for ever; within its tolerance the inbox drops what it has already seen.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'

export const SIGNATURE_HEADER = 'x-signature'
const TOLERANCE_MS = 300_000
const SHAPE = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/

const macOf = (secret: string, seconds: string, body: Buffer | string): Buffer =>
  createHmac('sha256', secret).update(`${seconds}.`).update(body).digest()

export function signBody(secret: string, body: Buffer | string, nowMs: number): string {
  const seconds = String(Math.floor(nowMs / 1000))
  return `t=${seconds},v1=${macOf(secret, seconds, body).toString('hex')}`
}

export function verifyBody(
  secrets: readonly string[],
  body: Buffer | string,
  header: string | undefined,
  nowMs: number,
): boolean {
  const [, seconds, mac] = SHAPE.exec(header ?? '') ?? []
  if (seconds === undefined || mac === undefined) return false
  if (Math.abs(nowMs - Number(seconds) * 1000) > TOLERANCE_MS) return false
  const given = Buffer.from(mac, 'hex')
  return secrets.some((secret) => timingSafeEqual(given, macOf(secret, seconds, body)))
}
