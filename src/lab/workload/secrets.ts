/**
 * Secrets in a repository are public, and every user of this machine can reach a lab's pods. So manifests contain placeholders
 * (`placeholder-wallet-db-keeper`), and each lab replaces them with random values of its own. All values of a lab derive from one key, so
 * that applying the same manifests again gives the same values.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fieldsOf } from '../machine/json.ts'
import type { LabPaths } from '../machine/paths.ts'
import type { Manifest } from './render.ts'

const PLACEHOLDER = /placeholder-[a-z0-9]+(?:-[a-z0-9]+)*/g
const KEY_BYTES = 32

/** The value for a placeholder: 256 bits derived from the lab's key, in characters that need no escaping in a URL, in SQL or in YAML. */
export type SecretValues = (placeholder: string) => string

/**
 * The secret values of a lab. Its key is created when the first value is needed. Only the lab's owner may read it, and it is deleted with
 * the lab.
 */
export function secretsOf({ controlPlane }: Pick<LabPaths, 'controlPlane'>): SecretValues {
  let key: Buffer | undefined
  return (placeholder) => {
    key ??= keyIn(controlPlane)
    return createHmac('sha256', key).update(placeholder).digest('hex')
  }
}

function keyIn(folder: string): Buffer {
  const file = join(folder, 'workload-secrets.key')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (!existsSync(file)) writeFileSync(file, randomBytes(KEY_BYTES), { mode: 0o600, flag: 'wx' })
  return readFileSync(file)
}

/**
 * Replaces the placeholders of a Secret with values. The same name gives the same value in every Secret. Other kinds are returned
 * unchanged.
 */
export function fillSecret(manifest: Manifest, values: SecretValues): Manifest {
  if (manifest.kind !== 'Secret') return manifest
  const filled = (text: string): string => text.replace(PLACEHOLDER, values)
  const recoded = (data: string): string => {
    const text = Buffer.from(data, 'base64').toString('latin1')
    return Buffer.from(filled(text), 'latin1').toString('base64')
  }
  return {
    ...manifest,
    ...(manifest.stringData === undefined ? {} : { stringData: mapped(manifest.stringData, filled) }),
    ...(manifest.data === undefined ? {} : { data: mapped(manifest.data, recoded) }),
  }
}

const mapped = (entries: unknown, change: (text: string) => string): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fieldsOf(entries)).map(([name, value]) => [name, typeof value === 'string' ? change(value) : value]),
  )
