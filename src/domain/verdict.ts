/** The judgment of a run. Merge order of kinds: fail > aborted > inconclusive > pass. Made by `judge`, drawn by `report`. */
import type { Acceptance } from './acceptance.ts'
import type { Cause } from './causes.ts'
import type { PostureWant } from './posture.ts'
import type { Reaction, Slo } from './rehearsal.ts'
import type { Instant, Millis, Ratio, Some } from './units.ts'

export type Verdict =
  /** `accepted`: findings that would have failed the run and are accepted in the target file. */
  | { readonly kind: 'pass'; readonly warnings: readonly Finding[]; readonly accepted?: Some<Finding> }
  | { readonly kind: 'fail'; readonly breaches: Some<Finding> }
  | { readonly kind: 'aborted'; readonly by: string; readonly at: Instant; readonly gaps: readonly Finding[] }
  | { readonly kind: 'inconclusive'; readonly gaps: Some<Finding> }

/** One thing that the run showed. `evidence` are line numbers of the journal, from 1. */
export type Finding = {
  readonly weight: 'breach' | 'gap' | 'accepted' | 'warning'
  readonly cause: Cause
  readonly subject: string
  readonly sentence: string
  readonly next: string
  readonly evidence: readonly number[]
  /** The finding that explains this one: evidence is missing because of it. Only gaps follow from other findings. */
  readonly follows?: { readonly cause: Cause; readonly subject: string }
  /** Who accepted it. `daysLeft` counts from the day of the run; a negative number is an acceptance that expired, and the finding stands. */
  readonly acceptance?: AcceptedBy
}

export type AcceptedBy = Pick<Acceptance, 'owner' | 'reason' | 'until'> & { readonly daysLeft: number }

export type Judgment = {
  readonly format: 1
  readonly run: string
  readonly rehearsal: string
  readonly verdict: Verdict
  readonly summary: string
  readonly exitCode: number
  readonly healed: boolean
  readonly slos: readonly SloResult[]
  readonly faults: readonly FaultResult[]
  readonly actions: readonly ActionResult[]
  readonly autoscalers: readonly AutoscalerResult[]
  readonly keda: readonly KedaResult[]
  readonly budgets: readonly BudgetResult[]
  readonly connections: readonly ConnectionsResult[]
  readonly posture: readonly PostureResult[]
  /** States that the run had to reach. Absent where the rehearsal requires none. */
  readonly reached?: readonly ReachedResult[]
  /** What people had to do about the first fault or action. Absent where the rehearsal expects nothing of them. */
  readonly people?: readonly ReactionResult[]
  /** Of a rehearsal that expects something of alerts. */
  readonly alerts?: AlertsResult
  readonly ledger?: LedgerResult
  /** Streams to clients. Absent where the rehearsal expects nothing of them. */
  readonly deliveries?: readonly DeliveryResult[]
  readonly generator: GeneratorResult
  readonly findings: readonly Finding[]
  /** Of a stored run: the journal that was judged. */
  readonly evidence?: EvidenceSeal
}

/**
 * The journal that was judged. `head` is the hash of its last line. `signedBy` is the SHA-256 of the public key that verified it, if a key was given.
 * Journals of earlier versions have no chain, so changes in them cannot be detected.
 */
export type EvidenceSeal =
  | {
      readonly kind: 'chained'
      readonly format: number
      readonly lines: number
      readonly head: string
      readonly signedBy?: string
    }
  | { readonly kind: 'unchained'; readonly format: number; readonly lines: number }

export type WindowCounts = {
  readonly attempts: number
  readonly good: number
  readonly bad: number
  readonly slow: number
  readonly overCeiling: number
  readonly neverRan: number
  /** At the quantile of a latency objective; p95 for an availability objective. */
  readonly quantileMs?: number
  readonly p99Ms?: number
}

/** Keys pushed to connected clients. `notJudged`: keys that were due while their client was not connected. */
export type DeliveryResult = {
  readonly stream: string
  readonly withinMs: Millis
  readonly clients: number
  readonly judged: number
  readonly received: number
  readonly lost: number
  readonly again: number
  readonly late: number
  readonly notJudged: number
  readonly held: boolean
}

