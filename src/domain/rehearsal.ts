/** The contents of a rehearsal file and a target file as domain values. Parsed by `files`, planned by `plan`, judged by `judge`. */
import type { Acceptance } from './acceptance.ts'
import type { Act } from './action.ts'
import type { AlertReaction, NoOtherAlerts } from './alert.ts'
import type { ArrivalCurve } from './arrival-curve.ts'
import type { PodTemplate } from './change.ts'
import type { CompareSettings } from './comparison.ts'
import type { CutoverPlace } from './cutover.ts'
import type { Fault } from './fault.ts'
import { prometheusIn, type Slis } from './indicators.ts'
import type { SourcePoint } from './issue.ts'
import type { MigrationPlace } from './migration.ts'
import type { GameDay, GateSpec, PeopleReaction } from './people.ts'
import type { PostureWant } from './posture.ts'
import type { RequiredState } from './required-state.ts'
import type { RestorePlace } from './restore.ts'
import type { LoadRunners } from './runners.ts'
import type { Begin } from './trigger.ts'
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
  readonly actions: readonly ActionSpec[]
  readonly expectations: readonly Expectation[]
  /** States without which the run was too easy. Earlier versions did not have it. */
  readonly reaches?: readonly RequiredState[]
  /** Indicators that are more than a profile of the load. */
  readonly slis: Slis
  readonly slos: Some<Slo>
  readonly guardrails: readonly Guardrail[]
  /** How releases are compared by this rehearsal. Earlier versions did not have it. */
  readonly compare?: CompareSettings
  /** For a rehearsal that people watch. */
  readonly gameday?: GameDay
}

export type LoadSpec = {
  /** Path of the k6 scenario, resolved against the rehearsal file. */
  readonly script: string
  /** Open model: arrivals per second of each load profile at load 1x. */
  readonly arrivals: Readonly<Record<string, PerSecond>>
  /** Profiles that follow a curve through the phases; `arrivals` has the mean of each. */
  readonly curves?: Readonly<Record<string, ArrivalCurve>>
  /** `sli`: the indicator that their round trips feed. */
  readonly sockets?: { readonly population: number; readonly lifetimeMs: Millis; readonly sli: string }
  /** There are no arrivals here: the load is what the script's own options say. */
  readonly own?: true
  /** What the script reads from `__ENV`. */
  readonly env?: Readonly<Record<string, string>>
  readonly at: SourcePoint
}

/** The most that may be harmed at one time, over all faults and actions together. */
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

export type FaultSpec = Begin & {
  readonly name: string
  /** Name of the phase in which the fault begins. */
  readonly during: string
  readonly forMs: Millis
  /** Path of the Chaos Mesh file, the one object that it holds, and what that does. */
  readonly apply: string
  readonly object: ChaosManifest
  readonly does: Fault
  readonly witness: Witness
  readonly expect: readonly Reaction[]
  /** Somebody must say `go` first. */
  readonly gate?: GateSpec
  readonly at: SourcePoint
}

/** A change to the cluster itself, as an operator would make it, with its own undo. */
export type ActionSpec = Begin & {
  readonly name: string
  readonly during: string
  /** Time until the undo. Undefined: at the end of the load, or never if it needs no undo. */
  readonly forMs?: Millis
  readonly act: Act
  readonly expect: readonly Reaction[]
  readonly at: SourcePoint
}

export type { Act } from './action.ts'
export type { NodeChoice } from './change.ts'

