import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readJournal } from '../../src/journal/read.ts'
import { judgeEntries } from '../../src/judge/judge.ts'
import { evidence } from '../support/evidence.ts'
import { chainedAnew, journalText } from '../support/journal-text.ts'
import { tempFolder } from '../support/temp-folder.ts'

const whole = Buffer.from(journalText(evidence()))
const lines = whole.toString().trimEnd().split('\n')
const RUNS = { numRuns: 30 }
const SLOW_MS = 120_000

/** The kind of the verdict; `unreadable` for a JournalError. Anything else that is thrown is a defect and fails the test. */
async function verdictOf(content: string | Buffer): Promise<string> {
  const path = join(tempFolder(), 'journal.ndjson')
  writeFileSync(path, content)
  try {
    return (await judgeEntries(readJournal(path))).verdict.kind
  } catch (error) {
    if (error instanceof Error && error.name === 'JournalError') return 'unreadable'
    throw error
  }
}
const joined = (all: readonly (string | undefined)[]): string => `${all.join('\n')}\n`
const anyLine = fc.nat({ max: lines.length - 1 })

describe('a journal that passes', () => {
  it('passes as it was written', async () => {
    expect(await verdictOf(whole)).toBe('pass')
    expect(await verdictOf(chainedAnew(whole.toString()))).toBe('pass')
  })

  it('never passes when it was cut off at any byte', { timeout: SLOW_MS }, async () => {
    const anyByte = fc.nat({ max: whole.length - 1 })
    await fc.assert(
      fc.asyncProperty(anyByte, async (at) => (await verdictOf(whole.subarray(0, at))) !== 'pass'),
      RUNS,
    )
    for (const at of [0, 1, whole.length - 1]) expect(await verdictOf(whole.subarray(0, at))).not.toBe('pass')
  })

  it('never passes when any of its bytes was changed', { timeout: SLOW_MS }, async () => {
    const last = whole.length - 1
    const anyByte = fc.oneof(
      fc.nat({ max: last }),
      fc.nat({ max: 80 }).map((back) => last - back),
    )
    const flipped = (at: number, by: number) =>
      Buffer.from(whole.map((byte, index) => (index === at ? byte ^ by : byte)))
    await fc.assert(
      fc.asyncProperty(
        anyByte,
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => (await verdictOf(flipped(at, by))) !== 'pass',
      ),
      RUNS,
    )
  })

  it('never passes when lines were dropped, repeated, moved or added', { timeout: SLOW_MS }, async () => {
    const edit = fc.oneof(
      fc
        .record({ at: anyLine, many: fc.integer({ min: 1, max: 50 }) })
        .map(({ at, many }) => lines.toSpliced(at, many)),
      fc.record({ at: anyLine, to: anyLine }).map(({ at, to }) => lines.toSpliced(to, 0, lines[at] ?? '')),
      fc
        .record({ at: anyLine, to: anyLine })
        .filter(({ at, to }) => at !== to)
        .map(({ at, to }) => lines.toSpliced(at, 1).toSpliced(to, 0, lines[at] ?? '')),
      fc.record({ at: anyLine, text: fc.string() }).map(({ at, text }) => lines.toSpliced(at + 1, 0, text)),
    )
    await fc.assert(
      fc.asyncProperty(edit, async (edited) => (await verdictOf(joined(edited))) !== 'pass'),
      RUNS,
    )
  })

  it('never gives a stack trace when a value in it was changed and the chain was made again', {
    timeout: SLOW_MS,
  }, async () => {
    const change = fc.record({
      at: anyLine,
      pick: fc.nat(),
      value: fc.oneof(fc.jsonValue(), fc.double(), fc.integer()),
    })
    await fc.assert(
      fc.asyncProperty(change, async ({ at, pick, value }) => {
        const edited = lines.with(at, changed(lines[at] ?? '', pick, value))
        expect(['pass', 'fail', 'inconclusive', 'aborted', 'unreadable']).toContain(
          await verdictOf(chainedAnew(joined(edited))),
        )
      }),
      RUNS,
    )
  })
})

/** The line with one of its values, at any depth, replaced. */
function changed(line: string, pick: number, value: unknown): string {
  const root = JSON.parse(line) as Record<string, unknown>
  const places = placesIn(root)
  const place = places[pick % places.length]
  if (place) place.holder[place.key] = value
  return JSON.stringify(root)
}

type Place = { readonly holder: Record<string, unknown>; readonly key: string }
function placesIn(value: unknown): readonly Place[] {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown>
  return Object.keys(holder).flatMap((key) => [{ holder, key }, ...placesIn(holder[key])])
}
