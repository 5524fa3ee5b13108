/** The database of two regions: who may write where, as the keepers and the operator of each read it in their role record. Pure. */
import { describe, expect, it } from 'vitest'
import { intentionOf, type KeeperView } from '../../src/platform/services/db-keeper/intention.ts'
import { decide, type Member } from '../../src/platform/services/db-operator/decide.ts'
import {
  dataOf,
  ELSEWHERE,
  emptyRecord,
  type KeeperStatus,
  type RoleRecord,
  recordOf,
} from '../../src/platform/shared/role-record.ts'

const standbyRegion: RoleRecord = { ...emptyRecord, primary: ELSEWHERE, epoch: 1 }
const leading: RoleRecord = {
  ...emptyRecord,
  primary: 'db-0',
  observed: 'db-0',
  leader: 'db-0',
  instance: 'a',
  epoch: 3,
}
const status: KeeperStatus = {
  pod: 'db-0',
  instance: 'a',
  holding: 'standby',
  running: true,
  writable: false,
  fenced: false,
  seeding: false,
  leaving: false,
  timeline: 1,
  writtenLsn: 900,
  replayedLsn: 900,
  connections: 0,
  followers: [],
  sync: '',
  syncFromLsn: 0,
  seenEpoch: 1,
  seenLeader: '',
}
const next = (record: RoleRecord, ...statuses: readonly (KeeperStatus | undefined)[]) => {
  const members = statuses.map(
    (each, n): Member => ({ pod: `db-${n}`, status: each, silentMs: each ? 0 : 60_000, idleMs: 0 }),
  )
  return decide({ record, members, fencedMs: 60_000, fencing: true })?.record
}

describe('the operator of a standby region', () => {
  it('names nobody, however long the region has no leader', () => {
    expect(next(standbyRegion, status)).toBeUndefined()
  })

  it.each([
    [
      'promotes the pod that is to be the primary',
      status,
      { leader: 'db-0', instance: 'a', epoch: 2, primary: 'db-0' },
    ],
    ['but not one that does not answer', undefined, undefined],
    ['nor one that is being stopped', { ...status, leaving: true }, undefined],
    ['nor one that is no standby', { ...status, holding: 'nothing' as const }, undefined],
  ])('%s', (_, now, change) => {
    const record = next({ ...standbyRegion, primary: 'db-0' }, now)
    if (change === undefined) expect(record).toBeUndefined()
    else expect(record).toMatchObject(change)
  })
})

describe('the operator of a fenced region', () => {
  const fenced = { ...leading, primary: ELSEWHERE, sync: 'db-1', safe: 'db-1' }
  const leader: KeeperStatus = { ...status, holding: 'primary', writable: true, fenced: true, sync: 'db-1' }
  const second: KeeperStatus = { ...status, pod: 'db-1', instance: 'b' }
  const followed = { ...leader, followers: [{ pod: 'db-1', flushedLsn: 900, silentMs: 0 }] }

  it('leaves its leader in place, for players who read', () => {
    expect(next(fenced, followed, second)).toBeUndefined()
  })

  it('has a dead leader followed by its standby, and the region stays one that does not write', () => {
    const vacant = next(fenced, undefined, second)
    expect(vacant).toMatchObject({ leader: '', primary: ELSEWHERE })
    expect(next(vacant as RoleRecord, undefined, second)).toMatchObject({ leader: 'db-1', primary: ELSEWHERE })
  })
})

describe('a keeper of a standby region', () => {
  const view: KeeperView = {
    pod: 'db-0',
    instance: 'a',
    holding: 'nothing',
    running: false,
    record: standbyRegion,
    recordAgeMs: 0,
  }
  it.each([
    ['copies the other region onto an empty volume', view, 'seed'],
    ['follows it', { ...view, holding: 'standby' as const, running: true }, 'follow'],
    ['waits where no other region is said to write', { ...view, record: { ...standbyRegion, primary: '' } }, 'wait'],
    ['never leads with a database of its own', { ...view, holding: 'primary' as const }, 'wait'],
  ])('%s', (_, now, wanted) => expect(intentionOf(now)).toBe(wanted))
})

it('is read from a ConfigMap with two keys, as a standby region begins', () => {
  expect(recordOf({ primary: 'elsewhere', epoch: '1' })).toEqual(standbyRegion)
  expect(recordOf(dataOf(standbyRegion))).toEqual(standbyRegion)
})