/** A Chaos Mesh object as it is applied. Only the code that creates or shows it reads it; its effect is in `Fault`. */
export type ChaosManifest = {
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

/** An independent measurement that must show the fault's effect. It comes from another component than the faulted client. */
export type Witness = RateWitness | ReadyWitness

/** The rate per second of a counter, which must fall or rise to `becomes` within `withinMs` of the injection. */
export type RateWitness = {
  readonly kind: 'rate'
  readonly direction: 'falls' | 'rises'
  readonly metric: string
  /** Only series with these labels. */
  readonly where: Readonly<Record<string, string>>
  /** Name of a source in the target file. */
  readonly of: string
  readonly becomes: PerSecond
  readonly withinMs: Millis
  readonly at: SourcePoint
}

/** The number of pods or nodes that the cluster's probes call Ready, which must fall to `becomes`. */
export type ReadyWitness = {
  readonly kind: 'ready'
  readonly what: 'pods' | 'nodes'
  readonly app?: string
  readonly zone?: string
  readonly becomes: number
  readonly withinMs: Millis
  readonly at: SourcePoint
}

/** What the platform, or the people, must do about a fault or an action. Times count from the injection; for `recovers` and `spreads`, from the healing. */
export type Reaction =
  | PeopleReaction
  | AlertReaction
  | {
      readonly kind: 'failover'
      readonly from: string
      readonly to: string
      readonly withinMs: Millis
      /** The platform stays with the second provider on purpose: no return is judged after the healing. */
      readonly failback?: 'none'
      readonly at: SourcePoint
    }
  | { readonly kind: 'recovers'; readonly sli: string; readonly withinMs: Millis; readonly at: SourcePoint }
  /** `share` of the sockets that were open are open again, and at most `herdMax` of them reconnect in one second. */
  | {
      readonly kind: 'reconnects'
      readonly share: Ratio
      readonly withinMs: Millis
      readonly herdMax?: PerSecond
      readonly at: SourcePoint
    }
  /** From then until the harm ends, at least this many pods of the app are Ready. */
  | {
      readonly kind: 'survives'
      readonly app: string
      readonly ready: number
      readonly withinMs: Millis
      readonly at: SourcePoint
    }
  /** The Ready pods of the app are in this many zones again. */
  | {
      readonly kind: 'spreads'
      readonly app: string
      readonly zones: number
      readonly withinMs: Millis
      readonly at: SourcePoint
    }
  /** Calls to the failed dependency drop: the circuit opens. */
  | {
      readonly kind: 'backs-off'
      readonly metric: string
      readonly where: Readonly<Record<string, string>>
      readonly of: string
      readonly becomes: PerSecond
      readonly withinMs: Millis
      readonly at: SourcePoint
    }
  /** Attempts per operation during the harm: retries must not become a retry storm. */
  | {
      readonly kind: 'amplification'
      readonly of: string
      readonly attempts: string
      readonly operations: string
      readonly atMost: number
      readonly at: SourcePoint
    }
  /** At most this many bad attempts from start to end of the harm. */
  | { readonly kind: 'undisturbed'; readonly sli: string; readonly badMax: number; readonly at: SourcePoint }
  /** For an action: it completes (drained, rolled out, promoted). */
  | { readonly kind: 'completes'; readonly withinMs: Millis; readonly at: SourcePoint }
  /** For a promotion: no acknowledged operation is lost (RPO 0), and `sli` is good again within `rtoMs` of its first bad attempt. */
  | {
      readonly kind: 'promotes'
      readonly database: string
      readonly sli: string
      readonly rtoMs: Millis
      readonly at: SourcePoint
    }

/** How the values of a source's pods are combined: `sum` if each pod shows its own part, `max` if each shows the total. */
export const overPods = ['sum', 'max'] as const
export type OverPods = (typeof overPods)[number]

/** Above it, more pods are needed: a gauge of the pods of a source, or the rate of a counter, summed over them. */
export type ScalingMetric = {
  readonly of: string
  readonly metric: string
  readonly where: Readonly<Record<string, string>>
} & (
  | { readonly kind: 'gauge'; readonly pods: OverPods; readonly above: number }
  | { readonly kind: 'rate'; readonly above: PerSecond }
)

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
      /** What calls for more pods. Without it: the autoscaler's own metrics, and the requests of a source of its name. */
      readonly scalesOn?: ScalingMetric
      /** After the phase it scales down again within this time, with at most this many changes of direction in the whole run. */
      readonly calms?: { readonly withinMs: Millis; readonly turnsMax: number }
      readonly at: SourcePoint
    }
  /** KEDA: from zero (or its minimum) to `atLeast` and, when `idleWithinMs` is given, back after the phase. */
  | {
      readonly kind: 'keda'
      readonly scaledObject: string
      readonly phase: string
      readonly activatesWithinMs: Millis
      readonly readyWithinMs: Millis
      readonly atLeast: number
      readonly idleWithinMs?: Millis
      readonly at: SourcePoint
    }
  /** A gauge of the pods of a source never goes above a limit: connections to a database, for example. */
  | {
      readonly kind: 'connections'
      readonly of: string
      readonly metric: string
      readonly where: Readonly<Record<string, string>>
      readonly pods: OverPods
      readonly atMost: number
      readonly at: SourcePoint
    }
  | { readonly kind: 'disruption'; readonly budget: string; readonly at: SourcePoint }
  /** What the cluster's objects must say in these namespaces, read once before the load. */
  | {
      readonly kind: 'posture'
      readonly namespaces: Some<string>
      readonly wants: Some<PostureWant>
      readonly at: SourcePoint
    }
  /** What people must do about the first fault or action of the run. */
  | { readonly kind: 'human'; readonly reactions: readonly PeopleReaction[]; readonly at: SourcePoint }
  | NoOtherAlerts
  | { readonly kind: 'ledger'; readonly settleWithinMs: Millis; readonly at: SourcePoint }
  /** Each key that the platform pushes reaches each connected client, once, and within this time. */
  | { readonly kind: 'delivered'; readonly stream: string; readonly withinMs: Millis; readonly at: SourcePoint }

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

