/**
 * What a keeper does next with its database, from its state and what it read. Pure, so that it can be tested with the operator's
 * decisions in every order of events. The main rule: a database that could write does so only while the record names this
 * very process, and for LEASE_MS after it was last read.
 */
import { type Holding, isElsewhere, LEASE_MS, type RoleRecord } from '../../shared/role-record.ts'

export type KeeperView = {
  readonly pod: string
  readonly instance: string
  readonly holding: Holding
  readonly running: boolean
  /** The record as it was last read; `absent` when there was none, undefined when it was never read. */
  readonly record: RoleRecord | 'absent' | undefined
  /** Since the last successful reading began. */
  readonly recordAgeMs: number
}

export type Intention =
  /** Run as a primary; on an empty volume make the database first. */
  | 'lead'
  /** A standby that is named leader. */
  | 'promote'
  /** Run as a standby. */
  | 'follow'
  /** Make this volume a copy of the leader's, then follow. */
  | 'seed'
  /** It could write and must not: stop. */
  | 'fence'
  | 'wait'

export function intentionOf(view: KeeperView): Intention {
  const { record, holding } = view
  if (holding === 'standby') return mayLead(view) ? 'promote' : 'follow'
  if (mayLead(view) || isFirst(view) || isUnfenced(view)) return 'lead'
  if (view.running) return 'fence'
  const other = record !== undefined && record !== 'absent' && record.leader !== '' && record.leader !== view.pod
  return other || isNew(view) ? 'seed' : 'wait'
}

function mayLead({ record, recordAgeMs, pod, instance }: KeeperView): boolean {
  if (record === undefined || record === 'absent') return false
  return record.leader === pod && record.instance === instance && recordAgeMs <= LEASE_MS
}

/**
 * Whether a keeper that was asked to stop is still needed. A leader with a successor serves until it is removed from the record. Then,
 * stopped, it answers until its successor is named, because the operator waits for its report that it stopped. A standby confirms until
 * commits no longer wait for it.
 */
export function isAwaited(view: KeeperView): 'to serve' | 'to answer' | 'to confirm' | undefined {
  const { record, recordAgeMs, pod, instance } = view
  if (record === undefined || record === 'absent' || recordAgeMs > LEASE_MS) return undefined
  if (record.leader !== '' && record.sync === pod) return 'to confirm'
  if (record.safe === '') return undefined
  if (record.leader === pod && record.instance === instance) return 'to serve'
  return record.leader === '' && record.former === pod && record.formerInstance === instance ? 'to answer' : undefined
}

/**
 * Before the operator has written a record there is no database either. The first pod creates it, so that no pod has to wait for the
 * operator. A deleted record does not stop a running leader: the operator will name it again.
 */
function isFirst({ record, recordAgeMs, pod, holding, running }: KeeperView): boolean {
  if (record !== 'absent' || recordAgeMs > LEASE_MS) return false
  return holding === 'nothing' ? pod.endsWith('-0') : running
}

/** The first member of a standby region copies the other region. */
const isNew = ({ record, holding }: KeeperView): boolean =>
  isElsewhere(record) && typeof record === 'object' && record.leader === '' && holding === 'nothing'

/** The seeded defect: a former primary continues, and returns, as if no other member had been named. */
function isUnfenced({ record, holding }: KeeperView): boolean {
  return record !== undefined && record !== 'absent' && !record.fencing && holding === 'primary'
}
