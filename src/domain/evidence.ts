/**
 * Evidence: the contents of the journal, and the only input of the judge and the reports. Records say what was observed and when, never what it
 * means. Every record carries `at` on the controller's clock; fields named `…At` are on another clock.
 */
import type { AlertsRead } from './alert.ts'
import type { BlockEnded, BlockStarted, RestAwaited } from './blocks.ts'
import type { PreviewOutcome, StepDecision } from './canary.ts'
import type { ClusterObject } from './cluster.ts'
import type { ConfigTaken } from './configuration.ts'
import type { CutoverStep, EndCutover, Writable } from './cutover.ts'
import type { DeliveryCell, Receipts } from './deliveries.ts'
import type { Decision, GateAnswer, Note, Role } from './people.ts'
import type { PostureKind, PostureObject } from './posture.ts'
import type { Rehearsal, Target } from './rehearsal.ts'
import type { CutCells, RestoreStep } from './restore.ts'
import type { Session } from './session.ts'
import type { BookCount, DifferingField } from './shadow.ts'
import type { Timeline } from './timeline.ts'
import type { TriggerSign } from './trigger.ts'
import type { Instant, Millis, Ratio } from './units.ts'
import type { CohortRound } from './visit.ts'

export type Evidence =
  | RunStarted
  | { readonly kind: 'phase-started'; readonly at: Instant; readonly phase: string; readonly index: number }
  | LoadStarted
  | LoadFrame
  | LoadEnded
  | SessionStarted
  | BlockStarted
  | BlockEnded
  | RestAwaited
  | FaultStep
  | ActionStep
  | UndoWritten
  | UndoDone
  | ObjectSeen
  | ObjectsListed
  | Sample
  | AlertsRead
  | BookRead
  | KeysRead
  | ReceiptsTold
  | DeliveriesRead
  | GeneratorHealth
  | GuardrailTripped
  | {
      readonly kind: 'stop-requested'
      readonly at: Instant
      readonly by: 'operator' | 'guardrail' | 'failure'
      readonly reason: string
    }
  | Note
  | Decision
  | Residue
  | EvidenceLost
  | EvidenceDoubted
  | { readonly kind: 'run-ended'; readonly at: Instant; readonly healed: boolean }

export type EvidenceKind = Evidence['kind']
export type EvidenceOf<K extends EvidenceKind> = Extract<Evidence, { kind: K }>

/** First record of a journal: everything that judging needs and that is known before the first harm. */
export type RunStarted = {
  readonly kind: 'run-started'
  readonly at: Instant
  readonly run: string
  readonly rehearsal: Rehearsal
  readonly target: Target
  readonly timeline: Timeline
  readonly environment: Environment
}

export type Environment = {
  readonly matchday: string
  readonly node: string
  readonly k6: string
  readonly kubernetes: string
  readonly clusterUid: string
  readonly cores: number
  readonly seed: number
  readonly command: string
  /** The kind of pod network, if the cluster records it. Earlier versions did not write it. */
  readonly podNetwork?: string
  /** Earlier versions did not record it. */
  readonly audit?: Audit
}

/** Who ran it and with which files. The cluster is in `clusterUid` and the target. SHA-256 in hex over a file's bytes. */
export type Audit = {
  readonly user?: string
  readonly host?: string
  readonly files: readonly { readonly path: string; readonly sha256: string }[]
}

/** Time zero of the plan on the controller's clock. The scenario got the same moment. */
export type LoadStarted = {
  readonly kind: 'load-started'
  readonly at: Instant
  readonly zeroAt: Instant
  readonly instance: string
  /** Of the process on the machine of the controller; 0 for a runner in the cluster. */
  readonly pid: number
  /** Of a runner in the cluster. `toldAt`: its time zero on the clock of its node. */
  readonly pod?: string
  readonly node?: string
  readonly toldAt?: Instant
}

