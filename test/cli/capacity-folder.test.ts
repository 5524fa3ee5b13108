/** A stored search for capacity is judged and drawn as one, and never as a run. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { recordedSearch } from '../capacity/recorded.ts'
import { performed } from '../support/command.ts'
import { journalText } from '../support/journal-text.ts'
import { tempFolder } from '../support/temp-folder.ts'

function stored(limit = 40): string {
  const folder = tempFolder()
  writeFileSync(join(folder, 'journal.ndjson'), journalText(recordedSearch({ limit, session: { event: 3 } }).records))
  return folder
}

describe('the folder of a search for capacity', () => {
  it.each([
    { limit: 40, code: 0, says: 'It carries' },
    { limit: 20, code: 1, says: 'short' },
  ])('is judged again as a search: a limit of $limit/s gives exit code $code', async ({ limit, code, says }) => {
    const folder = stored(limit)
    const judged = await performed('judge', folder)
    expect(judged).toMatchObject({ code, stdout: expect.stringContaining(says) })
    const { stdout } = await performed('judge', folder, '-o', 'json')
    expect(JSON.parse(stdout)).toMatchObject({ rehearsal: 'orders', end: { kind: 'found' }, exitCode: code })
    expect(readFileSync(join(folder, 'capacity.json'), 'utf8')).toBe(stdout)
    expect(existsSync(join(folder, 'verdict.json'))).toBe(false)
  })

  it('is rendered as a search', async () => {
    const folder = stored()
    const { code, stdout } = await performed('report', folder, '-o', 'json')
    expect(code).toBe(0)
    const [html, verdict] = [join(folder, 'capacity.html'), join(folder, 'capacity.json')]
    expect(JSON.parse(stdout)).toEqual({ format: 1, folder, reports: { html, verdict } })
    expect([html, verdict, join(folder, 'report.html')].map((path) => existsSync(path))).toEqual([true, true, false])
  })
})
