import { describe, expect, it } from 'vitest'
import { createMemory } from '../../src/platform/services/db-operator/memory.ts'
import { emptyRecord, type KeeperStatus } from '../../src/platform/shared/role-record.ts'

const named = (leader: string, epoch: number) => ({ ...emptyRecord, primary: 'a', leader, epoch })
const answer = (pod: string, writes: boolean) => ({
  pod,
  status: { pod, writable: writes, running: writes } as KeeperStatus,
})
const silent = (pod: string) => ({ pod, status: undefined })

describe('the memory of an operator', () => {
  it('tolerates a new leader from the time it learns of it, whoever named it', () => {
    const memory = createMemory(0)
    memory.take(named('a', 1), [answer('a', true), answer('b', false)], 1_000)
    const { members } = memory.take(named('b', 2), [answer('a', false), answer('b', false)], 10_000)
    expect(members.map(({ idleMs }) => idleMs)).toEqual([0, 0])
  })

  it('does not count what a leader wrote in an earlier epoch', () => {
    const memory = createMemory(0)
    memory.take(named('a', 1), [answer('a', true)], 1_000)
    memory.take(named('b', 2), [answer('a', false)], 5_000)
    expect(memory.take(named('a', 3), [answer('a', false)], 9_000).members[0]?.idleMs).toBe(0)
    expect(memory.take(named('a', 3), [answer('a', false)], 9_500).members[0]?.idleMs).toBe(500)
  })

  it('counts silence from the last answer, or from its own start if there was none', () => {
    const memory = createMemory(500)
    memory.take(named('a', 1), [answer('a', true), silent('b')], 1_000)
    const { members } = memory.take(named('a', 1), [silent('a'), silent('b')], 3_000)
    expect(members.map(({ silentMs }) => silentMs)).toEqual([2_000, 2_500])
  })

  it('counts fencing from the time it first saw that no member may write, each time again', () => {
    const memory = createMemory(0)
    const fencedMs = (leader: string, epoch: number, atMs: number) =>
      memory.take(named(leader, epoch), [], atMs).fencedMs
    expect([fencedMs('', 1, 1_000), fencedMs('', 1, 4_000), fencedMs('b', 2, 5_000), fencedMs('', 2, 9_000)]).toEqual([
      0, 3_000, 0, 0,
    ])
  })
})
