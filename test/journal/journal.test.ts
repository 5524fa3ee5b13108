import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { type JournalEntry, readJournal } from '../../src/journal/read.ts'
import { resumeUndos } from '../../src/journal/resume.ts'
import { runStarted } from '../support/evidence.ts'

let folder: string
let count = 0
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'journal-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const fresh = () => join(folder, `${count++}.ndjson`)
const phase = (index: number): Evidence => ({
  kind: 'phase-started',
  at: instant(1000 + index),
  phase: `phase ${index}`,
  index,
})

async function written(records: readonly Evidence[]): Promise<string> {
  const path = fresh()
  const journal = await openJournal(path)
  for (const record of records) journal.append(record)
  await journal.close()
  return path
}

async function all(path: string): Promise<JournalEntry[]> {
  const entries: JournalEntry[] = []
  for await (const entry of readJournal(path)) entries.push(entry)
  return entries
}

describe('writing a journal', () => {
  it('writes one line per record, readable at once and in order', async () => {
    const path = fresh()
    const journal = await openJournal(path)
    expect([runStarted(), phase(0), phase(1)].map((record) => journal.append(record))).toEqual([1, 2, 3])
    expect((await all(path)).map(({ line, record }) => [line, record.kind])).toEqual([
      [1, 'run-started'],
      [2, 'phase-started'],
      [3, 'phase-started'],
    ])
    await journal.flush()
    await journal.close()
    await journal.close()
    expect(() => journal.append(phase(2))).toThrow('closed')
  })

  it('continues a journal after its last whole line', async () => {
    const path = await written([runStarted(), phase(0)])
    appendFileSync(path, '{"kind":"phase-st')
    const journal = await openJournal(path)
    expect(journal.append(phase(1))).toBe(3)
    await journal.close()
    expect((await all(path)).map(({ record }) => record.kind)).toEqual([
      'run-started',
      'phase-started',
      'phase-started',
    ])
  })

  // A journal is read in chunks of 64 KiB. Behind the bytes of the last chunk stand those of the one before it.
  it.each([
    ['one byte', (_head: number) => 1],
    ['as long as the head without its line end, which is still in memory', (head: number) => head - 1],
    ['whole', (_head: number) => 2 ** 16],
  ])('continues a journal whose last chunk is %s', async (_, last) => {
    const filled = (length: number): Evidence => ({ ...phase(0), phase: 'x'.repeat(length) }) as Evidence
    const head = readFileSync(await written([runStarted()])).length
    const line = readFileSync(await written([runStarted(), filled(1)])).length - head
    const size = 2 ** 16 + last(head)
    const path = await written([runStarted(), filled(size - head - line + 1)])
    expect(readFileSync(path)).toHaveLength(size)
    const journal = await openJournal(path)
    expect(journal.append(phase(1))).toBe(3)
    await journal.close()
    expect((await all(path)).map(({ record }) => record.kind)).toEqual([
      'run-started',
      'phase-started',
      'phase-started',
    ])
  })

  it('counts an empty line, which somebody added, and goes on behind it without a chain', async () => {
    const path = await written([runStarted()])
    appendFileSync(path, '\n')
    const journal = await openJournal(path)
    expect(journal.head).toEqual({ lines: 2, hash: undefined })
    expect(journal.append(phase(1))).toBe(3)
    await journal.close()
    expect((await all(path)).filter(({ line }) => line === 3)[0]?.record).toEqual(phase(1))
  })

  it('reports a full disk, and does not continue', async () => {
    const journal = await openJournal('/dev/full')
    const failureOf = (action: () => unknown): unknown => {
      try {
        return action()
      } catch (error) {
        return error
      }
    }
    const first = failureOf(() => journal.append(phase(0)))
    expect(first).toMatchObject({ message: expect.stringContaining('the disk is full') })
    expect(failureOf(() => journal.append(phase(1)))).toBe(first)
    await expect(journal.flush()).rejects.toBe(first)
    await expect(journal.flush()).rejects.toMatchObject({ code: 'journal-unwritable' })
    await expect(journal.close()).rejects.toMatchObject({ code: 'journal-unwritable' })
    await journal.close()
  })

  it('has nothing to flush when it is closed', async () => {
    const journal = await openJournal(fresh())
    expect(journal.head).toEqual({ lines: 0, hash: '0'.repeat(64) })
    journal.append(runStarted())
    await journal.close()
    await journal.flush()
  })

  it('may be read by others and written by its owner alone, and is closed in the end', async () => {
    const path = join(realpathSync(folder), `${count++}.ndjson`)
    const openFiles = () =>
      readdirSync('/proc/self/fd').flatMap((fd) => {
        try {
          return [readlinkSync(`/proc/self/fd/${fd}`)]
        } catch {
          return [] // of the listing itself
        }
      })
    const journal = await openJournal(path)
    journal.append(runStarted())
    expect(statSync(path).mode & 0o777).toBe(0o644 & ~process.umask())
    expect(openFiles()).toContain(path)
    await journal.close()
    expect(openFiles()).not.toContain(path)
  })

  it('reports a missing folder', async () => {
    await expect(openJournal(join(folder, 'none', 'journal.ndjson'))).rejects.toMatchObject({
      message: expect.stringContaining('no such file or folder'),
      cause: { code: 'ENOENT' },
    })
  })

  it('keeps every record that was appended before kill -9', async () => {
    const path = await written([runStarted()])
    const source = new URL('../../src/journal/journal.ts', import.meta.url).href
    const script = `
      const { openJournal } = await import(${JSON.stringify(source)})
      const journal = await openJournal(${JSON.stringify(path)})
      for (let index = 0; index < 500; index++) journal.append({ kind: 'phase-started', at: index, phase: 'p', index })
      process.kill(process.pid, 'SIGKILL')`
    const writer = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'inherit' })
    expect(await once(writer, 'exit')).toEqual([null, 'SIGKILL'])
    expect((await all(path)).at(-1)).toMatchObject({ line: 501, record: { index: 499 } })
  })
})

