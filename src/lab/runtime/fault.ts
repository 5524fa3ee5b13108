/** Why a call of the kubelet fails. The CRI server maps the kind to the gRPC status that the kubelet expects. */
export type RuntimeFaultKind = 'not-found' | 'invalid' | 'wrong-state' | 'timeout' | 'failed'

export class RuntimeFault extends Error {
  readonly kind: RuntimeFaultKind

  constructor(kind: RuntimeFaultKind, message: string) {
    super(message)
    this.name = 'RuntimeFault'
    this.kind = kind
  }
}
