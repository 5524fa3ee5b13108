import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = readFileSync('docs/coverage.md', 'utf8')

/** Rows of the table, as their cells. */
const rows = [...page.matchAll(/^\| (\d+) \|(.*)\|$/gm)].map(([, number, rest = '']) => ({
  number: Number(number),
  cells: rest.split(' | ').map((cell) => cell.trim()),
}))

/** Paths in backquotes: whatever has a slash and begins with a folder of this repository. */
const paths = [...page.matchAll(/`((?:scenarios|chaos|src|test|docs)\/[^`\s]+)`/g)].map(([, path = '']) => path)

describe('docs/coverage.md', () => {
  it('has a row for each of the 16 topics, each with four cells', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 16 }, (_, index) => index + 1))
    for (const { cells } of rows) expect(cells).toHaveLength(4)
  })

  it('names only files that exist', () => {
    expect(paths.length).toBeGreaterThan(20)
    expect(paths.filter((path) => !existsSync(path))).toEqual([])
  })
})
