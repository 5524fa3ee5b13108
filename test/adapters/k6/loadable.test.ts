import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { waysToLoad } from '../../../src/adapters/k6/loadable.ts'
import { tempFolder } from '../../support/temp-folder.ts'

it('a load may be prepared several times at once, as for the two loads of a comparison', async () => {
  const folder = tempFolder()
  const cache = join(folder, 'cache')
  const script = join(folder, 'plain.js')
  writeFileSync(script, 'export default function () {}\n')
  const all = await Promise.all(Array.from({ length: 20 }, () => waysToLoad(script, cache)))
  const files = new Set(all.flatMap(({ ways }) => ways.map((each) => each.file)))
  // As it lies, and bundled.
  expect(files.size).toBe(2)
  for (const file of files) expect(readFileSync(file, 'utf8').length).toBeGreaterThan(0)
  expect(readdirSync(cache).filter((name) => name.startsWith('entry-'))).toHaveLength(2)
})
