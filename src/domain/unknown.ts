/** Type checks for values of unknown shape: thrown values and foreign data. */

/** The text of any thrown value, never empty. */
export const messageOf = (thrown: unknown): string =>
  thrown instanceof Error ? thrown.message || thrown.name : String(thrown)

export const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)))

/** Any value of a foreign file as text. `String` would throw for an object whose own `toString` is no function. */
export const valueText = (value: unknown): string => (typeof value === 'object' ? JSON.stringify(value) : String(value))

/** A URL, or what was written in its place, without what may be a credential: user and password, query and fragment. */
export const urlToShow = (url: string): string =>
  url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?[^/?#]*@/i, '$1…@').replace(/[?#].*$/s, (rest) => `${rest[0]}…`)

/** Whether it has named fields: not null, not a list. */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
