/** What every Kubernetes object has, as it stands in the API's JSON. */
export type Metadata = {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  labels?: Readonly<Record<string, string>>
  annotations?: Readonly<Record<string, string>>
}

export type KubeObject = { metadata: Metadata }
