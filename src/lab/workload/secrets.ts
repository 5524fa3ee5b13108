/**
 * Secrets in a repository are known to everybody, and every user of this machine can reach a lab's pods. Manifests therefore hold
 * placeholders (`placeholder-wallet-db-keeper`), and each lab puts random values of its own in their place. One key for each lab decides
 * them all, so that applying the same manifests again gives the same values.
 */
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fieldsOf } from '../machine/json.ts'
import type { LabPaths } from '../machine/paths.ts'
import type { Manifest } from './render.ts'

const PLACEHOLDER = /placeholder-[a-z0-9]+(?:-[a-z0-9]+)*/g
const KEY_BYTES = 32

/** 256 bits of the lab's key for each name, in characters that need no escaping in a URL, in SQL or in YAML. */
export type SecretValues = (placeholder: string) => string

/** The values of a lab. Its key is made when the first value is wanted; only its owner may read it, and it goes with the lab. */
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

/** Puts values in the place of the placeholders of Secrets: the same name gives the same value, in every Secret. Other kinds stay as they are. */
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
