/**
 * Whole judgments of runs, as reviewed: every figure, sentence, next step and line of the journal. The same evidence gives the same judgment years later,
 * so a change here is a change of what users are told.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { readJournal } from '../../src/journal/read.ts'
import { judge } from '../../src/judge/judge.ts'
import { drawnRun } from '../support/drawn-run.ts'
import { evidence } from '../support/evidence.ts'
import { judgmentText, shortText, textUnlike } from '../support/judgment-text.ts'
import { knownRuns } from '../support/known-runs.ts'

describe('the judgment of a run (mend with vitest -u)', () => {
  it('healthy is what it was', async () => {
    await expect(judgmentText(judge(evidence()))).toMatchFileSnapshot('golden/healthy.txt')
  })

  const usual = readFileSync('test/judge/golden/healthy.txt', 'utf8')
  it.each(Object.entries(knownRuns))(
    '%s is what it was, but for what is as in the healthy run',
    async (name, records) => {
      await expect(textUnlike(judgmentText(judge(records())), usual)).toMatchFileSnapshot(`golden/${name}.txt`)
    },
  )

  it.each([
    ['recorded', 'reports/example/journal.ndjson'],
    ['recorded-by-format-0', 'test/journal/golden/format-0.ndjson'],
    ['recorded-by-format-3', 'test/journal/golden/format-3.ndjson'],
  ])('%s is what it was', async (name, path) => {
    const records: Evidence[] = []
    for await (const { record } of readJournal(path)) records.push(record)
    await expect(judgmentText(judge(records))).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  // Much goes wrong in each of them, at the limits of rules and beside them.
  it.each(Array.from({ length: 40 }, (_, index) => index + 1))('drawn run %i is what it was', async (n) => {
    const text = textUnlike(shortText(judge(drawnRun(n))), usual)
    await expect(text).toMatchFileSnapshot(`golden/drawn/${n}.txt`)
  })
})
