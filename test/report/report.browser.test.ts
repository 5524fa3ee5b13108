import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ratio } from '../../src/domain/units.ts'
import type { Judgment } from '../../src/domain/verdict.ts'
import { judge } from '../../src/judge/judge.ts'
import { htmlReport } from '../../src/report/html.ts'
import { createViewing, type RunView } from '../../src/report/view.ts'
import { type Browser, chromium, type Look, openBrowser, type Page } from '../support/browser.ts'
import { gameday } from '../support/evidence-gameday.ts'

let browser: Browser
let judgment: Judgment
let seen: RunView

/** The report as a server shows it that sends this policy, or none. */
async function report(policy?: string, look: Look = {}, judged = judgment): Promise<Page> {
  const html = htmlReport(judged, seen)
  const server = createServer((_, answer) => {
    if (policy !== undefined) answer.setHeader('Content-Security-Policy', policy)
    answer.setHeader('Content-Type', 'text/html; charset=utf-8').end(html)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const page = await browser.page(look)
  onTestFinished(async () => {
    await page.close()
    server.close()
  })
  await page.open(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await page.until("document.readyState === 'complete' && document.querySelectorAll('svg.chart').length > 10")
  return page
}

const chart = "document.getElementById('load')"
const times = `[...${chart}.querySelectorAll('.times text')].map((each) => each.textContent)`
const ground = 'getComputedStyle(document.body).backgroundColor'
const [LIGHT, DARK] = ['rgb(255, 255, 255)', 'rgb(20, 23, 27)']
const choose = (theme: string): string => `document.querySelector('label:has(#theme-${theme})').click()`

// Skipped where the machine has no Chromium; CHROMIUM names one.
describe.skipIf(chromium === undefined)('the report in a browser', () => {
  beforeAll(async () => {
    const records = gameday()
    const view = createViewing()
    for (const record of records) view.add(record)
    const result = view.result()
    if (result === undefined) throw new Error('nothing to see')
    seen = result
    judgment = judge(records)
    browser = await openBrowser()
  }, 60_000)
  afterAll(() => browser?.close())

  it('zooms all charts to a part of the run by one button, and back to exactly what was drawn', async () => {
    const page = await report()
    const all =
      "[...document.querySelectorAll('svg.chart')].map((each) => each.innerHTML.replace(/<line class=\"cross\".*/s, ''))"
    const before = await page.run<string[]>(all)
    await page.run(
      "[...document.querySelectorAll('.zoom button')].find((each) => each.textContent === 'C psp-a down').click()",
    )
    expect(await page.run(times)).toEqual(['1:05', '1:10', '1:15', '1:20', '1:25', '1:30'])
    expect(await page.run("document.querySelectorAll('g.timed[clip-path]').length")).toBeGreaterThan(20)
    // The fault of 25 s fills what 32.5 s are shown of.
    const width = "Number([...document.querySelectorAll('#load rect.fault.injected')][0].getAttribute('width'))"
    expect(await page.run<number>(width)).toBeGreaterThan(600)
    expect(await page.run("document.querySelector('.zoom [aria-pressed=true]').textContent")).toBe('C psp-a down')
    await page.run("document.querySelector('.zoom button').click()")
    const numbers = (each: string): string => each.replace(/(\d+)\.0(?=\D)/g, '$1')
    expect((await page.run<string[]>(all)).map(numbers)).toEqual(before.map(numbers))
    expect(page.complaints).toEqual([])
  }, 60_000)

  it('zooms by keys, moves the crosshair beyond the edge, and says the time in UTC', async () => {
    const page = await report()
    await page.run(`${chart}.focus()`)
    for (const key of ['ArrowRight', '+', '+', '+']) await page.press(key)
    const [first, last] = await page.run<string[]>(`[${times}[0], ${times}.at(-1)]`)
    expect([first, last]).toEqual(['0:02', '0:20'])
    for (let step = 0; step < 30; step++) await page.press('ArrowRight')
    expect(await page.run(times)).toContain('0:30')
    expect(await page.run("document.getElementById('readout').textContent")).toMatch(/^0:31 {2}14:13:53 UTC\n/)
    await page.press('0')
    expect(await page.run(`${times}.at(-1)`)).toBe('2:45')
  }, 60_000)

  it('has the colours of the system until others are chosen, and remembers them', async () => {
    const page = await report(undefined, { dark: true })
    expect(await page.run(ground)).toBe(DARK)
    await page.run(choose('light'))
    expect(await page.run(ground)).toBe(LIGHT)
    await page.reload()
    await page.until(`document.readyState === 'complete' && ${ground} === '${LIGHT}'`)
    await page.run(choose('system'))
    expect(await page.run(ground)).toBe(DARK)
  }, 60_000)

  it('changes its colours where scripts are forbidden', async () => {
    const page = await report("default-src 'none'; style-src 'unsafe-inline'")
    expect(await page.run('[...document.querySelectorAll(".zoom")].length')).toBe(0)
    await page.run(choose('dark'))
    expect(await page.run(ground)).toBe(DARK)
  }, 60_000)

  it('shows its charts, and no switch that does nothing, under the policy of Jenkins', async () => {
    const page = await report("sandbox; default-src 'none'; img-src 'self'; style-src 'self'")
    const fill = (selector: string): string => `getComputedStyle(document.querySelector('${selector}')).fill`
    expect(await page.run(fill('#load .phase.p0'))).toBe('rgb(244, 246, 248)')
    expect(await page.run(fill('#load .fault.injected'))).toContain('hatch-fault-0')
    expect(await page.run("document.querySelector('fieldset.theme').checkVisibility()")).toBe(false)
    expect(await page.run("document.querySelectorAll('.zoom').length")).toBe(0)
  }, 60_000)

  it('fits a phone: only charts and tables scroll sideways, and charts say so', async () => {
    const page = await report(undefined, { width: 390 })
    expect(await page.run('document.documentElement.scrollWidth')).toBeLessThanOrEqual(390)
    expect(await page.run("getComputedStyle(document.querySelector('.plot'), '::before').content")).toContain(
      'sideways',
    )
  }, 60_000)

  it('shows the objectives with their quantiles at 1280 px without scrolling sideways', async () => {
    // As long as the numbers of the stock rehearsals get.
    const counts = { attempts: 3604, bad: 646, slow: 1925, quantileMs: 1682, p99Ms: 2000 }
    const slos = judgment.slos.map((slo) => ({
      ...slo,
      achieved: ratio(0.28662),
      lowerBound: ratio(0.27422),
      whole: { ...slo.whole, ...counts },
    }))
    const page = await report(undefined, { width: 1280 }, { ...judgment, slos })
    const table = "document.querySelector('#objectives .scroll')"
    expect(await page.run(`${table}.scrollWidth - ${table}.clientWidth`)).toBe(0)
  }, 60_000)
})
