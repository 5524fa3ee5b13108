// Ingress objects in the JSON of the API, with the fields that are read.
import type { ApiObject } from '../cluster-access/kube-object.ts'

export type IngressBackend = { service?: { name: string; port?: { number?: number; name?: string } } }

export type IngressPath = { path?: string; pathType?: string; backend: IngressBackend }

export type Ingress = ApiObject & {
  spec?: {
    ingressClassName?: string
    defaultBackend?: IngressBackend
    rules?: readonly { host?: string; http?: { paths?: readonly IngressPath[] } }[]
  }
}
