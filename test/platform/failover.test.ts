/** Keepers and operator together, in every order of deaths, cuts, wishes and restarts: their decisions are the real ones. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { intentionOf, isAwaited } from '../../src/platform/services/db-keeper/intention.ts'
import { decide, type Member, SILENT_MS } from '../../src/platform/services/db-operator/decide.ts'
import { roleOf } from '../../src/platform/services/db-operator/labels.ts'
import {
  dataOf,
  emptyRecord,
  type KeeperStatus,
  LEASE_MS,
  type RoleRecord,
  recordOf,
} from '../../src/platform/shared/role-record.ts'
import { createDatabaseModel, type Phases, type Step } from './support/database-model.ts'

const at = fc.constantFrom<0 | 1>(0, 1)
const kinds = <K extends string>(...all: K[]) => fc.constantFrom(...all)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: kinds('pass'), ms: fc.integer({ min: 1, max: 40 }).map((n) => n * 250) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: kinds('die', 'leave', 'start', 'start', 'cut-api', 'cut-operators', 'join'), at }),
  },
  { weight: 1, arbitrary: fc.record({ kind: kinds('cut-replication', 'join-replication') }) },
  { weight: 2, arbitrary: fc.record({ kind: kinds('restart-operator', 'stop-operator', 'see'), operator: at }) },
  { weight: 2, arbitrary: fc.record({ kind: kinds('blind'), operator: at, of: at }) },
  { weight: 1, arbitrary: fc.record({ kind: kinds('wish'), at }) },
)
const beat = fc.constantFrom(0, 1)
const phases: fc.Arbitrary<Phases> = fc.tuple(beat, beat, beat, beat)
// Without nudges: a round until the operator knows, one until the primary does, its stop, a round until the operator knows that, and one until
// the standby does, and a quarter of a second from each reading of an operator to its writing: 3 s, and no lease.
const HANDED_OVER_MS = 3_000
const SETTLE: Step = { kind: 'pass', ms: 15_000 }
const histories = fc.array(step, { maxLength: 40 })

/** The greatest number of pods that could write at once, looked at after each quarter of a second. */
function play(steps: readonly Step[], fencing: boolean, phases?: Phases) {
  const model = createDatabaseModel(fencing, phases)
  let most = 0
  for (const each of [SETTLE, ...steps]) {
    for (const part of quarters(each)) {
      model.apply(part)
      most = Math.max(most, model.writable().length)
    }
  }
  return { model, most }
}

const quarters = (each: Step): readonly Step[] =>
  each.kind === 'pass' ? Array.from({ length: each.ms / 250 }, () => ({ kind: 'pass', ms: 250 })) : [each]

describe('with fencing', () => {
  it('never has two primaries that can write', () => {
    fc.assert(
      fc.property(histories, phases, (steps, each) => {
        expect(play(steps, true, each).most).toBeLessThanOrEqual(1)
      }),
      { numRuns: 2_000 },
    )
  })

  it('has every acknowledged commit on the new primary', () => {
    fc.assert(
      fc.property(histories, phases, (steps, each) => {
        expect(play(steps, true, each).model.lost).toEqual([])
      }),
      { numRuns: 2_000 },
    )
  })

  it('has exactly one primary once all parts are healthy again, after any sequence of faults', () => {
    const started: Step[] = [{ kind: 'start', at: 0 }, { kind: 'start', at: 1 }, SETTLE, SETTLE]
    // Whoever was on the way out has left after that, and its pod is replaced.
    const well: Step[] = [
      { kind: 'join', at: 0 },
      { kind: 'join', at: 1 },
      { kind: 'join-replication' },
      { kind: 'restart-operator', operator: 0 },
      { kind: 'restart-operator', operator: 1 },
      { kind: 'see', operator: 0 },
      { kind: 'see', operator: 1 },
      ...started,
      ...started,
    ]
    fc.assert(
      fc.property(histories, phases, (steps, each) => {
        expect(play([...steps, ...well], true, each).model.writable()).toHaveLength(1)
      }),
      { numRuns: 1_000 },
    )
  })
})

