import { NOBODY } from '../../machine/users.ts'
import type { ContainerSecurity } from '../cri/messages.ts'
import { RuntimeFault } from '../fault.ts'
import type { Identity } from '../records.ts'
import { isOnPath } from './program.ts'

/** What the user who runs the lab may do. Root may choose a user for each pod; anybody else runs all pods as themselves. */
export type Host = { uid: number; isRoot: boolean; canSetGroups: boolean }

export const thisHost = (): Host => {
  const uid = process.getuid?.() ?? NOBODY
  return { uid, isRoot: uid === 0, canSetGroups: uid === 0 && isOnPath('setpriv', process.env.PATH) }
}

export type IdentityChoice = { identity?: Identity; notices: readonly string[] }

/**
 * The user that a container runs as. Root never runs a pod as root: a pod that asks for it is refused. An ordinary user cannot change user:
 * what the pod asked for is then reported, but not applied. Primary group: what the pod says, else `nobody`'s.
 * @throws RuntimeFault `invalid`
 */
export function chooseIdentity(
  host: Host,
  imageUser: number | undefined,
  asked: ContainerSecurity | null | undefined,
): IdentityChoice {
  const user = asked?.runAsUser?.value
  const group = asked?.runAsGroup?.value
  if (asked?.runAsUsername) throw new RuntimeFault('invalid', 'the lab has no user names: use runAsUser with a number')
  if (!host.isRoot) return { notices: unhonoured(host, user, group) }
  const uid = user ?? imageUser ?? NOBODY
  if (uid === 0) {
    throw new RuntimeFault(
      'invalid',
      'the lab never runs a container as root: set securityContext.runAsUser to another number',
    )
  }
  const groups = asked?.supplementalGroups ?? []
  if (groups.length === 0 || host.canSetGroups) return { identity: { uid, gid: group ?? NOBODY, groups }, notices: [] }
  const notice = `fsGroup and supplementalGroups ${groups.join(', ')} cannot all be applied: this machine has no setpriv (util-linux)`
  return { identity: { uid, gid: group ?? groups[0] ?? NOBODY, groups: [] }, notices: [notice] }
}

function unhonoured(host: Host, user: number | undefined, group: number | undefined): string[] {
  const asked = [
    user === undefined ? '' : `runAsUser ${user}`,
    group === undefined ? '' : `runAsGroup ${group}`,
  ].filter(Boolean)
  if (asked.length === 0 || user === host.uid) return []
  return [`${asked.join(' and ')} not applied: the lab runs as user ${host.uid}, who cannot change user`]
}