export type SloResult = {
  readonly sli: string
  readonly kind: 'availability' | 'latency'
  readonly objective: Ratio
  readonly targetMs?: Millis
  readonly ceilingMs?: Millis
  /** Latencies counted in histogram buckets: the bucket bound at which the target is judged. Undefined: every slow response was counted exactly. */
  readonly judgedAtMs?: Millis
  /**
   * Counted by this source of the target's Prometheus, scraped this often. `buckets`: by a histogram's buckets. `unseen`: about so many attempts of
   * instances that ended or restarted came after their last scrape. Undefined: counted by k6.
   */
  readonly prometheus?: {
    readonly of: string
    readonly everyMs: Millis
    readonly buckets: boolean
    readonly unseen?: number
  }
  readonly state: 'proven' | 'proven-with-warning' | 'unproven' | 'missed' | 'no-evidence'
  readonly whole: WindowCounts
  readonly achieved?: Ratio
  /** One-sided 95 % lower bound (Clopper–Pearson) of the achieved share. */
  readonly lowerBound?: Ratio
  /** Share of the error budget of this run that is used; above 1 is missed. */
  readonly budgetUsed: number
  readonly windows: readonly {
    readonly name: string
    readonly kind: 'phase' | 'fault'
    readonly fromMs: Millis
    readonly toMs: Millis
    readonly counts: WindowCounts
  }[]
}

export type FaultResult = {
  readonly fault: string
  readonly state: 'proven' | 'unproven' | 'not-injected' | 'refused' | 'not-performed' | 'not-reached'
  readonly injectedAt?: Instant
  readonly witnessedAt?: Instant
  readonly healedAt?: Instant
  readonly pods: readonly string[]
  readonly coverage?: Ratio
  readonly witness: {
    readonly metric: string
    readonly of: string
    readonly before?: number
    readonly during?: number
    readonly sentence: string
  }
  readonly failovers: readonly {
    readonly from: string
    readonly to: string
    readonly withinMs: Millis
    readonly tookMs?: Millis
    readonly held: boolean
  }[]
  readonly recoveries: readonly {
    readonly sli: string
    readonly withinMs: Millis
    readonly tookMs?: Millis
    readonly held: boolean
  }[]
  readonly reactions: readonly ReactionResult[]
  readonly costs: readonly HarmCost[]
}

/** What a restore must prove. */
export type RestoreProof = 'archives' | 'restores' | 'matches'

/** What a cutover must prove: each step, the RTO, the RPO, and what else is compared. */
export type CutoverProven =
  | 'cutover-step'
  | 'cutover-rto'
  | 'cutover-rpo'
  | 'freeze-holds'
  | 'one-writable'
  | 'regions-alike'
  | 'traffic-moved'
  | 'warm-after-thaw'

/** One expected reaction of the platform, or one part of a release. Failover and recovery have their own types. */
export type ReactionResult = {
  readonly kind:
    | Reaction['kind']
    | 'rolls-out'
    | 'rolls-back'
    | 'migrated'
    | 'locks-short'
    | 'works-with-schema'
    | 'configured'
    | 'configured-back'
    | 'previewed'
    | 'let-in'
    | 'serves-share'
    | 'kept-apart'
    | 'wrote-nothing'
    | 'slows-nobody'
    | 'answers-alike'
    | 'taken-back'
    | RestoreProof
    | CutoverProven
  readonly subject: string
  readonly sentence: string
  readonly held: boolean
  readonly withinMs?: Millis
  readonly tookMs?: Millis
}

/** `before`: it was firing when the load began. `other`: neither expected nor allowed. */
export type FiredAlert = {
  readonly alert: string
  readonly labels: Readonly<Record<string, string>>
  readonly is: 'expected' | 'allowed' | 'other' | 'before'
  readonly firedAt: Instant
  readonly resolvedAt?: Instant
}

/** Alerts that fired while the load ran. `others`: where the rehearsal says that no other may fire. */
export type AlertsResult = {
  readonly fired: readonly FiredAlert[]
  readonly others?: { readonly held: boolean; readonly sentence: string }
}

