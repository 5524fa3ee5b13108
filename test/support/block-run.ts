/** One block of a comparison, of a few records. */
import type { BlockStarted } from '../../src/domain/blocks.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { blockPlan } from './evidence-blocks.ts'
import { atMs } from './small-run.ts'

export const startedBlock = (changes: Partial<BlockStarted> = {}): BlockStarted => ({
  ...blockPlan('x', 'a', 1),
  kind: 'block-started',
  at: atMs(50),
  zeroAt: atMs(0),
  ...changes,
})
export const endedBlock = (
  outcome: 'completed' | 'stopped' | 'crashed' = 'completed',
  problems: readonly string[] = [],
): Evidence => ({ kind: 'block-ended', at: atMs(36_000), block: 'x', outcome, problems })
