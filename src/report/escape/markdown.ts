/**
 * Text in Markdown as GitHub reads it: one line, no heading, list, quote, link, mention, emphasis, code, table cell or HTML of its own.
 * Sources: CommonMark 0.31 section 2.4 (backslash escapes), GitHub Flavored Markdown 4.10 (tables) and 6.9 (autolinks).
 */
import { type Safe, tagOf } from './safe.ts'
import { visible } from './visible.ts'

export type Markdown = Safe<'markdown'>

export function escapeMarkdown(text: string): string {
  return (
    visible(text)
      .replace(/[\\`*[\]<>|~$&]/g, '\\$&')
      // Within a word an underscore is no emphasis; names of metrics stay readable.
      .replace(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\\_')
      // At the start of a line these begin a heading, a list or a rule.
      .replace(/^( *)([#+=-])/, '$1\\$2')
      .replace(/^( *\d{1,9})([.)])(?=\s|$)/, '$1\\$2')
      .replace(/^ +| +$/g, (blank) => '&#32;'.repeat(blank.length))
      // GitHub makes links of bare addresses, and mentions of names. An empty comment parts them and is not shown.
      .replace(/:(?=\/\/)/g, '\\:')
      .replace(/www\./gi, (www) => `${www.slice(0, 3)}\\.`)
      .replace(/(?<!\w)@(?=\w)|@(?=[\w-]+\.)/g, '@<!-- -->')
  )
}

export const md = tagOf('markdown', escapeMarkdown)

/** A code span: fenced by more backticks than the text has in a row. */
export function code(text: string): Markdown {
  const line = visible(text)
  const longest = Math.max(0, ...[...line.matchAll(/`+/g)].map(([run]) => run.length))
  const fence = '`'.repeat(longest + 1)
  const padding = /^`|`$|^ .* $/.test(line) || line.trim() === '' ? ' ' : ''
  return md.own(`${fence}${padding}${line}${padding}${fence}`)
}
