/**
 * The messages of the Container Runtime Interface that this server reads and writes, as @grpc/proto-loader returns them (camel case, enums
 * by name, 64-bit numbers as JavaScript numbers, unset messages null). Source: api.proto in this folder. Times are nanoseconds since 1970.
 * Above 2^53 they lose some hundred nanoseconds, which does not matter here.
 */

export type StringMap = Readonly<Record<string, string>>
export type Int64Value = { value: number }

export type SandboxState = 'SANDBOX_READY' | 'SANDBOX_NOTREADY'
export type ContainerState = 'CONTAINER_CREATED' | 'CONTAINER_RUNNING' | 'CONTAINER_EXITED' | 'CONTAINER_UNKNOWN'

export type NamespaceOptions = { network: string; pid: string; ipc: string; targetId: string }

export type SandboxMetadata = { name: string; uid: string; namespace: string; attempt: number }

export type SandboxConfig = {
  metadata: SandboxMetadata
  hostname: string
  logDirectory: string
  dnsConfig: { servers: readonly string[]; searches: readonly string[]; options: readonly string[] } | null
  portMappings: readonly { protocol: string; containerPort: number; hostPort: number; hostIp?: string }[]
  labels: StringMap
  annotations: StringMap
  linux: { securityContext: { namespaceOptions: NamespaceOptions | null } | null } | null
}

export type ImageSpec = { image: string; userSpecifiedImage?: string }

export type Mount = { containerPath: string; hostPath: string; readonly: boolean }

export type LinuxResources = {
  cpuPeriod: number
  cpuQuota: number
  cpuShares: number
  memoryLimitInBytes: number
  oomScoreAdj: number
}

export type ContainerSecurity = {
  privileged: boolean
  runAsUser: Int64Value | null
  runAsGroup: Int64Value | null
  runAsUsername: string
  readonlyRootfs: boolean
  supplementalGroups: readonly number[]
  capabilities: { addCapabilities: readonly string[]; dropCapabilities: readonly string[] } | null
  /** `allowPrivilegeEscalation: false` */
  noNewPrivs: boolean
  seccomp: SecurityProfile | null
  apparmor: SecurityProfile | null
}

export type SecurityProfile = { profileType: 'RuntimeDefault' | 'Unconfined' | 'Localhost'; localhostRef: string }

export type ContainerMetadata = { name: string; attempt: number }

export type ContainerConfig<EnvValue = Buffer> = {
  metadata: ContainerMetadata
  image: ImageSpec
  command: readonly string[]
  args: readonly string[]
  workingDir: string
  envs: readonly { key: string; value: EnvValue }[]
  mounts: readonly Mount[]
  labels: StringMap
  annotations: StringMap
  logPath: string
  stdin: boolean
  stdinOnce: boolean
  tty: boolean
  linux: { resources: LinuxResources | null; securityContext: ContainerSecurity | null } | null
  stopSignal: string
}

export type SandboxFilter = { id: string; state: { state: SandboxState } | null; labelSelector: StringMap }

export type ContainerFilter = {
  id: string
  state: { state: ContainerState } | null
  podSandboxId: string
  labelSelector: StringMap
}

export type ContainerStatsFilter = { id: string; podSandboxId: string; labelSelector: StringMap }
export type SandboxStatsFilter = { id: string; labelSelector: StringMap }

export type SandboxRequest = { podSandboxId: string }
export type ContainerRequest = { containerId: string }

/** What the kubelet sends, by the name of the call. */
export type RuntimeRequests = {
  Version: { version: string }
  Status: { verbose: boolean }
  RuntimeConfig: object
  UpdateRuntimeConfig: object
  RunPodSandbox: { config: SandboxConfig | null; runtimeHandler: string }
  StopPodSandbox: SandboxRequest
  RemovePodSandbox: SandboxRequest
  PodSandboxStatus: SandboxRequest
  ListPodSandbox: { filter: SandboxFilter | null }
  UpdatePodSandboxResources: SandboxRequest
  CreateContainer: { podSandboxId: string; config: ContainerConfig | null; sandboxConfig: SandboxConfig | null }
  StartContainer: ContainerRequest
  StopContainer: ContainerRequest & { timeout: number }
  RemoveContainer: ContainerRequest
  ListContainers: { filter: ContainerFilter | null }
  ContainerStatus: ContainerRequest
  UpdateContainerResources: ContainerRequest & { linux: LinuxResources | null }
  ReopenContainerLog: ContainerRequest
  ExecSync: ContainerRequest & { cmd: readonly string[]; timeout: number }
  Exec: ContainerRequest & { cmd: readonly string[]; tty: boolean; stdin: boolean; stdout: boolean; stderr: boolean }
  Attach: ContainerRequest & { tty: boolean; stdin: boolean; stdout: boolean; stderr: boolean }
  PortForward: SandboxRequest & { port: readonly number[] }
  ContainerStats: ContainerRequest
  ListContainerStats: { filter: ContainerStatsFilter | null }
  PodSandboxStats: SandboxRequest
  ListPodSandboxStats: { filter: SandboxStatsFilter | null }
  ListMetricDescriptors: object
  ListPodSandboxMetrics: object
}

export type ImageRequests = {
  ListImages: { filter: { image: ImageSpec | null } | null }
  ImageStatus: { image: ImageSpec | null }
  PullImage: { image: ImageSpec | null }
  RemoveImage: { image: ImageSpec | null }
  ImageFsInfo: object
}

/** One handler per call. protobuf checks responses when they are written; their shapes are made in views.ts. */
export type Calls<Requests> = {
  readonly [Name in keyof Requests]: (request: Requests[Name]) => object | Promise<object>
}
export type RuntimeCalls = Calls<RuntimeRequests>
export type ImageCalls = Calls<ImageRequests>
