/** The core knows load, SLIs, faults, books. What one platform calls its things stands in its rehearsal and target files. */
import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const ROOMS = ['domain', 'files', 'plan', 'judge', 'report', 'controller', 'adapters']
/** Words of the reference platform. Causes that mean any book or callback (`double-charge`, `forgery-accepted`) are not among them. */
const WORDS = 'deposit|bet|wallet|payment|payout|psp|casino|player|lobby|promo|forged'
const FORBIDDEN = new RegExp(`^(${WORDS.replace('lobby', 'lobb(y|ie)')})s?$`, 'i')

/** `pspCalls`, `psp_calls` and `psp-calls` hold the word `psp`; `between` does not hold `bet`. */
const wordsIn = (text: string): readonly string[] => text.match(/[A-Z]+(?![a-z])|[A-Z]?[a-z]+/g) ?? []
const namesPlatform = (text: string): boolean =>
  /ws-?rtt/i.test(text) || wordsIn(text).some((word) => FORBIDDEN.test(word))

/** `path:line` of each place, with the line; line 0 is the name of the file. */
function placesIn(path: string, text: string): readonly string[] {
  const lines = [path, ...text.split('\n')]
  return lines.flatMap((line, number) => (namesPlatform(line) ? [`${path}:${number} ${line.trim()}`] : []))
}

describe('the generic rooms', () => {
  it.each(ROOMS)('name nothing of the reference platform: src/%s', (room) => {
    const files = globSync(`src/${room}/**/*`, { withFileTypes: true }).filter((each) => each.isFile())
    expect(files.length).toBeGreaterThan(3)
    const places = files.flatMap(({ parentPath, name }) =>
      placesIn(`${parentPath}/${name}`, readFileSync(`${parentPath}/${name}`, 'utf8')),
    )
    expect(places).toEqual([])
  })

  it.each([
    ["const CHARGES = 'payments_charges_total'", true],
    ['export const pspCallsLane: LaneOf = () => {', true],
    ["if (sli === 'ws-rtt') return", true],
    ['/** A PSP that is slow; lobbies wait. */', true],
    ["sli.startsWith('forged-')", true],
    ['const rateBetween = (promoted: Promotion) => alphabet', false],
    ["cause: 'forgery-accepted' | 'double-charge'", false],
  ])('are searched word by word: %s', (line, found) => {
    expect(placesIn('src/judge/x.ts', line)).toEqual(found ? [`src/judge/x.ts:1 ${line}`] : [])
  })

  it('are searched by file name as well', () => {
    expect(placesIn('src/report/lanes/psp-calls.ts', '')).toEqual([
      'src/report/lanes/psp-calls.ts:0 src/report/lanes/psp-calls.ts',
    ])
  })
})
