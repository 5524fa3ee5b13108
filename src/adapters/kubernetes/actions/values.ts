/** The content of a ConfigMap: its digest, and keys that are written and restored together, so that pods never see half of a change. */
import { createHash } from 'node:crypto'
import type { Undo } from '../../../domain/evidence.ts'
import type { KubeObject } from '../../../protocols/kubernetes/api.ts'
import { fields } from '../fields.ts'

export type RestoreValues = Extract<Undo, { does: 'restore-values' }>
type Values = Readonly<Record<string, string>>

export function valuesOf(configMap: KubeObject): Values {
  const { data } = configMap as { readonly data?: unknown }
  return Object.fromEntries(Object.entries(fields(data)).map(([key, value]) => [key, String(value)]))
}

/** SHA-256 in hex over the keys and values, `data` and `binaryData`, as JSON in the order of the keys. */
export function digestOf(configMap: KubeObject, set: Values = {}): string {
  const { binaryData } = configMap as { readonly binaryData?: unknown }
  const sorted = (values: object) => Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
  const content = [sorted({ ...valuesOf(configMap), ...set }), sorted(fields(binaryData))]
  return createHash('sha256').update(JSON.stringify(content)).digest('hex')
}

/** The undo of writing these values; undefined if the ConfigMap holds all of them. */
export function restoreValues(configMap: KubeObject, path: string, set: Values): RestoreValues | undefined {
  const now = valuesOf(configMap)
  const wrote = Object.fromEntries(Object.entries(set).filter(([key, value]) => now[key] !== value))
  const keys = Object.keys(wrote)
  if (keys.length === 0) return undefined
  return { does: 'restore-values', path, wrote, was: Object.fromEntries(keys.map((key) => [key, now[key] ?? null])) }
}

/** Keys that still hold what was written. */
export const heldValues = (configMap: KubeObject, { wrote }: RestoreValues): readonly string[] => {
  const now = valuesOf(configMap)
  return Object.keys(wrote).filter((key) => now[key] === wrote[key])
}

/** The values before, of those keys. Null removes a key in a merge patch (RFC 7386). */
export const valuesBefore = (configMap: KubeObject, undo: RestoreValues): Readonly<Record<string, string | null>> =>
  Object.fromEntries(heldValues(configMap, undo).map((key) => [key, undo.was[key] ?? null]))

/** A key that holds neither what was read nor what was written, as `LIMIT is 30`. */
export function otherValue(configMap: KubeObject, { wrote, was }: RestoreValues): string | undefined {
  const now = valuesOf(configMap)
  const other = Object.keys(wrote).find((key) => now[key] !== wrote[key] && (now[key] ?? null) !== was[key])
  return other === undefined ? undefined : `${other} is ${now[other] ?? 'gone'}`
}