/**
 * About one per second from each generator instance. All counts are cumulative since the instance started, so that a lost frame loses resolution, not
 * counts. Frames of several instances add up.
 */
export type LoadFrame = {
  readonly kind: 'load-frame'
  readonly at: Instant
  readonly instance: string
  readonly slis: Readonly<Record<string, SliCounts>>
  readonly profiles: Readonly<Record<string, { readonly iterations: number; readonly dropped: number }>>
  readonly operations: Readonly<Record<string, OperationCounts>>
  /** Keys whose outcome the client never learnt, new in this frame. */
  readonly unknownKeys: readonly { readonly operation: string; readonly key: string }[]
  readonly sockets?: {
    readonly open: number
    readonly connected: number
    readonly failed: number
    readonly dropped: number
    /** Dropped sockets whose server sent a close frame (RFC 6455, 5.5.1). */
    readonly sentAway?: number
    /** Sockets that replaced a healthy one of the same client, by whether they reached the same server. */
    readonly kept?: number
    readonly moved?: number
  }
  /** Lateness of the generator's event loop since the last frame, in ms. */
  readonly loopLag?: { readonly count: number; readonly p95Ms: number }
  readonly vus: number
}

/** Good responses are the histogram's count; `slow` and `overCeiling` are the good ones beyond the objective's limits. */
export type SliCounts = {
  readonly good: number
  readonly bad: number
  readonly badBy: Readonly<Record<string, number>>
  readonly slow: number
  readonly overCeiling: number
  /** Latencies of the good responses, new in this frame: `[upper bound in ms, count]`, ascending. Used for charts, never for the verdict. */
  readonly histogram: readonly (readonly [number, number])[]
}

export type OperationCounts = {
  readonly acknowledged: number
  readonly amountCents: number
  readonly digestLow: number
  readonly digestHigh: number
  readonly refused: number
  readonly unknown: number
}

export type LoadEnded = {
  readonly kind: 'load-ended'
  readonly at: Instant
  readonly instance: string
  /** `completed`: ran its plan; `stopped`: the controller stopped it; `crashed`: anything else. */
  readonly outcome: 'completed' | 'stopped' | 'crashed'
  readonly exitCode: number | null
  readonly problems: readonly string[]
  /** How many frames the instance sent. Earlier versions did not count them. */
  readonly frames?: number
  /** The script's own thresholds, as k6 evaluated them over the whole run. */
  readonly thresholds?: readonly ThresholdResult[]
}

/** `ok`: as k6 says; it also says so without a sample. `samples`: how many there were. */
export type ThresholdResult = {
  readonly metric: string
  readonly expression: string
  readonly ok: boolean
  readonly samples: number
  /** k6 stopped the run because of it. */
  readonly aborted: boolean
  /** The values that k6 compared, by name: `p(95)`, `rate`, `count`. */
  readonly values: Readonly<Record<string, number>>
}

/** Second record of a journal of blocks: what they are for. A run of one rehearsal has none. */
export type SessionStarted = { readonly kind: 'session-started'; readonly at: Instant; readonly session: Session }

/** One step of a fault's life. A step that did not happen has no record, and the judge reads its absence. */
export type FaultStep = {
  readonly kind: 'fault-step'
  readonly at: Instant
  readonly fault: string
  readonly step: FaultStepData
}

/**
 * What happens to the trigger of a fault or an action. `armed`: the last reading before, if there is one. `triggered`: the reading that fired it.
 * `trigger-missed`: the deadline passed, and the last reading.
 */
export type TriggerStep =
  | { readonly is: 'armed'; readonly note: string }
  | ({ readonly is: 'triggered' } & TriggerSign)
  | { readonly is: 'trigger-missed'; readonly note: string }

