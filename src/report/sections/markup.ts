/** Tables and sections of the page. */
import { type Html, html } from '../escape/html.ts'
import { inSeconds, type Look } from '../words.ts'

export const cell = (text: string, kind = ''): Html => html`<td${kind ? html` class="${kind}"` : html``}>${text}</td>`
export const row = (cells: readonly Html[]): Html => html`<tr>${cells}</tr>`
export const table = (heads: readonly string[], rows: readonly Html[]): Html =>
  html`<div class="scroll"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div>`
export const facts = (rows: readonly Html[]): Html => html`<table class="facts"><tbody>${rows}</tbody></table>`
export const section = (id: string, title: string, body: Html): Html =>
  html`<section id="${id}"><h2>${title}</h2>${body}</section>`
export const article = (title: string, [words, look]: readonly [string, Look], body: Html): Html =>
  html`<article><h3>${title} <span class="${look}">${words}</span></h3>${body}</article>`
export const held = (yes: boolean): Html => cell(yes ? '✓ held' : '✗ missed', yes ? 'good' : 'bad')

/** `3.2 s of 10.0 s ✓`, in the colour of how it ended. */
export const took = (each: { tookMs?: number; withinMs?: number; held: boolean }): Html => {
  const budget = each.withinMs === undefined ? '' : ` of ${inSeconds(each.withinMs)}`
  return cell(`${inSeconds(each.tookMs)}${budget} ${each.held ? '✓' : '✗'}`, each.held ? 'good short' : 'bad short')
}
