/** The lines that are repainted, as a small terminal shows them: it knows only what matchday writes (new line, return, up, erase below). */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { screen } from '../../src/cli/progress.ts'
import { isInteractive, say, showProgressLines, term } from '../../src/cli/terminal.ts'
import type { Timeline } from '../../src/domain/timeline.ts'
import { instant } from '../../src/domain/units.ts'
import { newLiveState } from '../../src/report/live/state.ts'

let shown: ReturnType<typeof smallTerminal>

beforeEach(() => {
  shown = smallTerminal(40)
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    shown.write(String(text))
    return true
  })
  vi.stubEnv('CI', undefined)
  vi.stubEnv('TERM', 'xterm')
})
afterEach(() => {
  showProgressLines([])
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
  stream({ isTTY: false, columns: 0, rows: 0 })
})

/** What the stream says of its terminal. */
const stream = (is: { isTTY: boolean; columns: number; rows: number }) =>
  void Object.assign(process.stderr as { isTTY: boolean; columns: number; rows: number }, is)

function smallTerminal(columns: number) {
  const lines: string[] = ['']
  let [row, column] = [0, 0]
  const put = (char: string) => {
    if (column === columns) [row, column] = [row + 1, 0]
    lines[row] = (lines[row] ?? '').padEnd(column).slice(0, column) + char + (lines[row] ?? '').slice(column + 1)
    column += 1
  }
  const control = (amount: string, what: string) => {
    if (what === 'A') row = Math.max(0, row - Number(amount))
    else if (what === 'J') lines.splice(row, lines.length, (lines[row] ?? '').slice(0, column))
  }
  return {
    write(text: string) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal obeys begins with one.
      for (const [part, amount = '', what] of text.matchAll(/\u001b\[(\d*)([a-zA-Z])|[\s\S]/g))
        if (what !== undefined) control(amount, what)
        else if (part === '\n') [row, column] = [row + 1, 0]
        else if (part === '\r') column = 0
        else put(part)
    },
    text: () => lines.map((line) => line.trimEnd()),
  }
}

describe('the progress display', () => {
  it('keeps the answer to Ctrl-C visible, also behind the ^C of the terminal', () => {
    stream({ isTTY: true, columns: 40, rows: 24 })
    showProgressLines([term`one`, term`two`])
    shown.write('^C')
    say(term`SIGINT: stopping`)
    for (const turn of [1, 2, 3]) showProgressLines([term`one ${turn}`, term`two ${turn}`])
    expect(shown.text()).toEqual(['SIGINT: stopping', 'one 3', 'two 3'])
  })

  it('cuts lines that are too long for the terminal to one row', () => {
    stream({ isTTY: true, columns: 40, rows: 24 })
    showProgressLines([term`${'x'.repeat(100)}`])
    say(term`said`)
    showProgressLines([term`short`])
    expect(shown.text()).toEqual(['said', 'short'])
  })

  it('is not taller than the screen', () => {
    stream({ isTTY: true, columns: 40, rows: 4 })
    showProgressLines(['a', 'b', 'c', 'd', 'e', 'f'].map((line) => term`${line}`))
    expect(shown.text()).toEqual(['a', 'b', 'c'])
  })

  it.each([
    ['a terminal', { isTTY: true, columns: 80, rows: 24 }, true],
    ['a terminal that reports no columns', { isTTY: true, columns: 0, rows: 0 }, false],
    ['a pipe', { isTTY: false, columns: 80, rows: 24 }, false],
  ])('for %s: %j gives %s', (_, is, interactive) => {
    stream(is)
    expect(isInteractive()).toBe(interactive)
  })
})

it.each([
  [60, '60/200 s'],
  [200, '200/200 s'],
  [206, '200/200 s + 6 s'],
])('after %i s the clock shows %s', (seconds, clock) => {
  const timeline = { totalMs: 200_000 } as Timeline
  const state = { ...newLiveState(), zeroAt: instant(1000), at: instant(1000 + seconds * 1000) }
  expect(
    screen(state, timeline)[0]?.text.endsWith(`─ ${clock}`) || screen(state, timeline)[0]?.text.endsWith(`━ ${clock}`),
  ).toBe(true)
})
