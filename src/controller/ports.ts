/**
 * The ports that the controller needs. Each port has one adapter for real systems (`src/adapters`); tests substitute only `Clock`. Ports throw
 * `EnvironmentError` for problems that the user can fix outside matchday. Lost measurements are returned as data.
 */

import type { RulesRead } from '../domain/alert.ts'
import type { PreviewOutcome } from '../domain/canary.ts'
import type { ClusterObject } from '../domain/cluster.ts'
import type { DeliveryCell, Receipts } from '../domain/deliveries.ts'
import type { DialReach } from '../domain/effects.ts'
import type {
  ActionStepData,
  BookLine,
  FaultStepData,
  GeneratorHealth,
  LoadFrame,
  ResidueItem,
  Sample,
  ThresholdResult,
  Undo,
  UndoOutcome,
} from '../domain/evidence.ts'
import type { Issue } from '../domain/issue.ts'
import type { Decision, Note } from '../domain/people.ts'
import type { PostureKind, PostureObject } from '../domain/posture.ts'
import type { MetricSource, PrometheusTarget, Rehearsal, Target } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import type { LoadPlan, PlannedAction, PlannedFault } from '../domain/timeline.ts'
import type { Instant, Millis, Ratio } from '../domain/units.ts'
import type { Headers, VisitRequest } from '../domain/visit.ts'
import type { Inventory } from '../plan/inventory.ts'

export interface Clock {
  /** Wall time in ms that never runs backwards within a process. */
  now(): Instant
  /** Resolves at the moment, or at once if it has passed. Rejects with the signal's reason when aborted. */
  until(at: Instant, signal?: AbortSignal): Promise<void>
}

/** The environment is not usable: what was tried, what came back, and the next step. Exit code 5. */
export class EnvironmentError extends Error {
  readonly next: string
  constructor(problem: string, next: string, cause?: unknown) {
    super(problem, cause === undefined ? undefined : { cause })
    this.name = 'EnvironmentError'
    this.next = next
  }
}

/** Another live run holds the target. Its faults are not leftovers. */
export class TargetHeld extends EnvironmentError {}

export type LoadEvent =
  | { readonly kind: 'frame'; readonly frame: Omit<LoadFrame, 'kind' | 'at'> & { readonly at: Instant } }
  | { readonly kind: 'health'; readonly health: Omit<GeneratorHealth, 'kind'> }
  /** The pushed messages that one client received. */
  | { readonly kind: 'receipts'; readonly receipts: Receipts }
  | {
      readonly kind: 'ended'
      readonly outcome: 'completed' | 'stopped' | 'crashed'
      readonly exitCode: number | null
      readonly problems: readonly string[]
      readonly thresholds?: readonly ThresholdResult[]
      /** How each instance ended, if there are several. The outcome is the worst of theirs. */
      readonly instances?: readonly InstanceEnd[]
    }

export type InstanceEnd = {
  readonly instance: string
  readonly outcome: 'completed' | 'stopped' | 'crashed'
  readonly exitCode: number | null
  readonly problems: readonly string[]
}

/** A running k6. Events arrive in order; `ended` is the last one and always comes. */
export type RunningLoad = {
  readonly instance: string
  /** Of a process on this machine. */
  readonly pid?: number
  /** Of a load that runs in several pods; `toldAt` is time zero on the clock of the node. */
  readonly runners?: readonly {
    readonly instance: string
    readonly zeroAt: Instant
    readonly toldAt: Instant
    readonly pod: string
    readonly node: string
  }[]
  /** Time zero of the plan on the controller's clock. */
  readonly zeroAt: Instant
  /** Asks k6 to end now (its in-flight work is interrupted); resolves after `ended`. */
  stop(): Promise<void>
  /** Resolves after `ended`. */
  readonly ended: Promise<void>
}

/** What a rehearsal needs from its script. `own`: the script's own options are the load. */
export type LoadShape = {
  readonly profiles: readonly string[]
  readonly sockets: boolean
  readonly own?: boolean
  readonly env?: Readonly<Record<string, string>>
  /** Environment variables that the script must not see. */
  readonly withheld?: readonly string[]
}

