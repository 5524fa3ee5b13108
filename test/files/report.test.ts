import { describe, expect, it } from 'vitest'
import { FileTooLarge, readText, relativeTo } from '../../src/files/files.ts'
import { collectIssues, settle } from '../../src/files/report.ts'

const place = (file: string, line: number, column = 1) => ({ file, line, column })

/** What is found of issues at these places. */
function foundAt(...places: readonly (readonly [file: string, line: number, column?: number])[]) {
  const { report, found } = collectIssues()
  for (const each of places) report(place(...each), 'wrong-value', 'problem', 'next')
  return found().map(({ at }) => `${at.file}:${at.line}:${at.column}`)
}

describe('the issues of a file', () => {
  it('come in the order of the lines, and of the columns in a line', () => {
    expect(foundAt(['a', 3, 1], ['a', 1, 9], ['a', 1, 2], ['a', 10, 1])).toEqual(['a:1:2', 'a:1:9', 'a:3:1', 'a:10:1'])
  })

  it('of several files come in the order in which the files are first named', () => {
    expect(foundAt(['b', 5], ['a', 1], ['b', 2], ['c', 1], ['a', 0])).toEqual([
      'b:2:1',
      'b:5:1',
      'a:0:1',
      'a:1:1',
      'c:1:1',
    ])
  })

  it('are told once, unless their words differ', () => {
    expect(foundAt(['a', 1], ['a', 1])).toHaveLength(1)
    const { report, found } = collectIssues()
    for (const problem of ['one', 'two']) report(place('a', 1), 'wrong-value', problem, 'next')
    expect(found()).toHaveLength(2)
  })

  it('are 100 at most', () => {
    const lines = Array.from({ length: 101 }, (_, line) => ['a', line] as const)
    expect(foundAt(...lines.slice(0, 99))).toHaveLength(99)
    expect(foundAt(...lines.slice(0, 100))).toHaveLength(100)
    expect(foundAt(...lines)).toHaveLength(100)
  })

  it.each([
    ['deprecated-key', true],
    ['openslo-unused', true],
    ['wrong-value', false],
    ['openslo-refused', false],
  ] as const)('of the code %s are warnings: %s', (code, isWarning) => {
    const { report, found, warned } = collectIssues()
    report(place('a', 1), code, 'problem', 'next')
    expect([found().length, warned().length]).toEqual(isWarning ? [0, 1] : [1, 0])
  })
})

describe('the outcome of a parser', () => {
  const issue = { at: place('a', 1), code: 'wrong-value', problem: 'problem', next: 'next' }
  const warning = { ...issue, code: 'deprecated-key' }

  it.each([
    [[], 5, [], { ok: true, value: 5 }],
    [[], 5, [warning], { ok: true, value: 5, warnings: [warning] }],
    [[issue], 5, [], { ok: false, issues: [issue] }],
    [[issue], undefined, [warning], { ok: false, issues: [issue, warning] }],
  ])('of the issues %j and the value %j with the warnings %j', (issues, value, warnings, outcome) =>
    expect(settle<number>(issues, value, warnings)).toStrictEqual(outcome),
  )

  it('is a value or at least one issue', () =>
    expect(() => settle([], undefined)).toThrow('a parser gave neither a value nor an issue'))
})

describe('a file that another one names', () => {
  it.each([
    ['a/b.yaml', 'c.ts', 'a/c.ts'],
    ['a/b.yaml', '../c.ts', 'c.ts'],
    ['b.yaml', 'c.ts', 'c.ts'],
    ['a/b.yaml', '/c.ts', '/c.ts'],
  ])('counts from there: in %s, %s is %s', (from, path, expected) => expect(relativeTo(from, path)).toBe(expected))

  const told = (read: () => string | undefined) => {
    const { report, found } = collectIssues()
    const text = readText({ read }, 'a.csv', place('b.yaml', 7), 'Curve', report)
    return [text, ...found().map(({ at, code, problem, next }) => `${at.file}:${at.line} ${code} ${problem} ${next}`)]
  }
  const failing = (error: Error) =>
    told(() => {
      throw error
    })

  it('is read, or the issue stands where it is named', () => {
    expect(told(() => 'text')).toEqual(['text'])
    expect(told(() => '')).toEqual([''])
    expect(told(() => undefined)).toEqual([
      undefined,
      'b.yaml:7 file-missing Curve a.csv does not exist. check the path; it counts from the file that names it.',
    ])
    expect(failing(new Error('EACCES'))).toEqual([
      undefined,
      "b.yaml:7 file-unreadable Curve a.csv can't be read: EACCES. is it a file, and may you read it?",
    ])
    expect(failing(new FileTooLarge('9 MB, 1 MB at most'))).toEqual([
      undefined,
      "b.yaml:7 file-too-large Curve a.csv can't be read: 9 MB, 1 MB at most. is it the right file?",
    ])
  })
})
