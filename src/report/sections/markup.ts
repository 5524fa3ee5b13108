/** Tables of the page: every cell's text is escaped here and nowhere else. */
import { escapeXml } from '../draw/xml.ts'
import { inSeconds, type Look } from '../words.ts'

export const cell = (text: string, kind = ''): string => `<td${kind ? ` class="${kind}"` : ''}>${escapeXml(text)}</td>`
export const row = (cells: readonly string[]): string => `<tr>${cells.join('')}</tr>`
export const table = (heads: readonly string[], rows: readonly string[]): string =>
  `<div class="scroll"><table><thead><tr>${heads.map((head) => `<th>${escapeXml(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
export const facts = (rows: readonly string[]): string => `<table class="facts"><tbody>${rows.join('')}</tbody></table>`
export const section = (id: string, title: string, body: string): string =>
  `<section id="${id}"><h2>${escapeXml(title)}</h2>${body}</section>`
export const article = (title: string, [words, look]: readonly [string, Look], body: string): string =>
  `<article><h3>${escapeXml(title)} <span class="${look}">${escapeXml(words)}</span></h3>${body}</article>`
export const held = (yes: boolean): string => cell(yes ? '✓ held' : '✗ missed', yes ? 'good' : 'bad')

/** `3.2 s of 10.0 s ✓`, in the colour of how it ended. */
export const took = (each: { tookMs?: number; withinMs?: number; held: boolean }): string => {
  const budget = each.withinMs === undefined ? '' : ` of ${inSeconds(each.withinMs)}`
  return cell(`${inSeconds(each.tookMs)}${budget} ${each.held ? '✓' : '✗'}`, each.held ? 'good short' : 'bad short')
}