export type LatencySlo = Extract<Slo, { readonly kind: 'latency' }>

/** Stops and heals the run: when the availability of `sli` stays too low, or when its error budget burns too fast. */
export type Guardrail = AvailabilityGuardrail | BurnGuardrail

export type AvailabilityGuardrail = {
  readonly kind: 'availability'
  readonly id: string
  readonly sli: string
  readonly below: Ratio
  readonly forMs: Millis
  readonly at: SourcePoint
}

/**
 * Trips when the burn rate (share of bad attempts ÷ share that the objective allows) is at least `factor` over the long window and
 * over the short one, so that it neither trips on one second nor stays tripped (SRE Workbook, ch. 5, multi-window alerts).
 */
export type BurnGuardrail = {
  readonly kind: 'burn'
  readonly id: string
  readonly sli: string
  readonly objective: Ratio
  readonly factor: number
  readonly longMs: Millis
  readonly shortMs: Millis
  readonly at: SourcePoint
}

/** What differs between clusters: one file per kube context, beside the rehearsals in `targets/`. */
export type Target = {
  readonly context: string
  readonly file: string
  readonly namespace: string
  /** URL where clients enter. */
  readonly entry: string
  /** uid of the namespace kube-system: the cluster's identity. Undefined for the lab, whose cluster is new at each boot. */
  readonly clusterUid?: string
  readonly hpaSyncMs: Millis
  /** In which Chaos Mesh must have injected a fault; undefined is the default. */
  readonly injectionBudgetMs?: Millis
  readonly loadFactor: number
  /** k6 in the cluster; if left out, it runs on the machine of the controller. */
  readonly load?: LoadRunners
  /** Where metrics are read, through the API server's proxy: each pod that the selector matches. */
  readonly sources: Readonly<Record<string, MetricSource>>
  /** Sources that are read from a Prometheus instead. Their names are not those of `sources`. */
  readonly prometheus?: PrometheusTarget
  /** Where a run publishes what it measures while it goes on. */
  readonly publish?: PublishTarget
  /** What the load needs to be let in: by the name under which the script reads it, where it is. */
  readonly credentials?: Readonly<Record<string, { readonly at: SourcePoint; readonly from: CredentialPlace }>>
  /** Where books are read, through the API server's proxy. */
  readonly books: readonly {
    readonly book: string
    readonly namespace: string
    readonly service: string
    readonly port: number
    /** The book against which the others are held. Without one it is the book with a double-entry check. */
    readonly ledger?: boolean
  }[]
  /** Operation that the platform books by itself → operation that it follows, under the same key and in the same ledger. */
  readonly followUps: Readonly<Record<string, string>>
  /** A stream of pushed messages: the book that lists the receivers, and the operation whose keys are pushed. */
  readonly streams?: Readonly<Record<string, { readonly book: string; readonly operation: string }>>
  /** Counters that show which provider does the work. */
  readonly providerCalls: readonly ProviderCalls[]
  /** From the death of a pod to its last failed readiness probe: period × failures + timeout. */
  readonly unreadyWithinMs: Millis
  /** How another member of a database is made its primary: one field of one object, and where the cluster shows who it is. */
  readonly databases: Readonly<Record<string, DatabaseSwitch>>
  /** How a restored copy of a database is requested and read. */
  readonly restores?: Readonly<Record<string, RestorePlace>>
  /** How the schema of a database is changed by a release. */
  readonly migrations?: Readonly<Record<string, MigrationPlace>>
  /** How the platform moves to another region. */
  readonly cutovers?: Readonly<Record<string, CutoverPlace>>
  /** Addresses by the name that a chaos file's annotation `matchday.dev/addresses` gives, for clusters where providers are outside. */
  readonly addresses: Readonly<Record<string, readonly string[]>>
  /** Endpoints outside the cluster that pods may call, by name: the posture check `enforced-network` dials them. */
  readonly endpoints?: Readonly<Record<string, readonly { readonly ip: string; readonly port: number }[]>>
  /** Releases that are deployed side by side, by name. */
  readonly releases?: Readonly<Record<string, DeployedRelease>>
  /** Findings that do not fail a run on this target for now. */
  readonly acceptedFindings?: readonly Acceptance[]
}