export type FaultStepData =
  | TriggerStep
  /** Live pods that the selectors match, and the limit that admitted the fault. */
  | {
      readonly is: 'admitted'
      readonly pods: readonly string[]
      readonly candidates: number
      readonly limit: number
      readonly note: string
    }
  | { readonly is: 'refused'; readonly problem: string }
  | { readonly is: 'created'; readonly namespace: string; readonly name: string; readonly uid: string }
  | { readonly is: 'injected'; readonly pods: readonly string[] }
  | { readonly is: 'failed'; readonly problem: string }
  /** Share of the pods that match now and are covered; `escaped` started during the fault and are not covered. */
  | {
      readonly is: 'coverage'
      readonly covered: number
      readonly matching: number
      readonly escaped: readonly string[]
    }
  | { readonly is: 'gate-opened'; readonly by: Role }
  /** `who`: whoever answered. */
  | { readonly is: 'gate-closed'; readonly answer: GateAnswer; readonly who?: string }
  | { readonly is: 'heal-requested' }
  | { readonly is: 'healed' }
  | { readonly is: 'heal-failed'; readonly problem: string }

/** One step of an action's life; targets are `Node/a1`, `Deployment/shop/gateway`, `Pod/shop/gateway-x`. */
export type ActionStep = {
  readonly kind: 'action-step'
  readonly at: Instant
  readonly action: string
  readonly step: ActionStepData
}

export type ActionStepData =
  | TriggerStep
  /** The objects that it will change, and the live pods that this harms, within the blast radius. */
  | {
      readonly is: 'admitted'
      readonly targets: readonly string[]
      readonly pods: readonly string[]
      readonly limit: number
      readonly note: string
    }
  | { readonly is: 'refused'; readonly problem: string }
  | { readonly is: 'begun'; readonly targets: readonly string[] }
  | { readonly is: 'evicted'; readonly pod: string; readonly node: string }
  /** The Eviction API answered 429: a disruption budget is used up. The request is repeated until it is accepted. */
  | { readonly is: 'eviction-refused'; readonly pod: string; readonly node: string; readonly problem: string }
  /** One request of a preview was sent `asked` times and got `good` good responses. `problem`: the first one that was not good. */
  | {
      readonly is: 'previewed'
      readonly request: string
      readonly asked: number
      readonly good: number
      readonly problem?: string
    }
  /** Whether the new release gets the traffic after its preview. `counted`: requests that its pods have counted. */
  | { readonly is: 'preview-decided'; readonly outcome: PreviewOutcome; readonly counted: number }
  /** One round of visits by both cohorts. */
  | { readonly is: 'cohorts-visited'; readonly canary: CohortRound; readonly stable: CohortRound }
  /** The same request was sent to both releases. `asked`: how often; `compared`: times at which both answered, the old one well. `problem`: why not, the first time. */
  | {
      readonly is: 'answers-compared'
      readonly request: string
      readonly asked: number
      readonly compared: number
      readonly different: readonly DifferingField[]
      readonly problem?: string
    }
  /** What the books hold between two windows of a mirror. `problem`: a book could not be read. */
  | { readonly is: 'books-counted'; readonly books: readonly BookCount[]; readonly problem?: string }
  /**
   * The configuration that a release brings was written. `was`, `now`: SHA-256 of the content of the ConfigMap that the pods took and take. `taken`: how
   * the pod template takes it.
   */
  | {
      readonly is: 'config-written'
      readonly configMap: string
      readonly was: string
      readonly now: string
      readonly taken: readonly ConfigTaken[]
    }
  /** The Job of a migration was created, and was seen to be complete. Its schema is not undone. */
  | { readonly is: 'migration-begun'; readonly migration: string; readonly job: string }
  | { readonly is: 'migration-done'; readonly migration: string }
  /**
   * A canary was given this share of the requests. `step` counts from 1. `release`: of a Rollout, the hash of the new pod template, which is in the
   * names of its pods.
   */
  | { readonly is: 'step-set'; readonly step: number; readonly share: Ratio; readonly release?: string }
  /** What became of the step. A hold is decided again later. */
  | ({ readonly is: 'step-decided'; readonly step: number } & StepDecision)
  | { readonly is: 'restore-step'; readonly step: RestoreStep; readonly note: string }
  /** The platform reports that the copy failed. */
  | { readonly is: 'copy-failed'; readonly problem: string }
  /** Both books in the same cells. `imbalanceCents`: 0 if the copy's own sums balance. */
  | {
      readonly is: 'copy-read'
      readonly book: string
      readonly cuts: readonly Instant[]
      readonly live: readonly CutCells[]
      readonly copy: readonly CutCells[]
      readonly imbalanceCents?: number
    }
  /** A step of a cutover begins, gives the new region this share of the requests, or is proven by these readings. */
  | { readonly is: 'cutover-begun'; readonly step: CutoverStep }
  | { readonly is: 'cutover-share'; readonly share: Ratio }
  | { readonly is: 'cutover-proven'; readonly step: CutoverStep; readonly note: string }
  /** The step was not proven in its budget, or could not begin. `differs`: two readings that must be equal were not. `unread`: a proof could not be read. */
  | {
      readonly is: 'cutover-stopped'
      readonly step: CutoverStep
      readonly ends: 'back' | 'onward'
      readonly problem: string
      readonly differs?: true
      readonly unread?: true
    }
  /** Which of the regions accepts writes, read after a step. */
  | { readonly is: 'regions-read'; readonly step: CutoverStep; readonly from: Writable; readonly to: Writable }
  /** The book of a region in cells of time. `region`: the old one when its writes had drained and right before the promotion, and both after it. */
  | {
      readonly is: 'region-book'
      readonly book: string
      readonly region: 'old-drained' | 'old-before' | 'old-after' | 'new'
      readonly cuts: readonly Instant[]
      readonly cells: readonly CutCells[]
    }
  /** The same book could not be read, or its answer has no such cells. */
  | {
      readonly is: 'region-book-unread'
      readonly region: 'old-drained' | 'old-before' | 'old-after' | 'new'
      readonly problem: string
    }
  /** The cluster shows that it is done: drained, rolled out, scaled, promoted, the flag seen. */
  | { readonly is: 'done'; readonly note: string }
  /** The change stays, or the object was so before. Nothing is undone. */
  | { readonly is: 'kept' }
  | { readonly is: 'failed'; readonly problem: string }
  | { readonly is: 'heal-requested' }
  | { readonly is: 'healed' }
  | { readonly is: 'heal-failed'; readonly problem: string }

