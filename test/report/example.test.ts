import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { judgeFolder, writeReports } from '../../src/cli/judging.ts'
import { tempFolder } from '../support/temp-folder.ts'

const EXAMPLE = 'reports/example'
const text = (folder: string, name: string): string => readFileSync(join(folder, name), 'utf8')

/** A recorded run of the stock rehearsal. After a wanted change of rules or page: `matchday judge reports/example`. */
describe('the example run', () => {
  it('is judged and rendered again to the byte, from its journal alone', async () => {
    const folder = tempFolder()
    cpSync(join(EXAMPLE, 'journal.ndjson'), join(folder, 'journal.ndjson'))
    await writeReports(folder, await judgeFolder(folder))
    for (const name of ['verdict.json', 'report.md', 'junit.xml', 'report.html']) {
      expect(text(folder, name) === text(EXAMPLE, name), `${name} differs from ${EXAMPLE}/${name}`).toBe(true)
    }
  })

  it('shows every chart on the same time axis with its phases and the fault shaded, and no outside address', () => {
    const page = text(EXAMPLE, 'report.html')
    const charts = page.split('<svg class="chart"').slice(1)
    expect(charts.length).toBeGreaterThanOrEqual(8)
    for (const chart of charts) {
      expect(chart).toContain('class="fault injected"')
      expect(chart.match(/class="phase p/g)?.length).toBe(3)
    }
    expect(page).not.toMatch(/(src|href)="https?:/)
  })

  it('does not pass when the witness does not see the fault', async () => {
    const folder = tempFolder()
    const blind = text(EXAMPLE, 'journal.ndjson')
      .split('\n')
      .filter((line) => !line.includes('"source":"psp-a"'))
    writeFileSync(join(folder, 'journal.ndjson'), blind.join('\n'))
    const { judgment } = await judgeFolder(folder)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.findings.map((each) => each.cause)).toContain('fault-unproven')
  })
})