describe('a failover', () => {
  const died: Step = { kind: 'die', at: 0 }

  it('promotes the standby within the silence, the lease and two rounds when the primary is gone', () => {
    const { model } = play([died, { kind: 'pass', ms: 10_000 }], true)
    expect(model.writable()).toEqual(['wallet-db-1'])
  })

  it('promotes the standby at once when the primary comes back as another process', () => {
    const { model } = play([died, { kind: 'start', at: 0 }, { kind: 'pass', ms: 3_000 }], true)
    expect(model.writable()).toEqual(['wallet-db-1'])
  })

  it('hands over at once when the primary is asked to end, and before it ends', () => {
    fc.assert(
      fc.property(phases, (each) => {
        const { model } = play(
          [
            { kind: 'leave', at: 0 },
            { kind: 'pass', ms: HANDED_OVER_MS },
          ],
          true,
          each,
        )
        expect(model.writable()).toEqual(['wallet-db-1'])
      }),
    )
  })

  it('lets the primary stop without a handover when no standby can take over', () => {
    const leave: Step = { kind: 'leave', at: 0 }
    const { model } = play([{ kind: 'cut-replication' }, SETTLE, leave, SETTLE], true)
    expect(model.writable()).toEqual([])
    expect(model.promotions).toBe(1)
    model.apply({ kind: 'start', at: 0 })
    model.apply(SETTLE)
    expect(model.writable()).toEqual(['wallet-db-0'])
  })

  it('moves to the member that people ask for, and back', () => {
    const there = play([{ kind: 'wish', at: 1 }, SETTLE], true)
    expect(there.model.writable()).toEqual(['wallet-db-1'])
    const back = play([{ kind: 'wish', at: 1 }, SETTLE, { kind: 'wish', at: 0 }, SETTLE], true)
    expect(back.model.writable()).toEqual(['wallet-db-0'])
  })

  it('waits for the primary while the standby may lack a commit', () => {
    const cut: Step[] = [{ kind: 'cut-replication' }, SETTLE, died, SETTLE]
    expect(play(cut, true).model.writable()).toEqual([])
    expect(play([...cut, { kind: 'start', at: 0 }, SETTLE], true).model.writable()).toEqual(['wallet-db-0'])
  })

  it('happens although one operator is lost with the primary, because the other one decides', () => {
    for (const operator of [0, 1] as const) {
      const { model } = play([died, { kind: 'stop-operator', operator }, { kind: 'pass', ms: 10_500 }], true)
      expect(model.writable()).toEqual(['wallet-db-1'])
    }
  })

  it('does not happen when one operator is lost with the standby', () => {
    for (const operator of [0, 1] as const) {
      const { model } = play([{ kind: 'die', at: 1 }, { kind: 'stop-operator', operator }, SETTLE], true)
      expect(model.writable()).toEqual(['wallet-db-0'])
      expect(model.acknowledgedWithinMs(2_000)).toBeGreaterThan(0)
    }
  })

  it('does not happen when an operator was only unreachable', () => {
    const { model } = play([{ kind: 'restart-operator', operator: 0 }, SETTLE], true)
    expect(model.writable()).toEqual(['wallet-db-0'])
    expect(model.promotions).toBe(1)
  })
})

describe('without fencing', () => {
  it('has two primaries that write, which shows that fencing prevents it', () => {
    const { most, model } = play([{ kind: 'wish', at: 1 }, SETTLE], false)
    expect(most).toBe(2)
    expect(model.writable()).toHaveLength(2)
  })

  it('has a killed primary return beside the promoted one', () => {
    const { model } = play([{ kind: 'die', at: 0 }, SETTLE, { kind: 'start', at: 0 }, SETTLE], false)
    expect(model.writable()).toHaveLength(2)
  })
})

