import { execFileSync } from 'node:child_process'
import { appendFileSync, cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { judgeFolder } from '../../src/cli/judging.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { instant } from '../../src/domain/units.ts'
import { statedHash, unlinked } from '../../src/journal/chain.ts'
import { openJournal } from '../../src/journal/journal.ts'
import { readJournal } from '../../src/journal/read.ts'
import { evidence } from '../support/evidence.ts'
import { chainedAnew, journalText } from '../support/journal-text.ts'
import { tempFolder } from '../support/temp-folder.ts'

const EXAMPLE = 'reports/example/journal.ndjson'
const whole = journalText(evidence())
const lines = whole.trimEnd().split('\n')

function fileOf(text: string): string {
  const path = join(tempFolder(), 'journal.ndjson')
  writeFileSync(path, text)
  return path
}

async function doubtsOf(path: string): Promise<readonly string[]> {
  const doubts: string[] = []
  for await (const { record } of readJournal(path)) if (record.kind === 'evidence-doubted') doubts.push(record.problem)
  return doubts
}

const judged = async (text: string) => {
  const path = fileOf(text)
  return (await judgeFolder(join(path, '..'))).judgment
}

describe('the hash chain of a journal', () => {
  it('is verified by a few lines that share no code with matchday', () => {
    const path = fileOf(whole)
    const verify = (file: string) => {
      const guide = readFileSync('docs/how-to/keep-the-evidence.md', 'utf8')
      const script = /```python\n([\s\S]*?)```/.exec(guide)?.[1] ?? ''
      return execFileSync('python3', ['-c', script, file], { encoding: 'utf8', stdio: 'pipe' }).trim()
    }
    expect(verify(path)).toBe(lines.at(-1)?.slice(-66, -2))
    writeFileSync(path, whole.replace('"hostBusy":0.', '"hostBusy":0.0'))
    expect(() => verify(path)).toThrow()
  })

  it('has the hash of its last line as its seal', async () => {
    const reading = readJournal(fileOf(whole))
    for await (const _ of reading);
    expect(reading.seal).toEqual({
      kind: 'chained',
      format: 3,
      lines: lines.length,
      head: lines.at(-1)?.slice(-66, -2),
    })
  })

  it('is continued by later writers, also after a torn last line', async () => {
    const path = fileOf(whole)
    appendFileSync(path, '{"kind":"undo-do')
    const journal = await openJournal(path)
    const healed: Evidence = { kind: 'undo-done', at: instant(1), id: 'a', by: 'heal', outcome: 'undone' }
    expect(journal.append(healed)).toBe(lines.length + 1)
    expect(journal.head).toMatchObject({ lines: lines.length + 1 })
    await journal.close()
    expect(await doubtsOf(path)).toEqual([])
    expect(readFileSync(path, 'utf8')).toContain(`"seq":${lines.length + 1},"chain":"${journal.head.hash}"`)
  })

  it('is not started midway in a journal of an earlier version', async () => {
    const path = join(tempFolder(), 'journal.ndjson')
    cpSync(EXAMPLE, path)
    const journal = await openJournal(path)
    journal.append({ kind: 'undo-done', at: instant(1), id: 'a', by: 'heal', outcome: 'undone' })
    await journal.close()
    const reading = readJournal(path)
    for await (const { record } of reading) expect(record.kind).not.toBe('evidence-doubted')
    expect(reading.seal).toEqual({ kind: 'unchained', format: 1, lines: 3042 })
  })

  const swap = (at: number) => [...lines.slice(0, at), lines[at + 1], lines[at], ...lines.slice(at + 2)]
  it.each([
    [
      'a changed value',
      lines.map((line, at) => (at === 40 ? line.replace(/"at":1/, '"at":2') : line)),
      /hash does not fit/,
    ],
    ['a dropped line', lines.toSpliced(40, 1), /sequence number is 42 where 41 was due: lines are missing/],
    [
      'a repeated line',
      lines.toSpliced(40, 0, lines[40] ?? ''),
      /sequence number is 41 where 42 was due: lines were repeated/,
    ],
    ['two lines in the other order', swap(40), /sequence number is 42 where 41 was due/],
    [
      'a line added without a hash',
      lines.toSpliced(40, 0, '{"kind":"run-ended","at":1,"healed":true}'),
      /carries no hash/,
    ],
    ['a line that is damaged', lines.toSpliced(40, 1, 'x'), /carries no hash/],
  ])('detects %s', async (_, changed, problem) => {
    const text = `${changed.join('\n')}\n`
    const [first] = await doubtsOf(fileOf(text))
    expect(first).toMatch(/^line 4[12]: /)
    expect(first).toMatch(problem)
    const judgment = await judged(text)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.findings.map(({ cause }) => cause)).toContain('evidence-changed')
  })

  it('begins with the first line', async () => {
    const changed = whole.replace('"name":"', '"name":"x')
    expect(changed.split('\n').findIndex((line, at) => line !== lines[at])).toBe(0)
    expect(await doubtsOf(fileOf(changed))).toEqual(['line 1: its hash does not fit the line and the one before it'])
  })

  it('reports a change once and continues from there', async () => {
    const changed = lines.map((line, at) => (at === 40 ? line.replace(/"at":1/, '"at":2') : line))
    expect(await doubtsOf(fileOf(`${changed.join('\n')}\n`))).toHaveLength(1)
    expect(await doubtsOf(fileOf(`${lines.toSpliced(40, 3).join('\n')}\n`))).toHaveLength(1)
    expect(await doubtsOf(fileOf(`${lines.toSpliced(40, 1, 'x').join('\n')}\n`))).toHaveLength(1)
  })

  it('is checked from format 2 on', async () => {
    const [head = '', second = '', ...rest] = readFileSync('test/journal/golden/format-2.ndjson', 'utf8').split('\n')
    const changed = [head, second.replace('"at":1', '"at":2'), ...rest].join('\n')
    expect(await doubtsOf(fileOf(changed))).toEqual(['line 2: its hash does not fit the line and the one before it'])
  })

  it('is that of one run: a second head is named, also right after the first', async () => {
    const [head = '', ...rest] = readFileSync(EXAMPLE, 'utf8').split('\n')
    const doubts = await doubtsOf(fileOf([head, head, ...rest].join('\n')))
    expect(doubts).toEqual(['line 2: it is a second run-started, so this is not the journal of one run'])
  })

  it('is not known before anything was read', () => {
    expect(readJournal(fileOf(whole)).seal).toEqual({ kind: 'unchained', format: 0, lines: 0 })
  })

  it('names a line with a hash and no sequence number', async () => {
    const changed = lines.map((line, at) => (at === 40 ? line.replace(/,"seq":41/, '') : line))
    expect(await doubtsOf(fileOf(`${changed.join('\n')}\n`))).toEqual(['line 41: it carries no sequence number'])
  })

  it('reads the link of a line that holds nothing else', () => {
    const hash = 'a'.repeat(64)
    expect(statedHash(Buffer.from(`,"chain":"${hash}"}`))).toBe(hash)
    expect(unlinked(Buffer.from(`{"kind":"x","seq":7,"chain":"${hash}"}`))).toEqual({
      json: '{"kind":"x"}',
      seq: 7,
      hash,
    })
    expect(unlinked(Buffer.from('x'))).toEqual({ json: 'x' })
    const unchained = `{"kind":"x","seq":7${' '.repeat(75)}`
    expect(unlinked(Buffer.from(unchained))).toEqual({ json: unchained })
  })
})

