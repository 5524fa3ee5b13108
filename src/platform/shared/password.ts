/** Password hashes: scrypt, stored as `<cost>$<salt>$<hash>` (base64url), so that a new cost needs no new column. */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'

const HASH_BYTES = 32
/** scrypt needs 128 × N × r bytes: with r = 8 a cost of 65,536 takes 64 MiB. A row may not ask for more than that. */
const MAX_COST = 65_536
const MAX_MEMORY_BYTES = 128 * 1024 * 1024

function derive(password: string, salt: Buffer, cost: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, salt, HASH_BYTES, { N: cost, r: 8, p: 1, maxmem: MAX_MEMORY_BYTES }, (error, hash) =>
      error ? reject(error) : resolve(hash),
    )
  })
}

/** `cost` is scrypt's N: a power of two. */
export async function hashPassword(password: string, cost: number): Promise<string> {
  const salt = randomBytes(16)
  const hash = await derive(password, salt, cost)
  return `${cost}$${salt.toString('base64url')}$${hash.toString('base64url')}`
}

export async function verifyPassword(password: string, stored: string): Promise<boolean> {
  const [cost, salt, hash] = stored.split('$')
  const n = Number(cost)
  if (!salt || !hash || !Number.isInteger(n) || n < 2 || n > MAX_COST || (n & (n - 1)) !== 0) return false
  const expected = Buffer.from(hash, 'base64url')
  const given = await derive(password, Buffer.from(salt, 'base64url'), n)
  return expected.length === given.length && timingSafeEqual(given, expected)
}