describe('reading a journal', () => {
  it('reports a torn last line as lost evidence, wherever it is torn', async () => {
    const path = await written([runStarted(), phase(0), phase(1)])
    const whole = readFileSync(path)
    const lastLine = whole.subarray(0, -1).lastIndexOf(10) + 1
    for (const cut of [lastLine + 1, lastLine + 10, whole.length - 1]) {
      writeFileSync(path, whole)
      truncateSync(path, cut)
      const entries = await all(path)
      expect(entries).toHaveLength(3)
      expect(entries[2]?.record).toMatchObject({ kind: 'evidence-lost', problem: expect.stringContaining('torn') })
    }
    truncateSync(path, lastLine)
    expect(await all(path)).toHaveLength(2)
  })

  it.each([
    ['a damaged line', '{"kind":"phase-star\0', 'is not a JSON object'],
    ['an empty line', '', 'is not a JSON object'],
    ['a list', '[]', 'is not a JSON object'],
    ['an unknown kind', '{"kind":"moon-phase","at":1}', 'unknown kind "moon-phase"'],
    ['an inherited name as kind', '{"kind":"constructor","at":1}', 'unknown kind'],
    ['a missing time', '{"kind":"run-ended","healed":true}', '(run-ended) is malformed: at is not a time in ms'],
    ['a missing field', '{"kind":"run-ended","at":1}', '(run-ended) is malformed: healed is not true or false'],
  ])('turns %s into lost evidence and continues', async (_, line, problem) => {
    const path = await written([runStarted()])
    appendFileSync(path, `${line}\n${JSON.stringify(phase(7))}\n`)
    const [, second, third] = (await all(path)).filter(({ record }) => record.kind !== 'evidence-doubted')
    expect(second).toMatchObject({
      line: 2,
      record: { kind: 'evidence-lost', problem: expect.stringContaining(problem) },
    })
    expect(third).toMatchObject({ line: 3, record: { kind: 'phase-started', index: 7 } })
  })

  it('says of a lost line of which kind it was, if the line says so, and gives it the time of the line before', async () => {
    const path = await written([runStarted()])
    appendFileSync(path, '{"kind":"run-ended","at":1}\n{"at":1}\n{"kind":"moon-phase","at":1}\n')
    const lost = (await all(path)).map(({ record }) => record).filter(({ kind }) => kind === 'evidence-lost')
    expect(lost.map((record) => ('of' in record ? record.of : 'none'))).toEqual(['run-ended', 'none', 'none'])
    expect(new Set(lost.map(({ at }) => at))).toEqual(new Set([runStarted().at]))
  })

  it.each([
    ['an empty file', '', 'journal-empty'],
    ['a file with half a first record', '{"kind":"run-st', 'journal-empty'],
    ['another file', 'hello\n', 'journal-not-one'],
    ['a journal without its head', `${JSON.stringify(phase(0))}\n`, 'journal-not-one'],
    ['a newer format', `${JSON.stringify({ ...runStarted(), format: 99 })}\n`, 'journal-format'],
  ])('refuses %s', async (_, text, code) => {
    const path = fresh()
    writeFileSync(path, text)
    await expect(all(path)).rejects.toMatchObject({ name: 'JournalError', code })
    await expect(all(path)).rejects.not.toHaveProperty('cause')
  })

  it('refuses anything but a file, and a file that is too large for a run, before it reads it', async () => {
    const fifo = fresh()
    execFileSync('mkfifo', [fifo])
    const huge = fresh()
    writeFileSync(huge, `${JSON.stringify(runStarted())}\n`)
    truncateSync(huge, 5 * 2 ** 30)
    const socket = fresh()
    const server = createServer().listen(socket)
    await once(server, 'listening')
    onTestFinished(() => void server.close())
    for (const [path, problem] of [
      [join(folder, 'none'), 'no such file or folder'],
      [folder, 'is a folder, not a file'],
      ['/dev/zero', 'is a device, not a file'],
      [fifo, 'is a FIFO, not a file'],
      [huge, 'holds 5.0 GiB; matchday reads at most 4 GiB'],
      [socket, 'is a socket, not a file'],
    ] as const) {
      const refused = { code: 'journal-unreadable', message: expect.stringContaining(problem) }
      await expect(all(path)).rejects.toMatchObject(refused)
    }
  })

  it('takes a journal of up to 4 GiB', async () => {
    const path = await written([runStarted()])
    truncateSync(path, 4 * 2 ** 30)
    await expect(all(path)).rejects.toThrow('a line is longer than 64 MiB') // zeros, so it was read
    truncateSync(path, 4 * 2 ** 30 + 1)
    await expect(all(path)).rejects.toThrow('holds 4.0 GiB; matchday reads at most 4 GiB')
  })

  it('takes a line of up to 64 MiB', async () => {
    const path = await written([runStarted()])
    const head = readFileSync(path).length
    truncateSync(path, head + 2 ** 26)
    expect((await all(path)).at(-1)?.record).toMatchObject({
      problem: expect.stringContaining('torn after 67108864 bytes'),
    })
    truncateSync(path, head + 2 ** 26 + 1)
    await expect(all(path)).rejects.toThrow('a line is longer than 64 MiB')
  })

  it('refuses a number that is not finite, because it would be read back as null', async () => {
    const journal = await openJournal(fresh())
    journal.append(runStarted())
    const sample = (value: number): Evidence => ({
      kind: 'sample',
      at: instant(1),
      source: 'gateway',
      pod: 'gateway-1',
      ok: true,
      series: [{ name: 'up', labels: {}, value }],
    })
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])
      expect(() => journal.append(sample(value))).toThrow(`evidence must not hold ${value}: sample.series.0.value`)
    expect(journal.append(sample(1))).toBe(2)
    await journal.close()
  })

  it('reads a line whose end is the first byte of a chunk of 256 KiB', async () => {
    const named = (length: number): Evidence => ({ ...phase(0), phase: 'x'.repeat(length) }) as Evidence
    const short = readFileSync(await written([runStarted(), named(0)])).length
    const path = await written([runStarted(), named(2 ** 18 - short + 1), phase(1)])
    expect(readFileSync(path)[2 ** 18]).toBe(10)
    expect((await all(path)).map(({ record }) => record.kind)).toEqual([
      'run-started',
      'phase-started',
      'phase-started',
    ])
  })

  it('reads lines across chunks and characters of several bytes', async () => {
    const long: Evidence = { kind: 'evidence-lost', at: instant(1), about: 'größe €', problem: 'ü'.repeat(700_001) }
    const path = await written([runStarted(), long, phase(1), long])
    const entries = await all(path)
    expect(entries[1]?.record).toEqual(long)
    expect(entries[3]?.record).toEqual(long)
  })
})

