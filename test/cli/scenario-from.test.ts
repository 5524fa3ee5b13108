/** `matchday scenario from`: the script goes where --out says, and a recording that cannot be used is refused. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { performed } from '../support/command.ts'
import { tempFolder } from '../support/temp-folder.ts'

const visit = {
  startedDateTime: '2026-01-01T10:00:00.000Z',
  request: { method: 'GET', url: 'https://shop.example.test/cart' },
  response: { status: 200, content: { mimeType: 'application/json' } },
}

function recording(folder: string, text: string): string {
  const file = join(folder, 'visit.har')
  writeFileSync(file, text)
  return file
}

const harOf = (entries: readonly object[]): string => JSON.stringify({ log: { entries } })

describe('a script from a recording', () => {
  it('creates its folder, and overwrites no file', async () => {
    const folder = tempFolder()
    const file = recording(folder, harOf([visit]))
    const out = join(folder, 'k6', 'visit.js')
    expect(await performed('scenario', 'from', file, '--out', out)).toMatchObject({ code: 0 })
    expect(readFileSync(out, 'utf8')).toContain('https://shop.example.test')
    const again = await performed('scenario', 'from', file, '--out', out)
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('file-exists') })
  })

  it.each([
    ['that is not JSON', '<html>', 'har-unreadable'],
    ['without requests', harOf([]), 'har-empty'],
  ])('is refused %s', async (_, text, code) => {
    const folder = tempFolder()
    const said = await performed('scenario', 'from', recording(folder, text), '--out', join(folder, 'visit.js'))
    expect(said).toMatchObject({ code: 2, stderr: expect.stringContaining(code) })
  })
})
