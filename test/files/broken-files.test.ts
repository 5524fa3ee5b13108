import { describe, expect, it } from 'vitest'
import type { Parsed } from '../../src/domain/issue.ts'
import { issueCodes } from '../../src/files/codes.ts'
import { brokenActions, brokenChaos, brokenRehearsals, brokenTargets, type Row } from './broken-files.ts'
import { codesOf, parseStock, parseStockTarget, parseText, printed } from './stock.ts'

const groups: readonly (readonly [string, readonly Row[], (row: Row) => Parsed<unknown>])[] = [
  ['rehearsal', brokenRehearsals, ([, file, edits]) => parseStock({ [file]: edits })],
  ['action', brokenActions, ([, file, edits]) => parseStock({ [file]: edits })],
  ['chaos', brokenChaos, ([, file, edits]) => parseStock({ [file]: edits })],
  ['target', brokenTargets, ([, file, edits]) => parseStockTarget({ [file]: edits })],
]

for (const [name, rows, parse] of groups) {
  describe(`a ${name} file with a mistake`, () => {
    it.each(rows)('%s is reported with its line', (...row) => {
      expect(codesOf(parse(row))).toEqual(row[3])
    })

    it('is reported in the words of the golden file', async () => {
      const said = rows.map((row) => [`## ${row[0]}`, '', ...printed(parse(row)), ''].join('\n')).join('\n')
      await expect(said).toMatchFileSnapshot(`golden/${name}-issues.md`)
    })
  })
}

it('no issue shows a credential that was typed into a file', () => {
  const planted = brokenTargets.filter(([, , edits]) => /hush-hush|4711004711/.test(String(edits)))
  expect(planted.length).toBeGreaterThan(12)
  const said = planted.flatMap(([, file, edits]) => printed(parseStockTarget({ [file]: edits })))
  expect(said.filter((line) => /hush|4711004711/.test(line))).toEqual([])
})

describe('a file that is something else', () => {
  it.each([
    ['nothing at all', '', 'empty-file'],
    ['a comment', '# later\n', 'empty-file'],
    ['a text', 'hello', 'wrong-type'],
    ['a list', '- a\n- b\n', 'wrong-type'],
    ['a number', '42', 'wrong-type'],
    ['control characters', '\u0000\u0001\u0002', 'wrong-type'],
    ['brackets without end', '['.repeat(50_000), 'yaml-syntax'],
    ['more text than any rehearsal', `a: ${'x'.repeat(300_000)}`, 'file-too-large'],
    [
      'anchors that multiply',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${[...'bcdefghi'].map((key, i) => `${key}: &${key} [${Array.from({ length: 9 }, () => `*${'abcdefgh'[i]}`).join(',')}]`).join('\n')}`,
      'file-too-large',
    ],
    ['an alias into itself', 'a: &a\n  b: *a\n', 'yaml-syntax'],
    ['a key that is a list', '[a, b]: c\n', 'wrong-type'],
    ['a key named like a prototype', '__proto__: {x: 1}\n', 'missing-key'],
    ['a byte order mark and Windows line ends', '\uFEFFkind: Rehearsal\r\n', 'missing-key'],
  ])('of %s gives issues and no exception', (_, text, code) => {
    expect(codesOf(parseText(text)).map((each) => each.split(':')[0])).toContain(code)
  })

  // The YAML library compares each key of a map with all others: 26 s for 20,000 keys in one map, a second for as many in many maps.
  it('with thousands of keys in one map takes no longer than with as many in small maps, and names the duplicate', () => {
    const keys = Array.from({ length: 9_000 }, (_, n) => `k${n}: 1`)
    const small = keys.map((key, n) => (n % 10 === 0 ? `m${n}:\n  ${key}` : `  ${key}`))
    const parsed = (lines: readonly string[]) => {
      const before = process.cpuUsage()
      const codes = codesOf(parseText(lines.join('\n')))
      const { user, system } = process.cpuUsage(before)
      return { codes, cpuMs: (user + system) / 1_000 }
    }
    const one = parsed(['k7: 0', ...keys])
    expect(one.cpuMs / parsed(small).cpuMs).toBeLessThan(4)
    expect(one.codes).toContain('duplicate-key:9')
  })

  it('is reported when it is missing, and when it cannot be read', async () => {
    const { parseRehearsal } = await import('../../src/files/rehearsal.ts')
    expect(codesOf(parseRehearsal({ read: () => undefined }, 'x.yaml'))).toEqual(['file-missing:0'])
    const locked = parseRehearsal(
      {
        read: () => {
          throw new Error('EISDIR: illegal operation on a directory')
        },
      },
      'x.yaml',
    )
    expect(codesOf(locked)).toEqual(['file-unreadable:0'])
  })
})

describe('issue codes', () => {
  it('are each covered by a file in these tables, or by the test named beside', () => {
    const shown = groups.flatMap(([, rows]) =>
      rows.flatMap(([, , , issues]) => issues.map((issue) => issue.split(':')[0])),
    )
    const elsewhere = [
      'deprecated-key',
      'file-unreadable',
      'file-too-large',
      'empty-file',
      'context-not-allowed',
      'unknown-source',
      'unknown-metric',
      'unknown-provider',
      'budget-unseen',
      'unknown-database',
      // restore.test.ts
      'unknown-migration',
      'unknown-restore',
      // cutover.test.ts
      'unknown-cutover',
      'no-prometheus',
      'unknown-stream',
      'no-books',
      // openslo.test.ts
      'openslo-refused',
      'openslo-unused',
    ]
    expect(Object.keys(issueCodes).filter((code) => !shown.includes(code) && !elsewhere.includes(code))).toEqual([])
  })
})
