/** What every Kubernetes object has, in the JSON of the API. */
export type Metadata = {
  name: string
  namespace?: string
  uid?: string
  resourceVersion?: string
  generation?: number
  creationTimestamp?: string
  labels?: Readonly<Record<string, string>>
  annotations?: Readonly<Record<string, string>>
}

export type ApiObject = { metadata: Metadata }
