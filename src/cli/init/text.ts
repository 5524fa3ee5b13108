/** Words of a cluster in generated files: as YAML scalars and in comments. */
import { visible } from '../../report/escape/visible.ts'

/** What YAML reads as text without quotes, also between braces. Words that mean something else (`yes`, `null`, `1e3`) are quoted. */
const PLAIN = /^(\.\.\/)?[A-Za-z][A-Za-z0-9._/-]*$/
const WORDS = /^(true|false|null|yes|no|on|off|y|n)$/i

export const scalar = (text: string): string => (PLAIN.test(text) && !WORDS.test(text) ? text : JSON.stringify(text))

/** A URL needs no quotes where no brace or comma is near. */
export const urlScalar = (url: string): string =>
  /^https?:\/\/[A-Za-z0-9.:/_~-]+$/.test(url) ? url : JSON.stringify(url)

/** `{app: web, tier: front}` */
export const flowMap = (map: Readonly<Record<string, string>>): string =>
  `{${Object.entries(map)
    .map(([key, value]) => `${scalar(key)}: ${scalar(value)}`)
    .join(', ')}}`

export const flowList = (items: readonly string[]): string => `[${items.map(scalar).join(', ')}]`

/** The mark of a line that needs a decision. */
export const MARK = 'DECIDE:'
export const decide = (question: string): string => `# ${MARK} ${visible(question)}`

/** A name in the form of a Kubernetes label, for file names and `metadata.name`. */
export function slug(text: string, longest: number): string {
  const plain = text.toLowerCase().replace(/[^a-z0-9]+/g, '-')
  return plain.slice(0, longest).replace(/^-+|-+$/g, '') || 'x'
}
