/** Compares two answers of services field by field. A body that is no JSON is one field, `body`. */
import { isObject } from './unknown.ts'

export type WholeAnswer = { readonly status: number; readonly body: string }
export type Difference = { readonly field: string; readonly one: string; readonly other: string }

/** Fields whose values differ, each once. `ignore`: fields that are left out, with all that is below them. */
export function differencesOf(one: WholeAnswer, other: WholeAnswer, ignore: readonly string[]): readonly Difference[] {
  const [left, right] = [fieldsOf(one), fieldsOf(other)]
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((field) => {
    if (ignore.some((each) => isBelow(field, each))) return []
    const [a, b] = [shown(left.get(field)), shown(right.get(field))]
    return a === b ? [] : [{ field, one: a, other: b }]
  })
}

const isBelow = (field: string, ignored: string): boolean =>
  field === ignored || field.startsWith(`${ignored}.`) || field.startsWith(`${ignored}[]`)

/** Values by field. Elements of a list share a field, `items[].id`, and are compared in order. */
function fieldsOf({ status, body }: WholeAnswer): ReadonlyMap<string, readonly unknown[]> {
  const fields = new Map<string, unknown[]>([['status', [status]]])
  const add = (field: string, value: unknown): void => {
    if (Array.isArray(value) && value.length > 0) {
      for (const each of value) add(`${field}[]`, each)
      return
    }
    const entries = isObject(value) && !Array.isArray(value) ? Object.entries(value) : []
    if (entries.length > 0) {
      for (const [key, each] of entries) add(field === '' ? key : `${field}.${key}`, each)
      return
    }
    const name = field === '' ? 'body' : field
    fields.set(name, [...(fields.get(name) ?? []), value])
  }
  add('', parsed(body))
  return fields
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return body
  }
}

const shown = (values: readonly unknown[] | undefined): string =>
  values === undefined ? 'absent' : values.map((each) => JSON.stringify(each)).join(', ')