describe('a keeper', () => {
  const leader = { ...emptyRecord, primary: 'wallet-db-0', leader: 'wallet-db-0', instance: 'a', epoch: 3 }
  const view = {
    pod: 'wallet-db-0',
    instance: 'a',
    holding: 'primary',
    running: true,
    record: leader,
    recordAgeMs: 0,
  } as const
  const nobody = { ...leader, leader: '', instance: '' }
  const successor = { ...leader, leader: 'wallet-db-1', instance: 'b', epoch: 4 }

  it.each([
    ['leads while the record names its very process', view, 'lead'],
    ['stops when its lease has run out', { ...view, recordAgeMs: LEASE_MS + 1 }, 'fence'],
    ['stops when no member may write', { ...view, record: nobody }, 'fence'],
    ['does not come back by itself as the primary that it was', { ...view, instance: 'b', running: false }, 'wait'],
    ['becomes a copy of the leader that was named after it', { ...view, running: false, record: successor }, 'seed'],
    ['keeps its data while no leader is named', { ...view, running: false, record: nobody }, 'wait'],
    ['promotes a standby that is named', { ...view, holding: 'standby' as const }, 'promote'],
    ['promotes none on an old record', { ...view, holding: 'standby' as const, recordAgeMs: LEASE_MS + 1 }, 'follow'],
    [
      'makes the first database',
      { ...view, holding: 'nothing' as const, running: false, record: 'absent' as const },
      'lead',
    ],
    [
      'makes no second first database',
      { ...view, pod: 'wallet-db-1', holding: 'nothing' as const, running: false, record: 'absent' as const },
      'wait',
    ],
    [
      'does not start a database that was not named leader',
      { ...view, running: false, record: 'absent' as const },
      'wait',
    ],
  ])('%s', (_, now, intention) => expect(intentionOf(now)).toBe(intention))
})

describe('a keeper that was asked to stop', () => {
  const record = {
    ...emptyRecord,
    primary: 'wallet-db-0',
    leader: 'wallet-db-0',
    instance: 'a',
    safe: 'wallet-db-1',
    epoch: 3,
  }
  const view = {
    pod: 'wallet-db-0',
    instance: 'a',
    holding: 'primary',
    running: true,
    record,
    recordAgeMs: 0,
  } as const
  const fenced = {
    ...record,
    primary: 'wallet-db-1',
    leader: '',
    instance: '',
    former: 'wallet-db-0',
    formerInstance: 'a',
  }
  const standby = { ...view, pod: 'wallet-db-1', instance: 'b', holding: 'standby' } as const

  it.each([
    ['serves until it is struck off', view, 'to serve'],
    ['answers until its heir is named', { ...view, running: false, record: fenced }, 'to answer'],
    [
      'ends when its heir is named',
      { ...view, record: { ...fenced, leader: 'wallet-db-1', instance: 'b' } },
      undefined,
    ],
    ['ends at once without an heir', { ...view, record: { ...record, safe: '' } }, undefined],
    [
      'confirms as a standby while commits wait for it',
      { ...standby, record: { ...record, sync: 'wallet-db-1' } },
      'to confirm',
    ],
    ['stops at once as a standby that no commit waits for', standby, undefined],
    [
      'confirms nothing to a leader that was struck off',
      { ...standby, record: { ...fenced, sync: 'wallet-db-1' } },
      undefined,
    ],
    ['ends at once when it can not hear of an heir', { ...view, recordAgeMs: LEASE_MS + 1 }, undefined],
    ['ends at once when it was never named', { ...view, record: 'absent' as const }, undefined],
    ['has nothing to say for the process before it', { ...view, instance: 'c', record: fenced }, undefined],
  ])('%s', (_, now, awaited) => expect(isAwaited(now)).toBe(awaited))
})

