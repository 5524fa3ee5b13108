/**
 * Who may write to the wallet's database, as it stands in ConfigMap `wallet-db-role`: the one record that keepers (one beside each
 * PostgreSQL) obey and that the operator alone changes. People change only `primary`, the pod that they want. `leader` is the pod
 * that may write, and `instance` the very process in it: a database that was restarted is another instance, and waits to be named.
 *
 * A platform with two regions has a record in each. `primary: elsewhere` says that this region is not the one that writes. A region that never had a
 * leader is then a standby of the other region (`LEADER_HOST`). One that has a leader is fenced: its server is read-only, and players are still
 * shown what it has until their requests have moved.
 */

export type RoleRecord = {
  /** The pod that should be the primary, or `elsewhere`. */
  readonly primary: string
  /** The leader that was last seen to write. */
  readonly observed: string
  /** The pod that may write; '' while nobody may: the last one is being fenced. */
  readonly leader: string
  readonly instance: string
  /** Grows with each new leader. */
  readonly epoch: number
  /** The standby that each commit waits for; '' for none. */
  readonly sync: string
  /** The standby that holds every acknowledged commit, so that it may be promoted; '' for none. */
  readonly safe: string
  /** The leader that is being fenced. */
  readonly former: string
  readonly formerInstance: string
  /** False only in the seeded defect that shows why fencing exists: a former primary that can write goes on writing. */
  readonly fencing: boolean
}

/** A leader that has not read its own name in the record for this long stops; the operator waits longer before it names another. */
export const LEASE_MS = 5_000
export const LEASE_MARGIN_MS = 1_000

/** In the place of `primary`: another region writes. */
export const ELSEWHERE = 'elsewhere'
export const isElsewhere = (record: RoleRecord | 'absent' | undefined): boolean =>
  typeof record === 'object' && record.primary === ELSEWHERE

export const emptyRecord: RoleRecord = {
  primary: '',
  observed: '',
  leader: '',
  instance: '',
  epoch: 0,
  sync: '',
  safe: '',
  former: '',
  formerInstance: '',
  fencing: true,
}

/** undefined where no operator has written anything yet. */
export function recordOf(data: Readonly<Record<string, string>> | undefined): RoleRecord | undefined {
  if (data?.epoch === undefined) return undefined
  const text = (name: keyof RoleRecord): string => data[name] ?? ''
  return {
    primary: text('primary'),
    observed: text('observed'),
    leader: text('leader'),
    instance: text('instance'),
    epoch: Number(data.epoch),
    sync: text('sync'),
    safe: text('safe'),
    former: text('former'),
    formerInstance: text('formerInstance'),
    fencing: data.fencing !== 'off',
  }
}

export const dataOf = (record: RoleRecord): Record<string, string> => ({
  ...record,
  epoch: String(record.epoch),
  fencing: record.fencing ? 'on' : 'off',
})

/** What a database's folder holds: nothing, a database that has been written to as a primary, or a copy that follows one. */
export type Holding = 'nothing' | 'primary' | 'standby'

/** What a keeper says of its database when it is asked. */
export type KeeperStatus = {
  readonly pod: string
  readonly instance: string
  readonly holding: Holding
  /** Its server runs and answers. */
  readonly running: boolean
  /** Its server could take a write, whether or not it answers. */
  readonly writable: boolean
  /** Its server refuses writes, because another region writes. */
  readonly fenced: boolean
  /** A copy is being made from the leader. */
  readonly seeding: boolean
  /** It was asked to end. */
  readonly leaving: boolean
  readonly timeline: number
  /** Bytes of the log: written by a primary, received and replayed by a standby. */
  readonly writtenLsn: number
  readonly replayedLsn: number
  /** Of clients, now. */
  readonly connections: number
  /** Seconds that a statement waited for the lock of a table, at most, in the last two seconds. */
  readonly lockWaitS?: number
  /** Of a primary: who follows it. */
  readonly followers: readonly Follower[]
  /** The standby that commits wait for, and from which byte of the log on all of them do. */
  readonly sync: string
  readonly syncFromLsn: number
  /** The last record it read. */
  readonly seenEpoch: number
  readonly seenLeader: string
}

export type Follower = { readonly pod: string; readonly flushedLsn: number; readonly silentMs: number }