/** Where one of several releases is entered. */
export type DeployedRelease = {
  readonly entry: string
  /** Restarted before it is compared, and held at this number of pods meanwhile. Earlier versions did not have it. */
  readonly pinned?: { readonly deployment: string; readonly replicas: number; readonly at: SourcePoint }
  /** For releases of one Deployment, which cannot run side by side: it is rolled out before the release is measured. Earlier versions did not have it. */
  readonly rollOut?: RollOut
}

/** A template that a Deployment gets. */
export type RollOut = PodTemplate & {
  readonly deployment: string
  readonly withinMs: Millis
  readonly at: SourcePoint
}

/** `desired` and `observed` are dotted paths (`data.primary`) in the object; it is switched when they are equal. */
export type DatabaseSwitch = {
  readonly apiVersion: string
  readonly plural: string
  readonly namespace: string
  readonly name: string
  readonly desired: string
  readonly observed: string
}

/** A Prometheus, and by source the metrics that are read: name → selector of series, as `requests_total{job="shop"}`. */
export type PrometheusTarget = {
  readonly server:
    | { readonly kind: 'service'; readonly namespace: string; readonly service: string; readonly port: number }
    | { readonly kind: 'url'; readonly url: string; readonly login?: PrometheusLogin; readonly ca?: string }
  /** How often it scrapes: nothing shorter than two of these can be judged. */
  readonly scrapeMs: Millis
  readonly sources: Readonly<Record<string, Readonly<Record<string, string>>>>
}

/** A receiver of Prometheus remote write, and a Grafana that gets annotations. */
export type PublishTarget = { readonly remoteWrite?: PublishEndpoint; readonly grafana?: PublishEndpoint }
/** `ca`: path of the certificates of the authority that signed its certificate. `at`: where the target file says it; journals do not say. */
export type PublishEndpoint = {
  readonly url: string
  readonly login?: PrometheusLogin
  readonly ca?: string
  readonly at?: SourcePoint
}

/** `basic` is `user:password`. The secret itself never stands in a file of the rehearsal. */
export type PrometheusLogin = { readonly kind: 'bearer' | 'basic'; readonly from: SecretPlace }
export type SecretPlace =
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }

