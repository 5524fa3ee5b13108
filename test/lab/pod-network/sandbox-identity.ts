import type { SandboxIdentity } from '../../../src/lab/pod-network/network-plugin.ts'

/** A pod as the runtime would name it to the pod network; its app is its name unless the test says otherwise. */
export function identityOf(nodeIndex: number, name: string, changes: Partial<SandboxIdentity> = {}): SandboxIdentity {
  const uid = changes.uid ?? `uid-${name}`
  return {
    id: `sandbox-${uid}`,
    node: 'test',
    nodeIndex,
    namespace: 'casino',
    name,
    uid,
    labels: { app: name },
    ports: [],
    ...changes,
  }
}

/** What a pod of PostgreSQL says of its port. */
export const POSTGRES_PORTS: SandboxIdentity['ports'] = [{ containerPort: 5432, protocol: 'TCP' }]
