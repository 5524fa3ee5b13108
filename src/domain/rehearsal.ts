/** What a rehearsal file and a target file say, as domain values. Parsed by `spec`, planned by `plan`, judged by `judge`. */
import type { SourcePoint } from './issue.ts'
import type { Millis, PerSecond, Ratio, Some } from './units.ts'

export type Rehearsal = {
  readonly name: string
  readonly file: string
  readonly hypothesis: string
  /** Allow-list: any other kube context is refused. */
  readonly contexts: Some<string>
  readonly load: LoadSpec
  readonly blastRadius: BlastRadius
  readonly phases: Some<Phase>
  readonly faults: readonly FaultSpec[]
  readonly expectations: readonly Expectation[]
  readonly slos: Some<Slo>
  readonly guardrails: readonly Guardrail[]
}

export type LoadSpec = {
  /** Path of the k6 scenario, resolved against the rehearsal file. */
  readonly script: string
  /** Open model: arrivals per second of each load profile at load 1x. */
  readonly arrivals: Readonly<Record<string, PerSecond>>
  readonly sockets?: { readonly population: number; readonly lifetimeMs: Millis }
  readonly at: SourcePoint
}

/** The most that may be harmed at one time, over all faults together. */
export type BlastRadius = {
  readonly namespaces: readonly string[]
  readonly pods: { readonly kind: 'share'; readonly of: Ratio } | { readonly kind: 'count'; readonly of: number }
  readonly zones: number
  readonly at: SourcePoint
}

/** A phase lasts `rampMs` + `forMs`; the load moves linearly to `factor` during the ramp. */
export type Phase = {
  readonly name: string
  readonly rampMs: Millis
  readonly forMs: Millis
  readonly factor: number
  readonly at: SourcePoint
}

export type FaultSpec = {
  readonly name: string
  /** Name of the phase in which the fault begins; `atMs` counts from the end of that phase's ramp. */
  readonly during: string
  readonly atMs: Millis
  readonly forMs: Millis
  /** Path of the Chaos Mesh file, and the one object it holds, as parsed. */
  readonly apply: string
  readonly object: ChaosObject
  readonly witness: Witness
  readonly expect: readonly FaultExpectation[]
  readonly at: SourcePoint
}

/** A Chaos Mesh object as the file has it: admission belongs to `protocols/chaos-mesh`, not to this type. */
export type ChaosObject = {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly namespace?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec: Readonly<Record<string, unknown>>
}

/** An independent measurement that must see the fault bite: the rate of a counter, kept by somebody other than the faulted client. */
export type Witness = {
  readonly metric: string
  /** Name of a source in the target file. */
  readonly of: string
  /** Rate per second that it must come down to (at most), within `withinMs` of the injection. */
  readonly becomes: PerSecond
  readonly withinMs: Millis
  readonly at: SourcePoint
}

export type FaultExpectation =
  | {
      readonly kind: 'failover'
      readonly from: string
      readonly to: string
      readonly withinMs: Millis
      readonly at: SourcePoint
    }
  | { readonly kind: 'recovers'; readonly sli: string; readonly withinMs: Millis; readonly at: SourcePoint }

export type Expectation =
  | {
      readonly kind: 'autoscaler'
      readonly name: string
      readonly phase: string
      /** HPA sync periods (the target file says how long one is) from metric over target to the first decision. */
      readonly decidesWithinSyncs: number
      /** From metric over target to `atLeast` pods Ready. */
      readonly readyWithinMs: Millis
      readonly atLeast: number
      readonly at: SourcePoint
    }
  | { readonly kind: 'disruption'; readonly budget: string; readonly at: SourcePoint }
  | { readonly kind: 'ledger'; readonly settleWithinMs: Millis; readonly at: SourcePoint }

export type Slo =
  | { readonly kind: 'availability'; readonly sli: string; readonly objective: Ratio; readonly at: SourcePoint }
  /** `quantile` of the good responses within `targetMs`; over the target but within `ceilingMs` is a warning. */
  | {
      readonly kind: 'latency'
      readonly sli: string
      readonly quantile: Ratio
      readonly targetMs: Millis
      readonly ceilingMs: Millis
      readonly at: SourcePoint
    }

/** Stops and heals the run when the availability of `sli` stays below `below` for `forMs`. */
export type Guardrail = {
  readonly id: string
  readonly sli: string
  readonly below: Ratio
  readonly forMs: Millis
  readonly at: SourcePoint
}

/** What differs between clusters: one file per kube context, beside the rehearsals in `targets/`. */
export type Target = {
  readonly context: string
  readonly file: string
  readonly namespace: string
  /** URL where players enter. */
  readonly entry: string
  /** uid of the namespace kube-system: the cluster's identity. Undefined for the lab, whose cluster is new at each boot. */
  readonly clusterUid?: string
  readonly hpaSyncMs: Millis
  readonly loadFactor: number
  /** Where metrics are read, through the API server's proxy: each pod that the selector matches. */
  readonly sources: Readonly<Record<string, MetricSource>>
  /** Where books are read, through the API server's proxy. */
  readonly books: readonly {
    readonly book: string
    readonly namespace: string
    readonly service: string
    readonly port: number
  }[]
  /** Addresses by the name that a chaos file's annotation `matchday.dev/addresses` gives, for clusters where providers are outside. */
  readonly addresses: Readonly<Record<string, readonly string[]>>
}

export type MetricSource = {
  readonly namespace: string
  readonly selector: Readonly<Record<string, string>>
  readonly port: number
  readonly path: string
  readonly metrics: readonly string[]
}
