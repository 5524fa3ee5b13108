/**
 * The seam between the runtime and the pod network, shaped like CNI: the runtime asks for an address when a sandbox is
 * made, gives it back when the sandbox is removed, and starts whatever relay the network wants beside native containers.
 */

/** What a pod gets from the network; the address is kept for the life of the sandbox, also over a restart. */
export type SandboxNetwork = {
  /** 10.244.n.x */
  ip: string
  /** for every process of the pod: the NODE_OPTIONS preload and what it needs */
  env: Readonly<Record<string, string>>
  /** 127.245.n.x: where a non-Node container of this pod listens */
  nativeAddress: string
}

export type SandboxIdentity = {
  id: string
  node: string
  nodeIndex: number
  namespace: string
  name: string
  uid: string
  labels: Readonly<Record<string, string>>
  ports: readonly { containerPort: number; protocol: string }[]
}

/** A process that the runtime runs beside a native container, tied to its life. */
export type Relay = { argv: readonly string[]; env: Readonly<Record<string, string>> }

export interface NetworkPlugin {
  /** Idempotent per id. */
  add(pod: SandboxIdentity): Promise<SandboxNetwork>
  del(pod: { id: string }): Promise<void>
  /**
   * While a node is silent nothing arrives from its pods or at them: connections to them are lost and not refused, and open ones just
   * stop. Resolves when every process of every peer obeys, or had its time to. Kept over a restart.
   */
  setSilent?(node: { name: string; index: number }, silent: boolean): Promise<void>
  /** Listens on the pod's ports in the pod's name and forwards to `nativeAddress`. */
  relayFor?(pod: SandboxIdentity, net: SandboxNetwork): Relay
}
