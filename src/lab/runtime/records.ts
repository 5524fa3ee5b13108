import type { ProcessId } from '../machine/processes.ts'
import type { SandboxNetwork } from '../pod-network/network-plugin.ts'
import type { ContainerNamespaces } from './container/namespaces.ts'
import type { ContainerConfig, SandboxConfig } from './cri/messages.ts'

/** What must outlive this process, one JSON file each. Everything else is found again in /proc and in the container's folder. */
export type SandboxRecord = {
  readonly id: string
  readonly createdAtMs: number
  readonly config: SandboxConfig
  /** undefined: the pod uses the node's own network (hostNetwork) */
  readonly network?: SandboxNetwork
  /** set when StopPodSandbox has released the address */
  readonly stopped?: true
}

export type ContainerExit = {
  readonly code: number
  readonly reason: string
  readonly message: string
  readonly atMs: number
}

/** The image that a container was made from. Stored, because the index may change while the container lives. */
export type ContainerImage = {
  readonly name: string
  readonly digest: string
  readonly kind: 'node' | 'native'
  readonly folder: string
  readonly stopSignal: NodeJS.Signals
}

export type Identity = { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }

export type ContainerRecord = {
  readonly id: string
  readonly sandboxId: string
  readonly createdAtMs: number
  readonly config: ContainerConfig<string>
  readonly image: ContainerImage
  /** undefined: as the user that runs the lab */
  readonly identity?: Identity
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly workingDir: string
  /** undefined: the kubelet asked for no log */
  readonly logPath?: string
  readonly started?: { readonly wrapper: ProcessId; readonly atMs: number }
  readonly relay?: ProcessId
  /** Namespaces of its own, in a lab that has them. */
  readonly namespaces?: ContainerNamespaces
  readonly exit?: ContainerExit
}
