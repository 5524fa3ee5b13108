/** What is written down never holds a credential: each one is replaced by its name, in every form in which it may appear. */
import { CREDENTIAL_CHARACTERS_MIN } from '../domain/rehearsal.ts'

export type Redaction = {
  /** Hides credentials in a text. */
  readonly text: (text: string) => string
  /** Hides credentials in every text of a value that JSON can hold. */
  readonly value: <T>(value: T) => T
}

const nothing: Redaction = { text: (text) => text, value: (value) => value }

/** `credentials`: value by name. */
export function redactionOf(credentials: Readonly<Record<string, string>>): Redaction {
  const forms = Object.entries(credentials).flatMap(([name, value]) =>
    formsOf(value).map((form) => [form, name] as const),
  )
  if (forms.length === 0) return nothing
  // The longest first: a credential may be a part of another one.
  const ordered = [...forms].sort(([a], [b]) => b.length - a.length)
  const names = new Map([...ordered].reverse())
  const any = new RegExp(ordered.map(([form]) => form.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g')
  const text = (shown: string): string => shown.replace(any, (form) => `[credential ${names.get(form) ?? ''}]`)
  return { text, value: (value) => redacted(value, text) as typeof value }
}

/** As it is, and as URLs, JSON texts and base64 write it. */
function formsOf(value: string): readonly string[] {
  const base64 = Buffer.from(value).toString('base64')
  const forms = [
    value,
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
    base64,
    base64.replace(/=+$/, ''),
  ]
  return [...new Set(forms)].filter((form) => form.length >= CREDENTIAL_CHARACTERS_MIN)
}

function redacted(value: unknown, text: (text: string) => string): unknown {
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return value.map((item) => redacted(item, text))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [text(key), redacted(item, text)]))
}
