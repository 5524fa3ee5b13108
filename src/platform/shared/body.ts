/**
 * Parsers for JSON bodies. Written by hand: the shapes are tiny, and a schema compiler would cost more start-up time per pod
 * than all of a service's own code.
 */
import { badRequest } from './problem.ts'

export type Json = Readonly<Record<string, unknown>>

/** Keys are compared bytewise and appear in URLs and logs. */
const KEY = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/
const PLAYER = /^[a-z0-9][a-z0-9-]{0,63}$/
const RUN = /^[a-z0-9-]{1,64}$/
/** Ten million euros: far above any bet or deposit, far below 2^53 cents. */
const MAX_CENTS = 1_000_000_000

export function objectOf(value: unknown): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRequest('the body must be a JSON object')
  return value as Json
}

export function parseJson(text: string | Buffer): Json {
  try {
    return objectOf(JSON.parse(text.toString()))
  } catch (thrown) {
    throw thrown instanceof SyntaxError ? badRequest('the body is not JSON') : thrown
  }
}

export function textField(body: Json, name: string, maxLength = 256): string {
  const value = body[name]
  if (typeof value === 'string' && value.length > 0 && value.length <= maxLength) return value
  throw badRequest(`${name} must be a text of 1 to ${maxLength} characters`)
}

export function centsField(body: Json, name: string, min = 1): number {
  const value = body[name]
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= min && value <= MAX_CENTS) return value
  throw badRequest(`${name} must be a whole number of cents from ${min} to ${MAX_CENTS}`)
}

export function numberField(body: Json, name: string, min: number, max: number): number {
  const value = body[name]
  if (typeof value === 'number' && value >= min && value <= max) return value
  throw badRequest(`${name} must be a number from ${min} to ${max}`)
}

export function integerField(body: Json, name: string, min: number, max: number): number {
  const value = numberField(body, name, min, max)
  if (Number.isInteger(value)) return value
  throw badRequest(`${name} must be a whole number`)
}

export function toggleField(body: Json, name: string): boolean {
  const value = body[name]
  if (typeof value === 'boolean') return value
  throw badRequest(`${name} must be true or false`)
}

export function arrayField(body: Json, name: string, maxLength: number): readonly unknown[] {
  const value = body[name]
  if (Array.isArray(value) && value.length <= maxLength) return value
  throw badRequest(`${name} must be a list of at most ${maxLength} items`)
}

const matching =
  (pattern: RegExp, what: string) =>
  (value: unknown): string => {
    if (typeof value === 'string' && pattern.test(value)) return value
    throw badRequest(`${what} must match ${pattern.source}`)
  }

export const keyOf = matching(KEY, 'the idempotency key')
export const playerOf = matching(PLAYER, 'the player')
export const runOf = matching(RUN, 'the run')
