/** Judgments of releases, restores, cutovers and streams that were drawn: what was found, and how each expectation was met, as reviewed. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Judgment } from '../../src/domain/verdict.ts'
import { judge } from '../../src/judge/judge.ts'
import { drawnMove, moveKinds } from '../support/drawn-moves.ts'
import { shortText, textUnlike } from '../support/judgment-text.ts'

const usual = readFileSync('test/judge/golden/healthy.txt', 'utf8')
/** The stock fault is as in the healthy run. */
const ofTheMove = (judgment: Judgment): Judgment => ({ ...judgment, faults: [], slos: [] })

describe.each(moveKinds)('the judgment of a drawn move of kind %s (mend with vitest -u)', (kind) => {
  it.each([1, 2, 3, 4, 5])('is what it was, part %i', async (part) => {
    const texts = [0, 1].map((n) => textUnlike(shortText(ofTheMove(judge(drawnMove(kind, 2 * part - n)))), usual))
    await expect(texts.join('\n---\n')).toMatchFileSnapshot(`golden/moves/${kind}-${part}.txt`)
  })
})
