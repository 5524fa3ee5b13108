/** Text in an HTML page: in elements and in quoted attributes, but not inside script or style. */
import { type Safe, tagOf } from './safe.ts'
import { visible } from './visible.ts'

export type Html = Safe<'html'>

/** Most texts of a page are numbers. Text without special characters is returned at once. */
const PLAIN = /^[\w .,:;%()/+-]*$/

export const escapeHtml = (text: string): string =>
  PLAIN.test(text) ? text : visible(text, '\n\t').replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`)

export const html = tagOf('html', escapeHtml)

/** JSON for a script element of a data type: no `<`, so that no text can end the element. */
export const scriptJson = (value: unknown): Html => html.own(JSON.stringify(value).replaceAll('<', '\\u003c'))
