/**
 * The signature of a journal, made when the run has ended: Ed25519 (RFC 8032) over the hash of the last line. The chain alone proves that no
 * line was changed by accident or by hand; whoever rewrites the whole file can also compute a new chain. Only the holder of the key can sign it again.
 */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { because } from './journal-error.ts'

/** Beside the journal in the folder of its run. */
export const SIGNATURE_FILE = 'journal.sig.json'

/** The file. `message` is what is signed, as UTF-8; `signature` is base64; `key` is the SHA-256 of the public key (SPKI, DER) in hex. */
export type SignatureFile = { readonly message: string; readonly signature: string; readonly key: string }

export type Signed = { readonly lines: number; readonly hash: string }
export type KeyRead = { readonly ok: true; readonly key: KeyObject } | { readonly ok: false; readonly problem: string }

/** A private key in PEM, as `openssl genpkey -algorithm ed25519` writes it. */
export const readSigningKey = (path: string): KeyRead => readKey(path, createPrivateKey)
/** A public key in PEM, as `openssl pkey -pubout` writes it. */
export const readVerifyKey = (path: string): KeyRead => readKey(path, createPublicKey)

function readKey(path: string, create: (pem: Buffer) => KeyObject): KeyRead {
  try {
    const key = create(readFileSync(path))
    if (key.asymmetricKeyType === 'ed25519') return { ok: true, key }
    return { ok: false, problem: `is a key of the type ${key.asymmetricKeyType}, not ed25519` }
  } catch (error) {
    return { ok: false, problem: `holds no key that can be read: ${because(error)}` }
  }
}

export function signed(run: string, { lines, hash }: Signed, key: KeyObject): SignatureFile {
  const message = messageOf(run, lines, hash)
  return { message, signature: sign(null, Buffer.from(message), key).toString('base64'), key: fingerprint(key) }
}

/** One line of text, so that other tools can make and check it. */
const messageOf = (run: string, lines: number, hash: string): string => `matchday journal ${run} ${lines} ${hash}`
const MESSAGE = /^matchday journal (\S+) (\d{1,15}) ([0-9a-f]{64})$/

export type Verified =
  | ({ readonly ok: true; readonly run: string; readonly key: string } & Signed)
  | { readonly ok: false; readonly problem: string }

/** Whether the text of a signature file was made by the holder of the key, and what it signs. Compare that with the journal. */
export function verified(text: string, key: KeyObject): Verified {
  const file = parse(text)
  const [, run, lines, hash] = MESSAGE.exec(file?.message ?? '') ?? []
  if (file === undefined || run === undefined || hash === undefined)
    return { ok: false, problem: `${SIGNATURE_FILE} is not a signature of a journal` }
  if (!verify(null, Buffer.from(file.message), key, Buffer.from(file.signature, 'base64')))
    return { ok: false, problem: `${SIGNATURE_FILE} was not made with this key` }
  return { ok: true, run, lines: Number(lines), hash, key: fingerprint(key) }
}

function parse(text: string): Pick<SignatureFile, 'message' | 'signature'> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value !== 'object' || value === null || !('message' in value) || !('signature' in value))
      return undefined
    const { message, signature } = value
    return typeof message === 'string' && typeof signature === 'string' ? { message, signature } : undefined
  } catch {
    return undefined
  }
}

function fingerprint(key: KeyObject): string {
  const open = key.type === 'private' ? createPublicKey(key) : key
  return createHash('sha256')
    .update(open.export({ type: 'spki', format: 'der' }))
    .digest('hex')
}
