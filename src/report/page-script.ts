/** The script of the report, and what it shares with the live page. The report is complete without its script. */
import { crosshair } from './page-zoom.ts'

/** Remembers the chosen colours. The style sheet applies the choice and needs no script. */
export const rememberTheme = `
function rememberTheme() {
  const KEY = 'matchday-theme'
  const choices = document.querySelectorAll('input[name=theme]')
  try {
    const known = localStorage.getItem(KEY)
    for (const each of choices) if (each.value === known) each.checked = true
  } catch { /* A browser without storage follows the system. */ }
  for (const each of choices) each.addEventListener('change', () => {
    try { localStorage.setItem(KEY, each.value) } catch { /* as above */ }
  })
}
`

export const script = `
(() => {
  ${crosshair}
  ${rememberTheme}
  rememberTheme()
  const data = JSON.parse(document.getElementById('series').textContent)
  const { attach, offer, tools } = crosshair(() => data)
  offer()
  document.querySelector('#timeline h2').after(tools)
  for (const svg of document.querySelectorAll('svg.chart')) attach(svg)
  // Paper cannot be clicked: what is folded away is opened for it, and folded again afterwards. Tables of charts are not printed: the chart is.
  const folded = []
  addEventListener('beforeprint', () => {
    for (const each of document.querySelectorAll('details:not([open])')) { folded.push(each); each.open = true }
  })
  addEventListener('afterprint', () => { for (const each of folded.splice(0)) each.open = false })
})()
`
