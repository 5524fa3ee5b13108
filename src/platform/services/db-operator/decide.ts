/**
 * The operator's decision, pure: from the record and the answers of the keepers to the next record. A new leader is named only after the
 * last one is known to have stopped, or has had no lease for longer than it may write without one; and only a standby that holds every
 * acknowledged commit. Each decision is one compare-and-swap of the record, so that a second operator can't act on an old one.
 */
import {
  emptyRecord,
  isElsewhere,
  type KeeperStatus,
  LEASE_MARGIN_MS,
  LEASE_MS,
  type RoleRecord,
} from '../../shared/role-record.ts'

export type Member = {
  readonly pod: string
  /** Its last answer, if it answered the last request. */
  readonly status: KeeperStatus | undefined
  /** Since it last answered; Infinity if it never did. */
  readonly silentMs: number
  /** Since it was last seen to write as the leader, or was named. */
  readonly idleMs: number
}

export type OperatorView = {
  readonly record: RoleRecord | undefined
  readonly members: readonly Member[]
  /** Since this operator first saw that no member may write. */
  readonly fencedMs: number
  readonly fencing: boolean
}

export type RoleDecision = { readonly record: RoleRecord; readonly why: string }

/** A keeper that does not answer for this long is taken for dead: six rounds of the operator, so that one missed answer is not enough. */
export const SILENT_MS = 3_000
/**
 * A follower that has not confirmed anything for this long no longer delays commits. It confirms each commit, and reports once a second
 * without commits. Removing a healthy one costs little: it is complete again a second later.
 */
const FOLLOWER_SILENT_MS = 1_500

export function decide(view: OperatorView): RoleDecision | undefined {
  const { record } = view
  if (record === undefined) return adopt(view)
  if (record.leader === '') return name(view, record)
  return depose(view, record) ?? regrant(view, record) ?? synchronise(view, record)
}

const member = (view: OperatorView, pod: string): Member | undefined => view.members.find((each) => each.pod === pod)

export const writes = (status: KeeperStatus): boolean => status.writable && status.running

/** A leader may not know yet that a standby has stopped. So commits start to wait only for one that answers and is not about to stop. */
function isFit(view: OperatorView, record: RoleRecord, pod: string): boolean {
  const status = member(view, pod)?.status
  return status === undefined ? record.sync === pod : !status.leaving
}

const isGone = (view: OperatorView, pod: string): boolean => (member(view, pod)?.silentMs ?? SILENT_MS) >= SILENT_MS

/** The first record: the leader is the database that can write, otherwise a stopped database that exists. */
function adopt(view: OperatorView): RoleDecision | undefined {
  const told = view.members.flatMap(({ status }) => status ?? [])
  const leader =
    told.find(writes) ??
    (told.length === view.members.length ? told.find((status) => status.holding === 'primary') : undefined)
  if (leader === undefined) return undefined
  const { pod, instance } = leader
  const epoch = Math.max(0, ...told.map((status) => status.seenEpoch)) + 1
  return {
    record: { ...emptyRecord, primary: pod, leader: pod, instance, epoch, fencing: view.fencing },
    why: 'adopted',
  }
}

function depose(view: OperatorView, record: RoleRecord): RoleDecision | undefined {
  if (view.fencing !== record.fencing) return { record: { ...record, fencing: view.fencing }, why: 'fencing switched' }
  const target = successor(view, record)
  const why = reasonToDepose(view, record)
  if (target === undefined || why === undefined) return undefined
  if (!view.fencing) return { record: named(record, target), why: `${why}; not fenced` }
  const { leader: former, instance: formerInstance } = record
  const primary = wished(record, target.pod)
  return { record: { ...record, primary, leader: '', instance: '', former, formerInstance }, why }
}

/** The standby that may take over: complete, running, and not about to stop. */
function successor(view: OperatorView, record: RoleRecord): KeeperStatus | undefined {
  const status = member(view, record.safe)?.status
  return status?.holding === 'standby' && status.running && !status.leaving ? status : undefined
}

