import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { judge } from '../../src/judge/judge.ts'
import { htmlReport } from '../../src/report/html.ts'
import { createViewing } from '../../src/report/view.ts'
import { chromium, openBrowser } from '../support/browser.ts'
import { gameday } from '../support/evidence-gameday.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Marks the start and the end of an element by something that a link can lead to. Chromium writes the page of each such place into the PDF. */
const MARK = `(selector, name) => document.querySelectorAll(selector).forEach((element, index) => {
  for (const [where, end] of [['afterbegin', 'begin'], ['beforeend', 'end']]) {
    const id = name + '-' + index + '-' + end
    element.insertAdjacentHTML(where, '<i id="' + id + '"></i>')
    document.body.insertAdjacentHTML('beforeend', '<a href="#' + id + '"></a>')
  }
})`

/** The page of each linked place: named destinations of PDF 1.7, 12.3.2.3, as Skia writes them. */
function pagesIn(pdf: string): ReadonlyMap<string, number> {
  // The tree of pages has inner nodes, the root last.
  const nodes = [...pdf.matchAll(/(\d+) 0 obj\s*<<\/Type \/Pages.*?\/Kids \[([^\]]*)\]/gs)].map(
    ([, id = '', kids = '']) => [id, [...kids.matchAll(/(\d+) 0 R/g)].map(([, kid = '']) => kid)] as const,
  )
  const tree = new Map(nodes)
  const leaves = (id: string): readonly string[] => tree.get(id)?.flatMap(leaves) ?? [id]
  const pages = leaves(nodes.at(-1)?.[0] ?? '')
  const places = [...pdf.matchAll(/\/?([\w-]+) \[(\d+) 0 R \/XYZ/g)]
  return new Map(places.map(([, name = '', id = '']) => [name, pages.indexOf(id) + 1]))
}

// Skipped where the machine has no Chromium; CHROMIUM names one.
describe.skipIf(chromium === undefined)('the report on A4', () => {
  it('has verdict, hypothesis and decisions on page 1, and no figure apart from its title', async () => {
    const records = gameday()
    const view = createViewing()
    for (const record of records) view.add(record)
    const seen = view.result()
    if (seen === undefined) throw new Error('nothing to see')
    const folder = tempFolder()
    writeFileSync(join(folder, 'report.html'), htmlReport(judge(records), seen))
    const browser = await openBrowser()
    onTestFinished(() => browser.close())
    const page = await browser.page()
    await page.open(`file://${join(folder, 'report.html')}`)
    await page.until("document.readyState === 'complete'")
    const figures = await page.run<number>("document.querySelectorAll('figure').length")
    for (const [selector, name] of [
      ['header', 'header'],
      ['.hypothesis', 'hypothesis'],
      ['#decisions tbody tr:last-child td', 'decision'],
      ['figcaption', 'title'],
      ['figure .caption', 'caption'],
      ['h2', 'heading'],
      ['section', 'section'],
    ])
      await page.run(`(${MARK})('${selector}', '${name}')`)
    await page.pdf(join(folder, 'report.pdf'))
    const pages = pagesIn(readFileSync(join(folder, 'report.pdf'), 'latin1'))
    for (const place of ['header-0-end', 'hypothesis-0-end', 'decision-0-end']) expect(pages.get(place), place).toBe(1)
    expect(figures).toBeGreaterThan(10)
    for (let index = 0; index < figures; index++) {
      const parts = ['title', 'caption'].flatMap((name) => [`${name}-${index}-begin`, `${name}-${index}-end`])
      expect(new Set(parts.map((part) => pages.get(part))).size, `figure ${index}`).toBe(1)
      expect(pages.get(parts[0] ?? '')).toBeGreaterThan(1)
    }
  }, 120_000)
})
