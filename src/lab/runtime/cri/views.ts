import type { IndexedImage } from '../../images/image-index.ts'
import type { ProcessUsage } from '../processes/table.ts'
import type { ContainerRecord, SandboxRecord } from '../records.ts'
import type { ContainerState, SandboxState } from './messages.ts'

// Turns records into the messages that the kubelet reads. Pure.

const nanos = (ms: number): number => ms * 1_000_000

export const stateOf = (record: ContainerRecord): ContainerState =>
  record.exit ? 'CONTAINER_EXITED' : record.started ? 'CONTAINER_RUNNING' : 'CONTAINER_CREATED'

export const sandboxState = (record: SandboxRecord): SandboxState =>
  record.stopped ? 'SANDBOX_NOTREADY' : 'SANDBOX_READY'

export function sandboxItem(record: SandboxRecord) {
  const { metadata, labels, annotations } = record.config
  return {
    id: record.id,
    metadata,
    state: sandboxState(record),
    createdAt: nanos(record.createdAtMs),
    labels,
    annotations,
    runtimeHandler: '',
  }
}

export function sandboxStatus(record: SandboxRecord) {
  const options = record.config.linux?.securityContext?.namespaceOptions ?? null
  return {
    ...sandboxItem(record),
    network: { ip: record.network?.ip ?? '', additionalIps: [] },
    linux: { namespaces: { options } },
  }
}

const imageRef = (record: ContainerRecord): string => `${record.image.name}@${record.image.digest}`

export function containerItem(record: ContainerRecord) {
  const { metadata, labels, annotations, image } = record.config
  return {
    id: record.id,
    podSandboxId: record.sandboxId,
    metadata,
    image,
    imageRef: imageRef(record),
    imageId: record.image.digest,
    state: stateOf(record),
    createdAt: nanos(record.createdAtMs),
    labels,
    annotations,
  }
}

export function containerStatus(record: ContainerRecord) {
  const { config, exit, started, identity } = record
  return {
    id: record.id,
    metadata: config.metadata,
    state: stateOf(record),
    createdAt: nanos(record.createdAtMs),
    startedAt: nanos(started?.atMs ?? 0),
    finishedAt: nanos(exit?.atMs ?? 0),
    exitCode: exit?.code ?? 0,
    image: { ...config.image, image: config.image.userSpecifiedImage || imageRef(record) },
    imageRef: imageRef(record),
    imageId: record.image.digest,
    reason: exit?.reason ?? '',
    message: exit?.message ?? '',
    labels: config.labels,
    annotations: config.annotations,
    mounts: config.mounts,
    logPath: record.logPath ?? '',
    resources: { linux: config.linux?.resources ?? null },
    ...(identity
      ? { user: { linux: { uid: identity.uid, gid: identity.gid, supplementalGroups: identity.groups } } }
      : {}),
  }
}

export function containerStats(record: ContainerRecord, usage: ProcessUsage, sampledAtMs: number) {
  const { metadata, labels, annotations } = record.config
  const timestamp = nanos(sampledAtMs)
  return {
    attributes: { id: record.id, metadata, labels, annotations },
    cpu: { timestamp, usageCoreNanoSeconds: { value: usage.cpuNanos } },
    memory: memory(timestamp, usage.workingSetBytes),
  }
}

export function sandboxStats(
  record: SandboxRecord,
  containers: readonly ReturnType<typeof containerStats>[],
  used: ProcessUsage,
  sampledAtMs: number,
) {
  const { metadata, labels, annotations } = record.config
  const timestamp = nanos(sampledAtMs)
  return {
    attributes: { id: record.id, metadata, labels, annotations },
    linux: {
      cpu: { timestamp, usageCoreNanoSeconds: { value: used.cpuNanos } },
      memory: memory(timestamp, used.workingSetBytes),
      process: { timestamp, processCount: { value: used.processes } },
      containers,
    },
  }
}

const memory = (timestamp: number, bytes: number) => ({
  timestamp,
  workingSetBytes: { value: bytes },
  usageBytes: { value: bytes },
  rssBytes: { value: bytes },
})

export const sumUsage = (usages: readonly ProcessUsage[]): ProcessUsage => ({
  cpuNanos: usages.reduce((sum, used) => sum + used.cpuNanos, 0),
  workingSetBytes: usages.reduce((sum, used) => sum + used.workingSetBytes, 0),
  processes: usages.reduce((sum, used) => sum + used.processes, 0),
})

/** The kubelet checks `runAsNonRoot` against the number, and refuses a name. */
export type ImageUser = { readonly uid: number } | { readonly userName: string }

export function imageView(
  { digest, sizeBytes }: IndexedImage,
  user: ImageUser,
  names: readonly string[],
  tags: readonly string[],
) {
  return {
    id: digest,
    repoTags: tags,
    repoDigests: names.map((name) => `${name}@${digest}`),
    size: sizeBytes,
    ...('uid' in user ? { uid: { value: user.uid }, username: '' } : { username: user.userName }),
    spec: { image: digest },
    pinned: true, // never a candidate of image garbage collection
  }
}

export function fileSystemUsage(mountpoint: string, usedBytes: number, nowMs: number) {
  return { timestamp: nanos(nowMs), fsId: { mountpoint }, usedBytes: { value: usedBytes }, inodesUsed: { value: 0 } }
}