function reasonToDepose(view: OperatorView, record: RoleRecord): string | undefined {
  const leader = member(view, record.leader)
  if (leader === undefined || leader.silentMs >= SILENT_MS) return 'leader is silent'
  if (leader.status === undefined) return undefined
  if (leader.status.instance !== record.instance) return 'leader was restarted'
  if (leader.status.leaving) return 'leader is leaving'
  if (!writes(leader.status) && leader.idleMs >= SILENT_MS) return 'leader does not write'
  return record.primary === record.safe && record.safe !== '' ? 'another primary is wanted' : undefined
}

/** No standby can take over: the restarted leader, which has every commit, continues, or is promoted at last. */
function regrant(view: OperatorView, record: RoleRecord): RoleDecision | undefined {
  const status = member(view, record.leader)?.status
  if (status === undefined || status.instance === record.instance || status.leaving) return undefined
  if (status.holding === 'nothing' || !isGone(view, record.safe)) return undefined
  return { record: named(record, status), why: 'leader was restarted, and there is no standby' }
}

/** A leader of a region that is not to write stays one of such a region. */
const wished = (record: RoleRecord, pod: string): string => (isElsewhere(record) ? record.primary : pod)

const named = (record: RoleRecord, { pod, instance }: KeeperStatus): RoleRecord => ({
  ...emptyRecord,
  observed: record.observed,
  primary: wished(record, pod),
  leader: pod,
  instance,
  epoch: record.epoch + 1,
  fencing: record.fencing,
})

function name(view: OperatorView, record: RoleRecord): RoleDecision | undefined {
  if (record.former === '') return promoted(view, record)
  if (!isFenced(view, record)) return undefined
  const target = successor(view, record)
  if (target !== undefined && target.replayedLsn >= target.writtenLsn)
    return { record: named(record, target), why: 'promoted' }
  // The standby died meanwhile; the former leader has every commit too.
  const former = member(view, record.former)?.status
  if (!isGone(view, record.safe) || former === undefined || former.holding !== 'primary' || former.leaving)
    return undefined
  return { record: named(record, former), why: 'the standby is gone too' }
}

/** A standby region has no leader to fence. Who asks for its promotion knows that the other region is fenced, and that the standby has every commit. */
function promoted(view: OperatorView, record: RoleRecord): RoleDecision | undefined {
  const status = member(view, record.primary)?.status
  if (status?.holding !== 'standby' || !status.running || status.leaving) return undefined
  return { record: named(record, status), why: 'this region is to write' }
}

/** It reports that it stopped and why, or another process has its volume, or its lease has expired. */
function isFenced(view: OperatorView, record: RoleRecord): boolean {
  const status = member(view, record.former)?.status
  if (view.fencedMs >= LEASE_MS + LEASE_MARGIN_MS) return true
  if (status === undefined || status.writable) return false // it could write, even if it does not answer
  const knows = status.seenEpoch === record.epoch && status.seenLeader === ''
  return status.instance !== record.formerInstance || knows
}

/**
 * Commits wait for the standby as soon as it streams. A standby that is gone, or about to stop, is first removed from the record, so that
 * it is not promoted. Only then does the leader, which reads that record, stop waiting for it.
 */
function synchronise(view: OperatorView, record: RoleRecord): RoleDecision | undefined {
  const leader = member(view, record.leader)?.status
  if (leader === undefined || !writes(leader)) return undefined
  if (record.observed !== record.leader) return { record: { ...record, observed: record.leader }, why: 'leader writes' }
  const follower = leader.followers.find(
    ({ pod, silentMs }) => pod !== record.leader && silentMs < FOLLOWER_SILENT_MS && isFit(view, record, pod),
  )
  const sync = follower?.pod ?? ''
  if (sync !== record.sync)
    return { record: { ...record, sync, safe: '' }, why: sync ? 'standby streams' : 'standby is gone' }
  const complete = follower !== undefined && leader.sync === sync && follower.flushedLsn >= leader.syncFromLsn
  if (complete && record.safe !== sync) return { record: { ...record, safe: sync }, why: 'standby is complete' }
  return undefined
}
