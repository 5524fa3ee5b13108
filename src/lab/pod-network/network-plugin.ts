/**
 * The interface between the runtime and the pod network, modelled on CNI. The runtime asks for an address when it creates a sandbox,
 * returns it when it removes the sandbox, and runs the relay that the network wants beside a native container.
 */

/** What a pod gets from the network. It keeps the address for the life of the sandbox, also over a restart. */
export type SandboxNetwork = {
  /** 10.244.n.x */
  ip: string
  /** for every process of the pod: the NODE_OPTIONS preload and what it needs */
  env: Readonly<Record<string, string>>
  /** The file of the pod's network namespace, in a lab that has them. */
  namespace?: string
  /** 127.245.n.x: where a container that does not run Node listens */
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

/** A process that the runtime runs beside a native container and ends with it. */
export type Relay = { argv: readonly string[]; env: Readonly<Record<string, string>> }

export interface NetworkPlugin {
  /** Idempotent per id. */
  add(pod: SandboxIdentity): Promise<SandboxNetwork>
  del(pod: { id: string }): Promise<void>
  /**
   * While a node is silent, nothing arrives at its pods or from them: new connections get no answer (they are not refused), and open ones
   * stall. Resolves when every process of every peer applies it, or its time is over. Kept over a restart.
   */
  setSilent?(node: { name: string; index: number }, silent: boolean): Promise<void>
  /** Listens on the pod's ports at the pod's address and forwards to `nativeAddress`. */
  relayFor?(pod: SandboxIdentity, net: SandboxNetwork): Relay
}
