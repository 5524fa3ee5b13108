/** A comparison that was killed before it had undone what it changed is not healed, whatever it found. */
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { instant } from '../../../src/domain/units.ts'
import { createComparing } from '../../../src/judge/comparing.ts'
import { runStarted, ZERO } from '../../support/evidence.ts'
import { blockPlan, blockRecords, session } from '../../support/evidence-blocks.ts'

const undo = { does: 'remove-taint', node: 'a1', key: 'k', effect: 'NoSchedule' } as const
const written: Evidence = { kind: 'undo-written', at: instant(ZERO), id: 'taint/a1', undo }
const done = (by: 'run' | 'heal'): Evidence => ({
  kind: 'undo-done',
  at: instant(ZERO + 70_000),
  id: 'taint/a1',
  by,
  outcome: 'undone',
})
const ended: Evidence = { kind: 'run-ended', at: instant(ZERO + 80_000), healed: true }

function exitCode(...more: readonly Evidence[]): number {
  const comparing = createComparing()
  const quiet = () => ({ login: { histogram: [[100, 24]] as const } })
  const blocks = ['a', 'b'].flatMap((of, n) => blockRecords(blockPlan(`p1-${of}`, of, 1), ZERO + n * 40_000, quiet))
  const head: Evidence[] = [runStarted(), { kind: 'session-started', at: instant(ZERO - 1000), session: session({}) }]
  for (const record of [...head, ...blocks, ...more]) comparing.add(record)
  return comparing.result().exitCode
}

describe('a comparison', () => {
  it('that was killed with an undo outstanding is not healed, until it is', () => {
    expect(exitCode(written)).toBe(6)
    expect(exitCode(written, done('heal'))).toBe(3)
  })

  it('that undid what it changed is healed, and not if it changed it again', () => {
    expect(exitCode(written, done('run'), ended)).toBe(3)
    expect(exitCode(written, done('run'), written, ended)).toBe(6)
  })
})