describe('the operator', () => {
  const steady = {
    ...emptyRecord,
    primary: 'wallet-db-0',
    observed: 'wallet-db-0',
    leader: 'wallet-db-0',
    instance: 'a',
    epoch: 3,
    sync: 'wallet-db-1',
  }
  const complete = { ...steady, safe: 'wallet-db-1' }
  const fenced = { ...complete, leader: '', instance: '', former: 'wallet-db-0', formerInstance: 'a' }
  const leader: KeeperStatus = {
    pod: 'wallet-db-0',
    instance: 'a',
    holding: 'primary',
    running: true,
    writable: true,
    fenced: false,
    seeding: false,
    leaving: false,
    timeline: 1,
    writtenLsn: 900,
    replayedLsn: 900,
    connections: 0,
    followers: [{ pod: 'wallet-db-1', flushedLsn: 800, silentMs: 0 }],
    sync: 'wallet-db-1',
    syncFromLsn: 800,
    seenEpoch: 3,
    seenLeader: 'wallet-db-0',
  }
  const standby: KeeperStatus = { ...leader, pod: 'wallet-db-1', instance: 'b', holding: 'standby', writable: false }
  const stopped = { ...leader, running: false, writable: false, seenLeader: '' }
  const decided = (record: RoleRecord, zero: Partial<Member>, one: Partial<Member> = { status: standby }) => {
    const member = (pod: string, about: Partial<Member>): Member => ({
      pod,
      status: undefined,
      silentMs: 0,
      idleMs: 0,
      ...about,
    })
    const members = [member('wallet-db-0', zero), member('wallet-db-1', one)]
    return decide({ record, members, fencedMs: 0, fencing: true })?.record
  }

  it.each([
    [
      'treats a standby as complete once it has everything that was written before commits waited for it',
      steady,
      leader,
      { safe: 'wallet-db-1' },
    ],
    ['and not before', steady, { ...leader, syncFromLsn: 801 }, undefined],
    ['nor while the primary does not wait for it', steady, { ...leader, sync: '' }, undefined],
    ['strikes a standby that is gone off', complete, { ...leader, followers: [] }, { sync: '', safe: '' }],
    [
      'deposes a primary that is leaving',
      complete,
      { ...leader, leaving: true },
      { leader: '', primary: 'wallet-db-1' },
    ],
    [
      'deposes a primary that was restarted',
      complete,
      { ...leader, instance: 'c' },
      { leader: '', former: 'wallet-db-0' },
    ],
    [
      'leaves a restarted primary its place when there is no standby',
      { ...steady, sync: '' },
      { ...leader, instance: 'c' },
      { leader: 'wallet-db-0', instance: 'c', epoch: 4 },
    ],
    [
      'names the standby once the former primary says that it stopped',
      fenced,
      stopped,
      { leader: 'wallet-db-1', instance: 'b', epoch: 4 },
    ],
    ['and not while it could still write', fenced, { ...stopped, writable: true }, undefined],
    [
      'nor while it may start again, because it does not know',
      fenced,
      { ...stopped, seenLeader: 'wallet-db-0' },
      undefined,
    ],
  ])('%s', (_, record, status, change) => {
    const next = decided(record, { status })
    if (change === undefined) expect(next).toBeUndefined()
    else expect(next).toMatchObject(change)
  })

  it('waits for a standby that has not yet replayed what it received', () => {
    const behind = { ...standby, replayedLsn: 899 }
    expect(decided(fenced, { status: stopped }, { status: behind })).toBeUndefined()
  })

  it('lets commits wait only for a standby that answers', () => {
    const alone = { ...steady, sync: '' }
    expect(decided(alone, { status: leader }, { status: standby })).toMatchObject({ sync: 'wallet-db-1' })
    expect(decided(alone, { status: leader }, { status: undefined })).toBeUndefined()
  })

  it('removes a standby that is about to stop while it still confirms commits', () => {
    const next = decided(complete, { status: leader }, { status: { ...standby, leaving: true } })
    expect(next).toMatchObject({ leader: 'wallet-db-0', sync: '', safe: '' })
  })

  it('does not hand over to a standby that is about to stop', () => {
    const both = { leaving: true } as const
    const next = decided(complete, { status: { ...leader, ...both } }, { status: { ...standby, ...both } })
    expect(next).toMatchObject({ leader: 'wallet-db-0', sync: '', safe: '' })
  })

  it('tolerates silence for a limited time', () => {
    expect(decided(complete, { silentMs: SILENT_MS - 1 })).toBeUndefined()
    expect(decided(complete, { silentMs: SILENT_MS })).toMatchObject({ leader: '' })
  })

  it('tolerates a primary that does not write for a limited time', () => {
    const mute = { ...leader, running: false }
    expect(decided(complete, { status: mute, idleMs: SILENT_MS - 1 })).toBeUndefined()
    expect(decided(complete, { status: mute, idleMs: SILENT_MS })).toMatchObject({ leader: '' })
  })
})

describe('the role record', () => {
  it('is read as it was written', () => {
    const record = { ...emptyRecord, primary: 'wallet-db-1', leader: 'wallet-db-0', epoch: 7, fencing: false }
    expect(recordOf(dataOf(record))).toEqual(record)
    expect(recordOf(undefined)).toBeUndefined()
    expect(recordOf({ primary: 'wallet-db-1' })).toBeUndefined()
  })

  it('labels no pod as primary while no pod may write', () => {
    const member = { pod: 'wallet-db-0', status: undefined, silentMs: 0, idleMs: 0 }
    expect(roleOf(member, { ...emptyRecord, former: 'wallet-db-0' }, 'primary')).toBeUndefined()
    expect(roleOf(member, { ...emptyRecord, leader: 'wallet-db-0' }, 'primary')).toBe('primary')
  })
})
