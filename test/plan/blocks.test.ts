import { describe, expect, it } from 'vitest'
import { blockIssues } from '../../src/plan/blocks.ts'
import { at, stock } from './plans.ts'

describe('a rehearsal whose load is measured in blocks', () => {
  it('has no objective that a Prometheus counts', () => {
    const { rehearsal } = stock
    expect(blockIssues(rehearsal)).toEqual([])
    const login = { kind: 'prometheus-ratio', of: 'shop', good: 'good', total: 'all', at } as const
    expect(blockIssues({ ...rehearsal, slis: { ...rehearsal.slis, login } })).toMatchObject([
      { code: 'indicator-missing', problem: expect.stringContaining('"login" is counted by Prometheus') },
    ])
  })
})
