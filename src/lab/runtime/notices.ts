import type { ContainerConfig, SecurityProfile } from './cri/messages.ts'

/** What a container may ask for and gets only on a real node, and whether one asks for it. `lab status` prints the names. */
const ASKED: readonly (readonly [name: string, asks: (config: ContainerConfig) => boolean])[] = [
  ['memory limit', ({ linux }) => (linux?.resources?.memoryLimitInBytes ?? 0) > 0],
  ['CPU limit', ({ linux }) => (linux?.resources?.cpuQuota ?? 0) > 0],
  ['read-only root file system', ({ linux }) => linux?.securityContext?.readonlyRootfs ?? false],
  ['privileged mode', ({ linux }) => linux?.securityContext?.privileged ?? false],
  ['added capabilities', ({ linux }) => isAny(linux?.securityContext?.capabilities?.addCapabilities)],
  ['dropped capabilities', ({ linux }) => isAny(linux?.securityContext?.capabilities?.dropCapabilities)],
  ['ban on privilege escalation', ({ linux }) => linux?.securityContext?.noNewPrivs ?? false],
  ['seccomp profile', ({ linux }) => isProfile(linux?.securityContext?.seccomp)],
  ['AppArmor profile', ({ linux }) => isProfile(linux?.securityContext?.apparmor)],
  ['read-only mounts', ({ mounts }) => mounts.some((each) => each.readonly && !isAlwaysReadOnly(each.hostPath))],
]

export const UNENFORCED: readonly string[] = ASKED.map(([name]) => name)

/** What a container asked for and does not get, one sentence. Pure. */
export function unenforced(config: ContainerConfig): string[] {
  const missing = ASKED.filter(([, asks]) => asks(config)).map(([name]) => name)
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
