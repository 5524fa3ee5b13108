import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { judge } from '../../src/judge/judge.ts'
import { htmlReport } from '../../src/report/html.ts'
import { createViewing } from '../../src/report/view.ts'
import { axe } from '../support/axe.ts'
import { type Browser, chromium, type Look, openBrowser, type Page } from '../support/browser.ts'
import { gameday } from '../support/evidence-gameday.ts'
import { runBench } from '../support/live-bench.ts'
import { tempFolder } from '../support/temp-folder.ts'

let browser: Browser

async function page(url: string, look: Look): Promise<Page> {
  const opened = await browser.page(look)
  onTestFinished(() => opened.close())
  await opened.open(url)
  return opened
}

function reportFile(): string {
  const records = gameday()
  const view = createViewing()
  for (const record of records) view.add(record)
  const seen = view.result()
  if (seen === undefined) throw new Error('nothing to see')
  const file = join(tempFolder(), 'report.html')
  writeFileSync(file, htmlReport(judge(records), seen))
  return `file://${file}`
}

const looks = [390, 1280].flatMap((width) =>
  [false, true].map((dark) => [dark ? 'dark' : 'light', width, dark] as const),
)

// Skipped where the machine has no Chromium; CHROMIUM names one.
describe.skipIf(chromium === undefined)('axe finds no serious problem', () => {
  beforeAll(async () => {
    browser = await openBrowser()
  }, 60_000)
  afterAll(() => browser?.close())

  it.each(looks)(
    'on the report, %s, %i px wide',
    async (_, width, dark) => {
      const seen = await page(reportFile(), { width, dark })
      await seen.until("document.readyState === 'complete'")
      await seen.run(
        "for (const each of document.querySelectorAll('details')) if (!each.closest('figure ~ figure')) each.open = true",
      )
      // All figures are made by the same functions, and the contrast of each text in them takes long.
      const { passed, grave } = await axe(seen, 'figure ~ figure ~ figure')
      expect(passed).toContain('color-contrast')
      expect(grave).toEqual([])
    },
    300_000,
  )

  it.each(looks)(
    'on the live page, %s, %i px wide',
    async (_, width, dark) => {
      const bench = await runBench(gameday())
      bench.until(85)
      const { urls } = await bench.watch()
      const seen = await page(urls.act, { width, dark })
      await seen.until("document.querySelectorAll('svg.chart').length > 3")
      const { passed, grave } = await axe(seen)
      expect(passed).toContain('color-contrast')
      expect(grave).toEqual([])
    },
    300_000,
  )
})