export type ClusterIdentity = {
  readonly kubernetes: string
  readonly uid: string
  /** The kind of pod network, if the cluster records it. */
  readonly podNetwork?: string
}

export type InspectedScript = {
  readonly version: string
  readonly issues: readonly Issue[]
  readonly notes: readonly string[]
  /** Present where there are no issues. */
  readonly facts?: ScriptFacts
}

export type LoadInCluster = {
  /** Writes the undo of an object before the object is created. */
  owe(undo: Undo): Promise<unknown>
  /** Aborted when the run stops, so that waits for pods end. */
  readonly stopping: AbortSignal
}

export interface LoadGenerator {
  /**
   * Loads the script without running it. Issues are errors of the user: a syntax error, a missing file, a script that hangs, a load profile that is
   * not exported. Notes name the parts of the script that have no effect, or one that the rehearsal does not name.
   */
  inspect(script: string, load: LoadShape): Promise<InspectedScript>
  /** `folder` takes k6's own logs and the plan file. `run`: left out by commands that must not create objects in the cluster. */
  start(
    script: string,
    plan: LoadPlan,
    folder: string,
    onEvent: (event: LoadEvent) => void,
    run?: LoadInCluster,
  ): Promise<RunningLoad>
}

/** Reads and watches of one cluster, limited to the namespaces that the target and the rehearsal need. */
export interface Cluster {
  identify(): Promise<ClusterIdentity>
  /** All problems with permissions, missing namespaces or CRDs. Changes nothing. */
  preflight(rehearsal: Rehearsal, target: Target): Promise<readonly Issue[]>
  /** All current objects of a kind in a namespace; for Secrets only their metadata. Rejects if they cannot be read. `reach`: how far pods dial. */
  list(namespace: string, resource: PostureKind, reach?: DialReach): Promise<readonly PostureObject[]>
  /** Watches until aborted. `onLost` is called when a watch breaks and evidence is missing. The watch is retried. */
  watch(
    target: Target,
    onSeen: (change: 'present' | 'added' | 'modified' | 'deleted', object: ClusterObject) => void,
    onLost: (about: string, problem: string) => void,
    signal: AbortSignal,
  ): Promise<void>
}

/** Undoes harms of its own kind, also those of dead runs. */
export interface Undoer {
  /** Undoes a harm and waits until it is really gone. Idempotent. Throws if it is not gone within `budgetMs`. */
  undo(undo: Undo, budgetMs: Millis): Promise<UndoOutcome>
  /** Every harm that still exists and carries the mark of a run (of any run). */
  leftovers(target: Target): Promise<readonly { readonly undo: Undo; readonly run: string }[]>
  /** All leftovers, marked or not, as far as the cluster shows them. */
  residue(target: Target): Promise<readonly ResidueItem[]>
}

export interface FaultInjector extends Undoer {
  /** Live pods and nodes that the fault's selectors may match, for `plan`'s admission and for coverage. */
  inventory(target: Target, fault: PlannedFault): Promise<Inventory>
  undoOf(fault: PlannedFault): Undo
  /** Creates the object and reports each observed step until aborted. `deadlineMs` limits the wait for injection. */
  inject(
    fault: PlannedFault,
    deadlineMs: Millis,
    onStep: (step: FaultStepData) => void,
    onSeen: (object: ClusterObject) => void,
    signal: AbortSignal,
  ): Promise<void>
}

/** What an operator would do to the cluster itself. Every changed object carries the run's mark and the undo from the moment of the change. */
export interface ClusterActions extends Undoer {
  /** Live nodes, pods and workloads that the action may touch, for `plan`'s admission. */
  inventory(target: Target, action: PlannedAction): Promise<Inventory>
  /**
   * Reads only, changes nothing: returns the undos that must be written first, which depend on the present state. `targets` are the admitted objects;
   * nothing else is changed.
   */
  prepare(run: string, target: Target, action: PlannedAction, targets: readonly string[]): Promise<PreparedAction>
  /** Keeps a change and removes only its mark: a completed rollout needs no undo. */
  keep(undo: Undo, budgetMs: Millis): Promise<void>
}