/** What one harm cost one objective, and when its effect began and ended. Times count from the injection. */
export type HarmCost = {
  readonly sli: string
  readonly kind: Slo['kind']
  /** Of a latency objective: an indicator may have several. */
  readonly targetMs?: Millis
  readonly attempts: number
  readonly bad: number
  /** Good responses over the ceiling, where they were more than the latency objective that covers the SLI allows. */
  readonly tooSlow: number
  /** Share of the run's error budget that was burnt from injection to recovery; 1 is the whole budget. */
  readonly budgetBurnt: number
  /** Greatest burn rate over any 5 s of it: share of bad attempts (for latency: bad or too slow) ÷ share that the objective allows. */
  readonly peakBurn: number
  /** Until the first attempt that was bad or too slow; undefined when there was none. */
  readonly detectMs?: Millis
  /** Until the last attempt that was bad or too slow because of this harm. */
  readonly recoverMs?: Millis
}

export type ActionResult = {
  readonly action: string
  readonly state: 'done' | 'not-done' | 'refused' | 'failed' | 'not-performed' | 'not-reached'
  readonly begunAt?: Instant
  readonly doneAt?: Instant
  readonly healedAt?: Instant
  readonly targets: readonly string[]
  readonly evicted: number
  /** Evictions that a disruption budget refused at least once. */
  readonly refusedEvictions: number
  readonly reactions: readonly ReactionResult[]
  readonly failovers: FaultResult['failovers']
  readonly recoveries: FaultResult['recoveries']
  readonly costs: readonly HarmCost[]
}

/** KEDA's part of a reaction: trigger active → first pod → enough pods → back at rest. */
export type KedaResult = {
  readonly scaledObject: string
  readonly phase: string
  readonly steps: readonly {
    readonly name: 'active' | 'first-pod' | 'ready' | 'idle'
    readonly at?: Instant
    readonly afterMs?: Millis
    readonly budgetMs?: Millis
    readonly held: boolean
  }[]
  readonly peakReady: number
  readonly held: boolean
}

export type ConnectionsResult = {
  readonly of: string
  /** Includes the labels that choose its series. */
  readonly metric: string
  readonly highest?: number
  readonly atMost: number
  readonly held: boolean
}

export type AutoscalerResult = {
  readonly name: string
  readonly phase: string
  /** Metric over target → decided → scheduled → ready, each in ms after the first. */
  readonly steps: readonly {
    readonly name: 'over-target' | 'decided' | 'scheduled' | 'ready'
    readonly at?: Instant
    readonly afterMs?: Millis
    readonly budgetMs?: Millis
    readonly held: boolean
  }[]
  readonly peakDesired: number
  readonly peakReady: number
  /** Changes of direction of the number of wanted pods, and the time after the phase until it was down again. */
  readonly turns?: number
  readonly calmMs?: Millis
  readonly held: boolean
}

export type BudgetResult = {
  readonly budget: string
  readonly held: boolean
  readonly lowestHealthy?: number
  readonly wantedHealthy?: number
  /** Evictions that it refused. */
  readonly refusedEvictions: number
}

/** The result of one posture check on a namespace. */
export type PostureResult = {
  readonly namespace: string
  readonly want: PostureWant
  readonly held: boolean
  /** How many objects were checked, and how many of them failed. */
  readonly sentence: string
}

/** One state that the run had to reach. */
export type ReachedResult = {
  /** What was looked at, and what it had to reach. */
  readonly state: string
  readonly goal: string
  readonly held: boolean
  /** When it was first reached, and how long after the load started. */
  readonly at?: Instant
  readonly afterMs?: Millis
  /** The first value that reached it, or the nearest one: `120`, `41.5/s`, `4 of 6 pods`. */
  readonly shown?: string
}

export type LedgerResult = {
  readonly reconciled: boolean
  readonly settled: boolean
  readonly operations: readonly {
    readonly operation: string
    readonly client: {
      readonly acknowledged: number
      readonly amountCents: number
      readonly refused: number
      readonly unknown: number
    }
    readonly books: readonly {
      readonly book: string
      readonly count: number
      readonly amountCents: number
      readonly duplicates: number
      readonly unknownCommitted: number
      readonly agrees: boolean
      readonly sentence: string
    }[]
  }[]
}

export type GeneratorResult = {
  readonly trusted: boolean
  readonly due: number
  readonly ran: number
  readonly dropped: number
  readonly missing: number
  readonly cpuCoresPeak: number
  readonly hostBusyPeak: Ratio
  readonly sentence: string
}

/** Exit codes of the command line; one table for the whole product. */
export const exitCodes = {
  pass: 0,
  fail: 1,
  badInput: 2,
  inconclusive: 3,
  aborted: 4,
  environment: 5,
  notHealed: 6,
  defect: 70,
} as const
