/** Which role each pod's label should say, so that the Services lead clients where the record says: pure. */
import type { RoleRecord } from '../../shared/role-record.ts'
import { type Member, writes } from './decide.ts'

export type DatabaseRole = 'primary' | 'standby'

/** The label stays as it is while a leader is silent: it may be back in a moment, and nobody else is named yet. */
export function roleOf(
  member: Member,
  record: RoleRecord,
  current: DatabaseRole | undefined,
): DatabaseRole | undefined {
  const { pod, status } = member
  if (status !== undefined && writes(status) && (record.leader === pod || !record.fencing)) return 'primary'
  if (record.leader === pod) return current === 'primary' ? current : undefined
  return status?.holding === 'standby' && status.running ? 'standby' : undefined
}