/** The undo of one harm. It is written and flushed before the harm starts. Undos run in reverse order. */
export type Undo =
  | {
      readonly does: 'delete-object'
      readonly apiVersion: string
      readonly objectKind: string
      readonly plural: string
      readonly namespace: string
      readonly name: string
    }
  | { readonly does: 'remove-taint'; readonly node: string; readonly key: string; readonly effect: string }
  /**
   * Restores one field of one object, but only while it still holds what matchday wrote: later changes by others are kept. `path` is the object's API
   * path, `field` its keys from the root; null means that the field was absent. Then waits for `settled`.
   */
  | {
      readonly does: 'restore-field'
      readonly path: string
      readonly field: readonly string[]
      readonly wrote: FieldValue
      readonly was: FieldValue | null
      readonly settled?: Settled
    }
  /**
   * Restores images and annotations in the pod template of a workload, each only while it still holds what matchday wrote. One change of the
   * template makes one rollout, so they are one undo. Then waits for `settled`.
   */
  | {
      readonly does: 'restore-template'
      readonly path: string
      readonly wrote: TemplateValues
      readonly was: TemplateValues
      readonly settled: Settled
    }
  /**
   * Restores keys of a ConfigMap, each only while it still holds what matchday wrote; null means that the key was absent. It is undone before any
   * template is restored, because new pods read it when they start.
   */
  | {
      readonly does: 'restore-values'
      readonly path: string
      readonly wrote: Readonly<Record<string, string>>
      readonly was: Readonly<Record<string, string | null>>
    }
  /**
   * Restores the weights of two backends in all rules of a route that have both, but only while they hold one of the pairs that matchday writes:
   * `wrote` has them all, so that one undo serves every step. `was`: null means that the weight was absent. `serves` is the path of the workload
   * behind the second backend: its own undos wait, because users get no answer if its pods go while requests are still sent to them.
   */
  | {
      readonly does: 'restore-weights'
      readonly path: string
      readonly serves?: string
      readonly backends: readonly [string, string]
      readonly wrote: readonly (readonly [number, number])[]
      readonly was: readonly [number | null, number | null]
    }
  /**
   * Removes the filter that copies requests to a Service from the rules of a route that send requests to another one. Only the filter that matchday
   * wrote, which it may have removed already. `share`: what it copies.
   */
  | {
      readonly does: 'remove-mirror'
      readonly path: string
      readonly stable: string
      readonly backend: string
      readonly share: number
    }
  /** Deletes the object that requests a restored copy, only if it carries the label of a run, and waits until it is gone. */
  | {
      readonly does: 'delete-copy'
      readonly apiVersion: string
      readonly plural: string
      readonly namespace: string
      readonly name: string
    }
  /** Takes a cutover back or completes it, and verifies that exactly one region accepts writes. */
  | EndCutover

