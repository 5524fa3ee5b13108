/** Characters that act instead of being seen: control characters, bidirectional overrides, line separators, halves of a pair. */
const ACTING = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufffe\uffff]/gu

/**
 * Each such character becomes one that is seen: C0 controls their Unicode picture (ESC reads ␛, a newline ␊), everything else U+FFFD.
 * Characters in `kept` stay as they are.
 */
export const visible = (text: string, kept = ''): string =>
  text.toWellFormed().replace(ACTING, (char) => (kept.includes(char) ? char : pictureOf(char)))

function pictureOf(char: string): string {
  const code = char.charCodeAt(0)
  if (code < 0x20) return String.fromCharCode(0x2400 + code)
  return code === 0x7f ? '␡' : '\ufffd'
}

/** The same for every string in a value that a room without escapes turns into text. */
export function visibleIn<T>(value: T): T
export function visibleIn(value: unknown): unknown {
  if (typeof value === 'string') return visible(value)
  if (Array.isArray(value)) return value.map((each) => visibleIn(each))
  if (value instanceof Map) return new Map([...value].map(([key, each]) => [key, visibleIn(each)]))
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [visible(key), visibleIn(each)]))
}
