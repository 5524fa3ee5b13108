import type { ContainerConfig, SecurityProfile } from './cri/messages.ts'

type Asked = {
  readonly name: string
  readonly asks: (config: ContainerConfig) => boolean
  /** Enforced where a container has a file system of its own. */
  readonly byMounts?: true
}

/** What a container may ask for and gets only on a real node, and whether one asks for it. `lab status` prints the names. */
const ASKED: readonly Asked[] = [
  { name: 'memory limit', asks: ({ linux }) => (linux?.resources?.memoryLimitInBytes ?? 0) > 0 },
  { name: 'CPU limit', asks: ({ linux }) => (linux?.resources?.cpuQuota ?? 0) > 0 },
  {
    name: 'read-only root file system',
    asks: ({ linux }) => linux?.securityContext?.readonlyRootfs ?? false,
    byMounts: true,
  },
  { name: 'privileged mode', asks: ({ linux }) => linux?.securityContext?.privileged ?? false },
  { name: 'added capabilities', asks: ({ linux }) => isAny(linux?.securityContext?.capabilities?.addCapabilities) },
  { name: 'dropped capabilities', asks: ({ linux }) => isAny(linux?.securityContext?.capabilities?.dropCapabilities) },
  { name: 'ban on privilege escalation', asks: ({ linux }) => linux?.securityContext?.noNewPrivs ?? false },
  { name: 'seccomp profile', asks: ({ linux }) => isProfile(linux?.securityContext?.seccomp) },
  { name: 'AppArmor profile', asks: ({ linux }) => isProfile(linux?.securityContext?.apparmor) },
  {
    name: 'read-only mounts',
    asks: ({ mounts }) => mounts.some((each) => each.readonly && !isAlwaysReadOnly(each.hostPath)),
    byMounts: true,
  },
]

export const unenforcedNames = (hasMounts: boolean): readonly string[] => asked(hasMounts).map(({ name }) => name)

const asked = (hasMounts: boolean): readonly Asked[] => ASKED.filter(({ byMounts }) => !(byMounts && hasMounts))

/** What a container asked for and does not get, one sentence. `hasMounts`: it has a file system of its own. Pure. */
export function unenforced(config: ContainerConfig, hasMounts = false): string[] {
  const missing = asked(hasMounts)
    .filter(({ asks }) => asks(config))
    .map(({ name }) => name)
  return missing.length === 0
    ? []
    : [`container ${config.metadata.name}: no ${missing.join(', no ')} in the lab, where a container is a process`]
}

const isAny = (list: readonly string[] | undefined): boolean => (list?.length ?? 0) > 0

const isProfile = (profile: SecurityProfile | null | undefined): boolean =>
  profile !== null && profile !== undefined && profile.profileType !== 'Unconfined'

/** ConfigMaps, Secrets and tokens are always mounted read-only, whether the pod says so or not. */
const isAlwaysReadOnly = (hostPath: string): boolean =>
  /kubernetes\.io~(configmap|secret|projected|downward-api)\//.test(hostPath)
