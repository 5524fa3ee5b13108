import { describe, expect, it } from 'vitest'
import { leftText, plannedText } from '../../src/cli/tools.ts'
import { STANDARD_TOOLS } from '../../src/toolchain/toolchain.ts'

const planned = {
  kind: 'planned',
  tools: STANDARD_TOOLS,
  expectedMs: 466_000,
  cores: 2,
  isWarm: false,
  neededBytes: 6.02e9,
  freeBytes: 38e9,
} as const

describe('what is said before programs are built', () => {
  it('is how many, how long, how much disk, and what to look at meanwhile', () => {
    expect(plannedText(planned, true)).toBe(
      'building 7 programs: about 8 minutes on 2 idle cores, about 6 GB of disk (38 GB free). Meanwhile: matchday open reports/example',
    )
  })

  it.each([
    ['there is no example', planned, false],
    ['it takes some seconds', { ...planned, expectedMs: 10_000 }, true],
  ])('names no example where %s', (_, event, hasExample) => {
    expect(plannedText(event, hasExample)).not.toContain('Meanwhile')
  })

  it('is a limit where packages are compiled already', () => {
    const event = {
      ...planned,
      tools: ['kubectl'],
      expectedMs: 19_000,
      cores: 1,
      isWarm: true,
      neededBytes: 62e6,
    } as const
    expect(plannedText(event, true)).toBe(
      'building kubectl: at most about 20 s on 1 idle core, at most about 62 MB of disk (38 GB free).',
    )
  })

  it('has no time where nobody has measured it', () => {
    const { expectedMs: _, ...unknown } = planned
    expect(plannedText({ ...unknown, tools: ['kwok'] }, false)).toBe('building kwok: about 6 GB of disk (38 GB free).')
  })

  it.each([
    [undefined, ''],
    [0, ', about 10 s left'],
    [44_000, ', about 40 s left'],
    [89_000, ', about 90 s left'],
    [91_000, ', about 2 minutes left'],
    [300_000, ', about 5 minutes left'],
  ])('with %s ms left, a line of progress ends with "%s"', (ms, text) => expect(leftText(ms)).toBe(text))
})
