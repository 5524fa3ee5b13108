/**
 * A platform moves to its standby region in ordered steps. The target file describes what each step switches, how it is proven, and how it is taken back.
 * The rehearsal gives each step its budget.
 */
import type { FieldValue } from './evidence.ts'
import type { PostureKind } from './posture.ts'
import type { Millis, Ratio, Some } from './units.ts'

export const cutoverSteps = ['ready', 'freeze', 'drain', 'catch-up', 'promote', 'warm', 'traffic', 'thaw'] as const
export type CutoverStep = (typeof cutoverSteps)[number]

/** How the platform moves from one region to another. */
export type CutoverPlace = {
  readonly from: Region
  readonly to: Region
  readonly steps: Readonly<Record<CutoverStep, CutoverStepPlan>>
  /** Names of objects in which the regions are meant to differ. */
  readonly unlike?: readonly string[]
  /** Where the new region shows a book of the target file. */
  readonly book?: { readonly book: string; readonly namespace: string; readonly service: string; readonly port: number }
  /** A counter of requests in a source of each region. */
  readonly served?: {
    readonly metric: string
    readonly where: Readonly<Record<string, string>>
    readonly from: string
    readonly to: string
  }
}

/** `writable` holds while the region accepts writes. */
export type Region = { readonly name: string; readonly namespace: string; readonly writable: CutoverProof }

export type CutoverStepPlan = {
  readonly switches: readonly Switch[]
  readonly proofs: readonly CutoverProof[]
  readonly undo: CutoverUndo
}

/** `forward`: there is no way back from this step on. A cutover that fails later is completed. */
export type CutoverUndo =
  | { readonly kind: 'restore' }
  | { readonly kind: 'forward' }
  | { readonly kind: 'switches'; readonly switches: readonly Switch[] }

export type ObjectField = {
  readonly apiVersion: string
  readonly plural: string
  readonly namespace: string
  readonly name: string
  /** Keys from the root of the object. */
  readonly field: readonly string[]
}
/** Of a Service, through the API server's proxy. */
export type ServicePath = {
  readonly namespace: string
  readonly service: string
  readonly port: number
  readonly path: string
}

/** `call` is a POST; any 2xx is a success. `weights`: the share of the requests of a route that its backend `to` gets. */
export type Switch =
  | ({ readonly kind: 'field'; readonly value: FieldValue } & ObjectField)
  | ({ readonly kind: 'call' } & ServicePath)
  | {
      readonly kind: 'weights'
      readonly namespace: string
      readonly route: string
      readonly from: string
      readonly to: string
    }

/** `answer`: one field of the JSON that a GET answers. `status`: the HTTP status that a service answers. */
export type CutoverReading =
  | ({ readonly kind: 'field' } & ObjectField)
  | ({ readonly kind: 'answer'; readonly field: readonly string[] } & ServicePath)
  | ({ readonly kind: 'status'; readonly method: 'GET' | 'POST' } & ServicePath)

export type CutoverProof = { readonly reading: CutoverReading; readonly wants: CutoverWant }
export type CutoverWant =
  | { readonly kind: 'is'; readonly value: FieldValue }
  | { readonly kind: 'at-most'; readonly value: number }
  | { readonly kind: 'same-as'; readonly reading: CutoverReading }

/** The limits of a cutover. */
export type CutoverGoals = {
  /** SLI of the writes: the time in which none was good is the RTO. */
  readonly writes: string
  readonly rtoMs: Millis
  readonly budgets: Readonly<Record<CutoverStep, Millis>>
  /** Shares of the requests that the new region gets, one after the other. The last one is 1. */
  readonly shares: Some<Ratio>
  readonly holdMs: Millis
  /** Right after the thaw, 95 % of the good responses of this SLI come within this time. */
  readonly reads?: { readonly sli: string; readonly withinMs: Millis }
}

/** A switch with the value that it gets. Null removes the field or the weight. */
export type CutoverMove =
  | ({ readonly kind: 'field'; readonly value: FieldValue | null } & ObjectField)
  | ({ readonly kind: 'call' } & ServicePath)
  | {
      readonly kind: 'weights'
      readonly namespace: string
      readonly route: string
      readonly backends: readonly [string, string]
      readonly weights: readonly [number | null, number | null]
    }
export type CutoverMoves = {
  readonly step: CutoverStep
  readonly moves: readonly CutoverMove[]
  readonly proofs: readonly CutoverProof[]
}

/** Both ways to end a cutover, written before its first step. `noWayBackFrom`: from this step on it is completed, before it is taken back. */
export type EndCutover = {
  readonly does: 'end-cutover'
  /** Its entry in the target file. */
  readonly plan: string
  /** The ConfigMap that shows which step the cutover has reached. */
  readonly namespace: string
  readonly name: string
  readonly from: Region
  readonly to: Region
  /** Each in the order in which it is performed. */
  readonly back: readonly CutoverMoves[]
  readonly onward: readonly CutoverMoves[]
  readonly noWayBackFrom?: CutoverStep
}

/** Whether a region accepts writes: `unread` if it does not say. */
export type Writable = 'yes' | 'no' | 'unread'

export const noWayBackFrom = ({ steps }: CutoverPlace): CutoverStep | undefined =>
  cutoverSteps.find((step) => steps[step].undo.kind === 'forward')

/** Whether a cutover that has reached this step is completed or taken back. */
export const endsOnward = (reached: CutoverStep, from: CutoverStep | undefined): boolean =>
  from !== undefined && cutoverSteps.indexOf(reached) >= cutoverSteps.indexOf(from)

/** What is compared between the regions. */
export const regionKinds = [
  'Workload',
  'HorizontalPodAutoscaler',
  'PodDisruptionBudget',
] as const satisfies readonly PostureKind[]

/** For people. */
export const cutoverStepWords: Readonly<Record<CutoverStep, string>> = {
  ready: 'readiness',
  freeze: 'freeze of the writes',
  drain: 'drain',
  'catch-up': 'catch-up of the standby',
  promote: 'promotion and fencing',
  warm: 'warm-up',
  traffic: 'traffic',
  thaw: 'thaw of the writes',
}

export function readingWords(reading: CutoverReading): string {
  switch (reading.kind) {
    case 'field':
      return `${reading.field.join('.')} of ${reading.plural}/${reading.namespace}/${reading.name}`
    case 'answer':
      return `${reading.field.join('.')} of ${servicePathWords(reading)}`
    case 'status':
      return `the status of ${reading.method} ${servicePathWords(reading)}`
  }
}

const servicePathWords = ({ namespace, service, port, path }: ServicePath): string =>
  `${service}.${namespace}:${port}${path}`
