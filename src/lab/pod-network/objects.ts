// The Kubernetes objects that the network reads, in the JSON of the API, with only the fields that are read. (The client library's types
// differ from the JSON: it renames `from`.)

import type { LabelSelector } from '../../protocols/kubernetes/label-selector.ts'
import type { ApiObject } from '../cluster-access/kube-object.ts'

export type Namespace = ApiObject

export type Pod = ApiObject & {
  spec?: {
    hostname?: string
    subdomain?: string
    containers?: readonly { ports?: readonly { name?: string; containerPort: number; protocol?: string }[] }[]
  }
  status?: { phase?: string }
}

export type KubeService = ApiObject & {
  spec?: {
    type?: string
    clusterIP?: string
    externalName?: string
    sessionAffinity?: string
    sessionAffinityConfig?: { clientIP?: { timeoutSeconds?: number } }
    ports?: readonly {
      name?: string
      port: number
      protocol?: string
      targetPort?: number | string
      nodePort?: number
    }[]
  }
}

export type SliceEndpoint = {
  addresses: readonly string[]
  hostname?: string
  conditions?: { ready?: boolean; serving?: boolean; terminating?: boolean }
  targetRef?: { kind?: string; name?: string }
}

export type EndpointSlice = ApiObject & {
  addressType?: string
  endpoints?: readonly SliceEndpoint[]
  ports?: readonly { name?: string; port?: number; protocol?: string }[]
}

export type PolicyPeer = {
  podSelector?: LabelSelector
  namespaceSelector?: LabelSelector
  ipBlock?: { cidr: string; except?: readonly string[] }
}
export type PolicyPort = { protocol?: string; port?: number | string; endPort?: number }

export type NetworkPolicy = ApiObject & {
  spec?: {
    podSelector?: LabelSelector
    policyTypes?: readonly string[]
    ingress?: readonly { from?: readonly PolicyPeer[]; ports?: readonly PolicyPort[] }[]
    egress?: readonly { to?: readonly PolicyPeer[]; ports?: readonly PolicyPort[] }[]
  }
}

export type ClusterObjects = {
  services: readonly KubeService[]
  slices: readonly EndpointSlice[]
  pods: readonly Pod[]
  namespaces: readonly Namespace[]
  policies: readonly NetworkPolicy[]
}

/** Each slice of a Service has this label, with the Service's name. */
export const SERVICE_NAME_LABEL = 'kubernetes.io/service-name'