/** Decides a step of a canary whose weights have just been written. Resolves after its hold; rejects when aborted. */
export type StepGate = (step: number, share: Ratio) => Promise<'promote' | 'roll-back'>

/** Decides whether a release goes on: after its preview, if it has one, and after each of its steps. */
export type ReleaseGate = {
  /** Visits the new release. Its pods are Ready and get no requests of users yet. */
  preview(): Promise<PreviewOutcome>
  readonly step: StepGate
}

export type PreparedAction = {
  /** In the order of the changes. */
  readonly undos: readonly Undo[]
  /**
   * Makes the changes and reports each observed step. Resolves when the cluster shows that the action is done, or when the gate
   * of a release asks to roll back; rejects when aborted.
   */
  perform(onStep: (step: ActionStepData) => void, signal: AbortSignal, gate: ReleaseGate): Promise<void>
}

/** `none`: there was no response; `problem` says why. */
export type VisitAnswer =
  | { readonly is: 'answer'; readonly status: number; readonly headers: Headers; readonly body: string }
  | { readonly is: 'none'; readonly problem: string }

export interface Visits {
  /** One request through the entry of the target, outside the load. Never throws. */
  visit(target: Target, request: VisitRequest, headers: Headers): Promise<VisitAnswer>
}

export interface Probes {
  /** One scrape of each pod of a source, through the API server. Never throws: failures are samples. */
  scrape(name: string, source: MetricSource): Promise<readonly Sample[]>
  /**
   * What a Prometheus has scraped of a source since the last call; `anew`: as if there was none, so that the last scrape before now is among it.
   * Never throws: failures are samples.
   */
  query(prometheus: PrometheusTarget, name: string, anew?: boolean): Promise<readonly Sample[]>
  /** What a Prometheus scrapes, and how often. Undefined if it does not tell. Never throws. */
  scraped(prometheus: PrometheusTarget): Promise<readonly ScrapedTarget[] | undefined>
  /** The alerting rules of a Prometheus with their alerts. Never throws. */
  rules(prometheus: PrometheusTarget): Promise<RulesRead>
}

/** `labels` are those of its series, with `job` and `instance`. */
export type ScrapedTarget = { readonly labels: Readonly<Record<string, string>>; readonly everyMs: number }

export type BookState = {
  readonly book: string
  readonly settled: boolean
  readonly pending: Readonly<Record<string, number>>
  readonly entries: readonly BookLine[]
  readonly imbalanceCents?: number
}

export interface Books {
  read(target: Target, book: string, run: string): Promise<BookState>
  committed(
    target: Target,
    book: string,
    run: string,
    keys: readonly string[],
  ): Promise<
    readonly {
      readonly key: string
      readonly amountCents: number
      readonly times: number
      readonly low: number
      readonly high: number
    }[]
  >
  /** The keys of an operation by receiver and by the time at which they were booked, in slices. Receivers without keys may be left out. */
  due(
    target: Target,
    book: string,
    run: string,
    wanted: { readonly operation: string; readonly receivers: readonly string[]; readonly sliceMs: number },
  ): Promise<readonly { readonly receiver: string; readonly cells: readonly DeliveryCell[] }[]>
}

/** Allows one rehearsal at a time per target. */
export interface TargetLock {
  /** @throws TargetHeld naming the holder when another live run has it */
  acquire(target: Target, run: string): Promise<{ readonly lost: AbortSignal; release(): Promise<void> }>
  /** The run that holds the target now, alive or dead. */
  holder(target: Target): Promise<string | undefined>
  /** Removes the lock of a dead run. @throws TargetHeld when its holder may be alive */
  breakDead(target: Target): Promise<void>
}

/** What people write and decide while the run is under way, from the live page or a terminal. */
export type SpokenRecord = Omit<Note, 'at'> | Omit<Decision, 'at'>
export interface People {
  /** From now on everything that is said is handed over. The controller records it, and stops for a decision to stop. */
  attend(hear: (spoken: SpokenRecord) => void): void
}
