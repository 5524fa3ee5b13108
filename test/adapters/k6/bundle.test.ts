import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../../src/adapters/k6/bundle.ts'

let folder = ''
let cache = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'matchday-bundle-'))
  cache = join(folder, 'cache')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const script = async (name: string, text: string): Promise<string> => {
  const file = join(folder, name)
  await writeFile(file, text)
  return file
}

describe('bundling a scenario', { timeout: 20_000 }, () => {
  it('builds once for each content, imported files included', async () => {
    await script('part.ts', 'export const rate: number = 5\n')
    const main = await script(
      'main.ts',
      `import { sleep } from 'k6'\nimport { rate } from './part.ts'\nexport default () => sleep(rate)\n`,
    )
    const first = await bundle(main, cache)
    expect(first).toMatchObject({ ok: true })
    expect(await bundle(main, cache)).toEqual(first)
    await script('part.ts', 'export const rate: number = 6\n')
    const second = await bundle(main, cache)
    expect(second).toMatchObject({ ok: true })
    expect(second).not.toEqual(first)
    expect((await readdir(cache)).filter((name) => name.startsWith('aside'))).toEqual([])
  })

  it('reports the line of a syntax error, also in an imported file', async () => {
    const broken = await script('broken.ts', 'export const a = 1\n\nexport const b = = 2\n')
    const main = await script('importing.ts', `import { a } from './broken.ts'\nexport default () => a\n`)
    for (const entry of [broken, main]) {
      expect(await bundle(entry, cache)).toMatchObject({
        ok: false,
        issues: [{ at: { file: broken, line: 3, column: 18 }, code: 'load-script-syntax' }],
      })
    }
  })

  it('reports the line of an import that does not exist', async () => {
    const main = await script(
      'lost.ts',
      `import http from 'k6/http'\nimport { x } from './nowhere.ts'\nexport default () => http.get(x)\n`,
    )
    const result = await bundle(main, cache)
    expect(result).toMatchObject({ ok: false, issues: [{ at: { file: main, line: 2 }, code: 'load-script-import' }] })
    expect(result.ok || result.issues[0].problem).toContain('./nowhere.ts')
  })

  it('says so when there is no script', async () => {
    expect(await bundle(join(folder, 'none.ts'), cache)).toMatchObject({
      ok: false,
      issues: [{ code: 'load-script-missing' }],
    })
  })
})
