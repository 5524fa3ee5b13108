import { expect, it } from 'vitest'
import { runbookOf } from '../../src/domain/runbook.ts'
import { seconds } from '../../src/domain/units.ts'
import { place as at, rehearsal } from '../support/evidence.ts'

const ticks = (step: string) => ({ kind: 'ticks' as const, step, withinMs: seconds(60), at })

it('a runbook has the steps of faults and of the run, each once and in the order of the file', () => {
  const faults = rehearsal.faults.map((fault) => ({ ...fault, expect: [ticks('open it'), ticks('tell support')] }))
  const expectations = [{ kind: 'human' as const, reactions: [ticks('Tell  support'), ticks('call Ana')], at }]
  expect(runbookOf({ ...rehearsal, faults, expectations })).toEqual(['open it', 'tell support', 'call Ana'])
  expect(runbookOf(rehearsal)).toEqual([])
})