/** Cases two-edits and second-head: somebody edits a finished journal until it passes. */
describe('a journal that was changed after it was written', () => {
  const recorded = chainedAnew(readFileSync(EXAMPLE, 'utf8'))

  it('passes as it was written', async () => {
    expect((await judged(recorded)).verdict.kind).toBe('pass')
  })

  it('is inconclusive after two edits that would make a starved run pass', async () => {
    const starved = recorded.replaceAll(/"hostBusy":[0-9.]+/g, '"hostBusy":0.99').split('\n')
    const frame = starved.findIndex((line) => line.includes('"kind":"load-frame"'))
    const honest = chainedAnew(starved.toSpliced(frame + 40, 8).join('\n'))
    const edited = honest
      .replaceAll('"hostBusy":0.99', '"hostBusy":0.4')
      .split('\n')
      .toSpliced(frame + 40, 0, starved[frame] ?? '')
    const judgment = await judged(edited.join('\n'))
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.findings[0]).toMatchObject({ weight: 'gap', cause: 'evidence-changed' })
    expect(judgment.summary).toContain('changed after it was written')
  })

  it.each([
    ['chained', recorded],
    ['unchained', readFileSync(EXAMPLE, 'utf8')],
  ])('is refused with a second head in the middle (%s)', async (_, text) => {
    const all = text.trimEnd().split('\n')
    const head = JSON.parse(all[0] ?? '') as { rehearsal: { slos: unknown[] } }
    const other = { ...head, format: 1, rehearsal: { ...head.rehearsal, slos: head.rehearsal.slos.slice(0, 1) } }
    const judgment = await judged(`${all.toSpliced(1500, 0, JSON.stringify(other)).join('\n')}\n`)
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(judgment.findings[0]).toMatchObject({ cause: 'evidence-changed', evidence: expect.arrayContaining([1501]) })
    expect(judgment.findings[0]?.sentence).toMatch(/line 1501: /)
  })

  it('gives no breach that only the change shows', async () => {
    const failing = recorded.replaceAll(/"good":(\d+),"bad":0/g, '"good":$1,"bad":900')
    expect((await judged(chainedAnew(failing))).verdict.kind).toBe('fail')
    expect((await judged(failing)).verdict.kind).toBe('inconclusive')
  })
})
