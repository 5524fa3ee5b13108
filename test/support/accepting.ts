/** A journal whose target file accepts findings. */
import type { Acceptance } from '../../src/domain/acceptance.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import { mapped } from './evidence.ts'

/** The stock run began on 2026-09-21; this acceptance holds for a hundred days more. */
export const acceptance = (cause: string, changes: Partial<Acceptance> = {}): Acceptance => ({
  cause,
  owner: 'team-payments',
  reason: 'the new metric comes with PLAY-412',
  until: '2026-12-30',
  at: { file: 'targets/lab.yaml', line: 88, column: 7 },
  ...changes,
})

export const accepting = (records: readonly Evidence[], ...acceptedFindings: readonly Acceptance[]): Evidence[] =>
  mapped(records, 'run-started', (head) => ({ ...head, target: { ...head.target, acceptedFindings } }))