export type FieldValue = string | number | boolean
/**
 * Images by container, and annotations; null means that the annotation was absent. `configMaps`: names of ConfigMaps by the place that takes them, such
 * as `app envFrom 0`, `app env LIMIT` or `volume flags`.
 */
export type TemplateValues = {
  readonly images: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string | null>>
  readonly configMaps?: Readonly<Record<string, string>>
}

/** The condition under which an action, or its undo, counts as done. */
export type Settled =
  /** All replicas updated and Ready, none of the old left. */
  | { readonly kind: 'rolled-out'; readonly path: string }
  /** A node is Ready. */
  | { readonly kind: 'node-ready'; readonly path: string }
  /** Two fields of the object are equal. */
  | {
      readonly kind: 'fields-equal'
      readonly path: string
      readonly desired: readonly string[]
      readonly observed: readonly string[]
    }

export type UndoWritten = {
  readonly kind: 'undo-written'
  readonly at: Instant
  readonly id: string
  readonly undo: Undo
}
export type UndoDone = {
  readonly kind: 'undo-done'
  readonly at: Instant
  readonly id: string
  readonly by: 'run' | 'heal'
  /** `kept`: the change stays on purpose, and only its mark was removed. */
  readonly outcome: UndoOutcome | 'kept'
}
/** `already-gone`: the object no longer had the change. `completed`: there was no way back, so the change was completed. */
export type UndoOutcome = 'undone' | 'already-gone' | 'completed'

export type ObjectSeen = {
  readonly kind: 'object-seen'
  readonly at: Instant
  readonly change: 'present' | 'added' | 'modified' | 'deleted'
  readonly object: ClusterObject
}

/** All objects of one kind in a namespace, read once. An object that is not listed does not exist. */
export type ObjectsListed = {
  readonly kind: 'objects-listed'
  readonly at: Instant
  readonly namespace: string
  readonly resource: PostureKind
  readonly objects: readonly PostureObject[]
}

/**
 * One scrape of one pod of a source. A reading is a finite value of a metric in the answer; anything else is missing, not zero. `ok: false`: nothing
 * was read, for this reason.
 */
export type Sample =
  | {
      readonly kind: 'sample'
      readonly at: Instant
      readonly source: string
      readonly pod: string
      readonly ok: true
      /** Every value is finite. */
      readonly series: readonly Series[]
      /** Metrics that the answer declares without any series: each counts 0. */
      readonly empty?: readonly string[]
      /**
       * Metrics of the source that are missing in this answer, and why. None of their series is kept. `absent`: this scrape has no sample of it, as
       * before a labelled counter first counts.
       */
      readonly unread?: readonly { readonly metric: string; readonly problem: string; readonly absent?: true }[]
    }
  | {
      readonly kind: 'sample'
      readonly at: Instant
      readonly source: string
      readonly pod: string
      readonly ok: false
      readonly problem: string
    }

