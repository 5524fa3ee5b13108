/** Tables and sections of the page. */
import { type Html, html } from '../escape/html.ts'
import { inSeconds, type Look } from '../words.ts'

export const cell = (text: string, kind = ''): Html => html`<td${kind ? html` class="${kind}"` : html``}>${text}</td>`
export const row = (cells: readonly Html[]): Html => html`<tr>${cells}</tr>`
/** Names its row, for screen readers too. */
export const rowHead = (text: string): Html => html`<th scope="row">${text}</th>`

/** `name`: what the table shows. It becomes the caption for screen readers. It is not drawn, because the heading shows the same text. */
export const plainTable = (heads: readonly string[], rows: readonly Html[], name: string): Html =>
  html`<table><caption class="unseen">${name}</caption><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table>`

/** A table in a frame of its own, which scrolls sideways on a narrow screen, by keyboard too. */
export const table = (heads: readonly string[], rows: readonly Html[], name: string): Html =>
  html`<div class="scroll" role="group" aria-label="${name}" tabindex="0">${plainTable(heads, rows, name)}</div>`

/** Each row is a `rowHead` and a cell. */
export const facts = (rows: readonly Html[], name: string): Html =>
  html`<table class="facts"><caption class="unseen">${name}</caption><tbody>${rows}</tbody></table>`
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
