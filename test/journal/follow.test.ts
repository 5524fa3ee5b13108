import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { type Batch, followJournal } from '../../src/journal/follow.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { runStarted } from '../support/evidence.ts'
import { journalText } from '../support/journal-text.ts'
import { tempFolder } from '../support/temp-folder.ts'

const phase = (index: number): Evidence => ({ kind: 'phase-started', at: instant(1000 + index), phase: 'a', index })
const long: Evidence = { kind: 'evidence-lost', at: instant(1), about: 'a', problem: 'x'.repeat(200_000) }

function fileOf(records: readonly Evidence[]): string {
  const path = join(tempFolder(), 'journal.ndjson')
  writeFileSync(path, journalText(records))
  return path
}

function following(path: string) {
  const batches: Batch[] = []
  const ending = new AbortController()
  const done = (async () => {
    for await (const batch of followJournal(path, ending.signal)) batches.push(batch)
  })()
  const seen = () => batches.flatMap(({ entries }) => entries.map(({ line, record }) => `${line} ${record.kind}`))
  const end = async () => {
    ending.abort()
    await done
  }
  return { batches, seen, end }
}

describe('following a journal', () => {
  it('gives what is there, then what is appended, and at its end what was written until then', async () => {
    const path = fileOf([runStarted(), phase(0)])
    const { batches, seen, end } = following(path)
    await expect.poll(seen).toEqual(['1 run-started', '2 phase-started'])
    const journal = await openJournal(path)
    journal.append(phase(1))
    await expect.poll(seen).toHaveLength(3)
    journal.append(phase(2))
    await end()
    expect(seen().slice(2)).toEqual(['3 phase-started', '4 phase-started'])
    expect(batches.map(({ caughtUp }) => caughtUp)).toEqual([true, true, true])
    await journal.close()
  })

  it('says of a long journal when it has caught up', async () => {
    const { batches, seen, end } = following(fileOf([runStarted(), long, long, long]))
    await expect.poll(seen).toHaveLength(4)
    expect(batches.length).toBeGreaterThan(1)
    expect(batches.map(({ caughtUp }) => caughtUp)).toEqual(batches.map((_, index) => index === batches.length - 1))
    await end()
  })

  it('has caught up only when a read gives less than it may: 256 KiB', async () => {
    const filled = (bytes: number) => {
      const base = fileOf([runStarted(), { ...long, problem: '' }])
      return fileOf([runStarted(), { ...long, problem: 'x'.repeat(bytes - readFileSync(base).length) }])
    }
    for (const [bytes, expected] of [
      [2 ** 18 - 1, [[2, true]]],
      [
        2 ** 18,
        [
          [2, false],
          [0, true],
        ],
      ],
      [
        2 ** 18 + 1,
        [
          [1, false],
          [1, true],
        ],
      ],
    ] as const) {
      const path = filled(bytes)
      expect(readFileSync(path)).toHaveLength(bytes)
      const { batches, seen, end } = following(path)
      await expect.poll(() => batches.at(-1)?.caughtUp).toBe(true)
      await end()
      expect(seen()).toHaveLength(2)
      expect(batches.map(({ entries, caughtUp }) => [entries.length, caughtUp])).toEqual(expected)
    }
  })

  it('says that it has caught up with a journal that has no whole line, and waits for the rest of a line', async () => {
    const path = fileOf([])
    const text = journalText([runStarted()])
    writeFileSync(path, text.slice(0, 50))
    const { batches, seen, end } = following(path)
    await expect.poll(() => batches).toEqual([{ entries: [], caughtUp: true }])
    appendFileSync(path, text.slice(50))
    await expect.poll(seen).toEqual(['1 run-started'])
    await end()
  })

  it('forgets half a line that heal cuts off before it appends', async () => {
    const path = fileOf([runStarted(), phase(0)])
    const whole = readFileSync(path).length
    const { seen, end } = following(path)
    await expect.poll(seen).toHaveLength(2)
    appendFileSync(path, `{"kind":"phase-started","phase":"${'x'.repeat(400)}`)
    await sleep(300) // it looks every 100 ms
    truncateSync(path, whole)
    await sleep(300)
    const journal = await openJournal(path)
    journal.append(phase(1))
    await journal.close()
    await expect.poll(seen).toEqual(['1 run-started', '2 phase-started', '3 phase-started'])
    await end()
  })

  it('gives an empty line as lost evidence, and goes on', async () => {
    const path = fileOf([runStarted()])
    const { seen, end } = following(path)
    await expect.poll(seen).toHaveLength(1)
    appendFileSync(path, '\n')
    await expect.poll(seen).toContain('2 evidence-lost')
    appendFileSync(path, `${JSON.stringify(phase(1))}\n`)
    await expect.poll(seen).toContain('3 phase-started')
    await end()
  })

  it('refuses a journal that is not there', async () => {
    const none = join(tempFolder(), 'none.ndjson')
    await expect(followJournal(none, new AbortController().signal).next()).rejects.toMatchObject({
      code: 'journal-unreadable',
      message: expect.stringContaining('no such file or folder'),
    })
  })
})