const VARIABLE_AS_USUAL = /^[A-Z_][A-Z0-9_]*$/
/** Letters and digits in one long run: tokens look like this, file names rarely do. */
const TOKEN_AS_NAME = /(^|\/)(?=[^/]*[0-9])(?=[^/]*[A-Za-z])[A-Za-z0-9_+=~-]{12,}$/

/** A place for a message that it holds nothing. Somebody may have typed the credential itself where its place belongs, and then it is not shown. */
export function placeToShow(place: SecretPlace): string {
  const [kind, written, isShown] =
    place.kind === 'env'
      ? ['environment variable', place.name, VARIABLE_AS_USUAL.test(place.name)]
      : ['file', place.path, !TOKEN_AS_NAME.test(place.path)]
  return isShown
    ? `the ${kind} ${written}`
    : `the ${kind} that is named there (not shown, because it may be the credential itself)`
}

/** Shorter credentials cannot be kept out of logs and reports without hiding parts of ordinary words. */
export const CREDENTIAL_CHARACTERS_MIN = 6
/** `secret`: a key of a Secret of the cluster. */
export type CredentialPlace =
  | SecretPlace
  | { readonly kind: 'secret'; readonly namespace: string; readonly name: string; readonly key: string }

/** Adds the series that OpenSLO indicators define to those that the target's Prometheus is asked for. Without a Prometheus, nothing is added. */
export function withSeriesOf(slis: Slis, target: Target): Target {
  const brought = Object.values(prometheusIn(slis)).filter(({ series }) => series !== undefined)
  if (target.prometheus === undefined || brought.length === 0) return target
  const sources = {
    ...target.prometheus.sources,
    ...Object.fromEntries(brought.map(({ of, series = {} }) => [of, series])),
  }
  return { ...target, prometheus: { ...target.prometheus, sources } }
}

/** The metrics of each source, of either sort. */
export const metricsBySource = ({ sources, prometheus }: Target): ReadonlyMap<string, readonly string[]> =>
  new Map([
    ...Object.entries(sources).map(([name, { metrics }]) => [name, metrics] as const),
    ...Object.entries(prometheus?.sources ?? {}).map(([name, metrics]) => [name, Object.keys(metrics)] as const),
  ])

/** How often a source is read at most; undefined for pods, which are scraped by the run itself. */
export const scrapeMsOf = ({ prometheus }: Target, source: string): Millis | undefined =>
  prometheus !== undefined && Object.hasOwn(prometheus.sources, source) ? prometheus.scrapeMs : undefined

/** Calls of the platform to its providers, as the platform counts them. Summed over all sources that expose the counter. */
export type ProviderCalls = {
  readonly counter: string
  /** Values of the label `labels.provider`, which are also names of sources. */
  readonly providers: Some<string>
  readonly labels: { readonly provider: string; readonly outcome: string }
  /** Values of the label `labels.outcome`. Others only count as ended. */
  readonly outcomes: {
    /** The provider did the work. */
    readonly done: string
    /** Calls that were made and brought nothing. */
    readonly inVain: readonly string[]
    /** Calls that an open circuit breaker did not let through. */
    readonly keptAway?: string
  }
}

/** The counter that knows a provider. */
export const callsTo = ({ providerCalls }: Target, provider: string): ProviderCalls | undefined =>
  providerCalls.find(({ providers }) => providers.includes(provider))

export type MetricSource = {
  readonly namespace: string
  readonly selector: Readonly<Record<string, string>>
  readonly port: number
  readonly path: string
  readonly metrics: readonly string[]
  /** A series of each pod that is above 0: the value of its label tells which configuration the pod serves with. */
  readonly configuration?: { readonly metric: string; readonly label: string }
}

/** Environment variables in which matchday's own logins are: to a Prometheus, and to the places where it publishes. */
export function secretVariables({ prometheus, publish }: Pick<Target, 'prometheus' | 'publish'>): readonly string[] {
  const logins = [
    prometheus?.server.kind === 'url' ? prometheus.server.login : undefined,
    publish?.remoteWrite?.login,
    publish?.grafana?.login,
  ]
  return logins.flatMap((login) => (login?.from.kind === 'env' ? [login.from.name] : []))
}
