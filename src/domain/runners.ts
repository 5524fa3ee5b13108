/** Load generators in the cluster: k6 in several pods. */
import type { SourcePoint } from './issue.ts'

export type LoadRunners = {
  readonly runners: number
  /** For all objects that a run creates for its load. It must exist. */
  readonly namespace: string
  /** URL that the runners send requests to, if it differs from that of clients outside the cluster. */
  readonly entry?: string
  /** k6 with a shell. */
  readonly image: string
  /** Node, for the relay that receives the metrics of the runners. */
  readonly relayImage: string
  /** Requests and limits of each runner, as Kubernetes writes them. */
  readonly cpu: string
  readonly memory: string
  readonly nodeSelector?: Readonly<Record<string, string>>
  /** Taints that the runners tolerate: keys. */
  readonly tolerates?: readonly string[]
  readonly at: SourcePoint
}

/** The name of a runner as an instance of the load generator; 0 for the first. */
export const runnerName = (index: number): string => `runner-${index}`

/** The smallest multiple of `runners` that is not smaller: k6 gives each runner the same share of the load only for whole shares of the VUs. */
export const wholeShares = (vus: number, runners: number): number => Math.ceil(vus / runners) * runners
