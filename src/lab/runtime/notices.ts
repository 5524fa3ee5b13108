import type { ContainerConfig } from './cri/messages.ts'

/** What a container asked for and would get only on a real node, one sentence each. Pure. */
export function unenforced(config: ContainerConfig): string[] {
  const { resources, securityContext } = config.linux ?? { resources: null, securityContext: null }
  const name = config.metadata.name
  const missing = [
    resources && resources.memoryLimitInBytes > 0 ? 'memory limit' : '',
    resources && resources.cpuQuota > 0 ? 'CPU limit' : '',
    securityContext?.readonlyRootfs ? 'read-only root file system' : '',
    securityContext?.privileged ? 'privileged mode' : '',
    config.mounts.some((mount) => mount.readonly && !isAlwaysReadOnly(mount.hostPath)) ? 'read-only mounts' : '',
    config.tty ? 'terminal' : '',
    config.stdin ? 'standard input' : '',
  ].filter((what) => what !== '')
  return missing.length === 0
    ? []
    : [`container ${name}: no ${missing.join(', no ')} in the lab, where a container is a process`]
}

/** ConfigMaps, Secrets and tokens are always mounted read-only, whether the pod says so or not. */
const isAlwaysReadOnly = (hostPath: string): boolean =>
  /kubernetes\.io~(configmap|secret|projected|downward-api)\//.test(hostPath)