export type Series = {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A book as the platform shows it (`wire/books.ts`), repeated here because the domain imports nothing. */
export type BookRead = {
  readonly kind: 'book-read'
  readonly at: Instant
  readonly book: string
  readonly settled: boolean
  readonly pending: Readonly<Record<string, number>>
  readonly entries: readonly BookLine[]
  readonly imbalanceCents?: number
  readonly final: boolean
}

export type BookLine = {
  readonly operation: string
  readonly count: number
  readonly amountCents: number
  readonly low: number
  readonly high: number
  readonly duplicates: number
  readonly duplicateKeys: readonly string[]
  readonly buckets: readonly {
    readonly bucket: number
    readonly count: number
    readonly amountCents: number
    readonly low: number
    readonly high: number
  }[]
}

/** What one client received of a stream, reported after the load. */
export type ReceiptsTold = { readonly kind: 'receipts-told'; readonly at: Instant } & Receipts

/** What was due to the watched clients of a stream, as the book says. A receiver without keys has no cells. */
export type DeliveriesRead = {
  readonly kind: 'deliveries-read'
  readonly at: Instant
  readonly stream: string
  readonly book: string
  readonly receivers: readonly { readonly receiver: string; readonly cells: readonly DeliveryCell[] }[]
}

/** Which of the client's unknown keys a book holds. `low`/`high` are the key's digest, so that the judge needs no md5. */
export type KeysRead = {
  readonly kind: 'keys-read'
  readonly at: Instant
  readonly book: string
  readonly operation: string
  readonly asked: number
  readonly committed: readonly {
    readonly key: string
    readonly amountCents: number
    readonly times: number
    readonly low: number
    readonly high: number
  }[]
}

/** CPU of the generator in cores (1 = one full core), and the busy share of the machine, since the last record. */
export type GeneratorHealth = {
  readonly kind: 'generator-health'
  readonly at: Instant
  readonly instance: string
  readonly cpuCores: number
  readonly hostBusy: Ratio
  readonly rssBytes: number
  /** Of a runner in the cluster: the CPU that it may use, and the share of the time in which it was throttled. */
  readonly cpuLimit?: number
  readonly throttled?: Ratio
}

export type GuardrailTripped = {
  readonly kind: 'guardrail-tripped'
  readonly at: Instant
  readonly id: string
  readonly sli: string
  /** Availability over the window that tripped the guardrail, and its limit. */
  readonly measured: Ratio
  readonly below: Ratio
  readonly forMs: Millis
  /** For a burn-rate guardrail: the burn rate over the long window, and its limit. */
  readonly burn?: { readonly factor: number; readonly limit: number }
}

/** The residue audit: what matchday made and is still there. Empty means clean. */
export type Residue = {
  readonly kind: 'residue'
  readonly at: Instant
  readonly when: 'before' | 'after'
  readonly items: readonly ResidueItem[]
}
export type ResidueItem = { readonly what: string; readonly where: string; readonly next: string }

/** Missing evidence: a watch broke, a probe crashed, frames stopped. Never a pass. */
export type EvidenceLost = {
  readonly kind: 'evidence-lost'
  readonly at: Instant
  readonly about: string
  readonly problem: string
  /** Kind of the records that are missing; undefined if nobody knows. */
  readonly of?: Exclude<EvidenceKind, 'evidence-doubted'>
}

/**
 * The journal is not what its run wrote. `changed`: a line was changed, dropped, repeated, moved or added. `unsigned`: a signature was required and
 * is missing or wrong. Never written into a journal: the reader reports it at the line where it found it.
 */
export type EvidenceDoubted = {
  readonly kind: 'evidence-doubted'
  readonly at: Instant
  readonly doubt: 'changed' | 'unsigned'
  readonly problem: string
}
