/**
 * Text in XML 1.0: in elements and in quoted attributes. Characters that XML forbids, such as ESC, are replaced, because a parser
 * must refuse the whole file for one of them. Line ends and tabs are references, because an attribute would turn them into spaces.
 * Source: Extensible Markup Language (XML) 1.0, sections 2.2 (characters) and 3.3.3 (attributes).
 */
import { type Safe, tagOf } from './safe.ts'
import { visible } from './visible.ts'

export type Xml = Safe<'xml'>

export const escapeXml = (text: string): string =>
  visible(text, '\n\t').replace(/[&<>"'\n\t]/g, (char) => `&#${char.charCodeAt(0)};`)

export const xml = tagOf('xml', escapeXml)