describe('resuming', () => {
  const undo = (id: string): Evidence => ({
    kind: 'undo-written',
    at: instant(1),
    id,
    undo: {
      does: 'delete-object',
      apiVersion: 'chaos-mesh.org/v1alpha1',
      objectKind: 'NetworkChaos',
      plural: 'networkchaos',
      namespace: 'casino',
      name: id,
    },
  })
  const done = (id: string): Evidence => ({ kind: 'undo-done', at: instant(2), id, by: 'run', outcome: 'undone' })

  it('lists undos that were written and never done, the latest first', async () => {
    const path = await written([runStarted(), undo('a'), undo('b'), done('a'), undo('c'), done('x')])
    expect((await resumeUndos(readJournal(path))).map(({ id }) => id)).toEqual(['c', 'b'])
  })

  it('lists an undo that was written again after it was done, as the latest', async () => {
    const path = await written([runStarted(), undo('a'), undo('b'), done('a'), undo('a')])
    expect((await resumeUndos(readJournal(path))).map(({ id }) => id)).toEqual(['a', 'b'])
    const twice = await written([runStarted(), undo('a'), undo('b'), undo('a')])
    expect((await resumeUndos(readJournal(twice))).map(({ id }) => id)).toEqual(['a', 'b'])
  })

  it('does not list the undo of a change that was kept', async () => {
    const kept: Evidence = { kind: 'undo-done', at: instant(2), id: 'a', by: 'run', outcome: 'kept' }
    const path = await written([runStarted(), undo('a'), undo('b'), kept])
    expect((await resumeUndos(readJournal(path))).map(({ id }) => id)).toEqual(['b'])
  })

  it('finds exactly the outstanding undos, in any order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(fc.string({ minLength: 1 })), fc.array(fc.boolean()), async (ids, finished) => {
        const records = [...ids.map(undo), ...ids.filter((_, i) => finished[i]).map(done)]
        const open = await resumeUndos(records.map((record, i) => ({ line: i + 1, record })))
        expect(open.map(({ id }) => id)).toEqual(ids.filter((_, i) => !finished[i]).reverse())
      }),
    )
  })
})
