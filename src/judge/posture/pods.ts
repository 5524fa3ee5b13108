/** What pods are made of and what they may do, container by container; a workload is told of once a cause. */

import type { Cause } from '../../domain/causes.ts'
import type { ContainerSeen, WorkloadSeen } from '../../domain/posture.ts'
import { listed } from '../findings/words.ts'
import { type Flaw, flaw } from './flaw.ts'

/** A flaw for each workload of whose containers one or more have something to be told. */
const perWorkload =
  (cause: Cause, tell: (container: ContainerSeen) => readonly string[]) =>
  (workloads: readonly WorkloadSeen[]): readonly Flaw[] =>
    workloads.flatMap((workload) => {
      const told = workload.containers.flatMap(tell)
      return told.length === 0 ? [] : [flaw(cause, workload, `${workload.name}: ${listed(told)}.`)]
    })

export const imageUnpinned = perWorkload('image-unpinned', ({ name, image }) =>
  /@sha256:[0-9a-f]{64}$/.test(image) ? [] : [`container ${name} runs ${image}, which names no digest`],
)

export const rootWritable = perWorkload('root-writable', ({ name, security }) =>
  security.readOnlyRoot ? [] : [`container ${name} can write its root file system`],
)

/** What ends before the pod serves starves nobody for long. */
export const limitsMissing = perWorkload('limits-missing', ({ name, init, requests, limits }) => {
  if (init) return []
  const missing = [
    ...['cpu', 'memory'].flatMap((each) => (requests.includes(each) ? [] : [`request for ${each}`])),
    ...['cpu', 'memory'].flatMap((each) => (limits.includes(each) ? [] : [`limit for ${each}`])),
  ]
  return missing.length === 0 ? [] : [`container ${name} has no ${listed(missing)}`]
})

export const priorityMissing = (workloads: readonly WorkloadSeen[]): readonly Flaw[] =>
  workloads
    .filter(({ priorityClass }) => priorityClass === undefined)
    .map((each) =>
      flaw(
        'priority-missing',
        each,
        `${each.name} has no priority class, so nothing protects it when a node runs short.`,
      ),
    )

/** Volumes that "restricted" allows; `hostPath` and those of foreign drivers are not among them. */
const VOLUMES = [
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]

/** The Pod Security Standard "restricted", as far as a pod template says it (kubernetes.io/docs/concepts/security/pod-security-standards). */
export function podPrivileged(workloads: readonly WorkloadSeen[]): readonly Flaw[] {
  return workloads.flatMap((workload) => {
    const told = [
      ...workload.hostNamespaces.map((each) => `has ${each}`),
      ...workload.volumes.filter((each) => !VOLUMES.includes(each)).map((each) => `mounts a ${each}`),
      ...workload.containers.flatMap((each) => unrestricted(each).map((what) => `container ${each.name} ${what}`)),
    ]
    return told.length === 0 ? [] : [flaw('pod-privileged', workload, `${workload.name} ${listed(told)}.`)]
  })
}

function unrestricted({ security, hostPorts }: ContainerSeen): readonly string[] {
  const { privileged, mayEscalate, nonRoot, user, seccomp, added, dropped } = security
  const extra = added.filter((each) => each !== 'NET_BIND_SERVICE')
  return [
    ...(privileged ? ['is privileged'] : []),
    ...(user === 0 ? ['runs as root'] : nonRoot ? [] : ['may run as root']),
    ...(mayEscalate ? ['may gain privileges'] : []),
    ...(dropped.includes('ALL') ? [] : ['keeps capabilities']),
    ...(extra.length > 0 ? [`adds ${extra.join(', ')}`] : []),
    ...(seccomp === 'RuntimeDefault' || seccomp === 'Localhost' ? [] : ['has no seccomp profile']),
    ...(hostPorts.length > 0 ? [`takes port ${hostPorts.join(', ')} of the host`] : []),
  ]
}
