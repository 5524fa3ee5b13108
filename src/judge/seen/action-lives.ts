/** Fold over the steps of each action. */
import type { PreviewOutcome, StepDecision } from '../../domain/canary.ts'
import type { CutoverStep } from '../../domain/cutover.ts'
import type { ActionStepData } from '../../domain/evidence.ts'
import type { RestoreStep } from '../../domain/restore.ts'
import type { Cohort, CohortRound } from '../../domain/visit.ts'
import { createLives, type Life, type Lives, livedInCommon, type Moment } from './life.ts'

export type Eviction = Moment & { readonly pod: string; readonly node: string }

export type ActionLife = Life & {
  readonly begun?: Moment & { readonly targets: readonly string[] }
  readonly done?: Moment & { readonly note: string }
  readonly pods: readonly string[]
  /** Requests of a preview, and what was decided about it. */
  readonly previews: readonly (Moment & PreviewSeen)[]
  readonly previewDecided?: Moment & { readonly outcome: PreviewOutcome }
  readonly cohortRounds: readonly (Moment & Readonly<Record<Cohort, CohortRound>>)[]
  readonly answers: readonly AnswersSeen[]
  /** Before the first window of a mirror and after each. */
  readonly bookCounts: readonly (Moment & Omit<Extract<ActionStepData, { is: 'books-counted' }>, 'is'>)[]
  readonly migration: { readonly begun?: Moment; readonly done?: Moment }
  readonly config?: Moment & StepOf<'config-written'>
  /** Steps of a canary in order. */
  readonly steps: readonly StepSeen[]
  /** A followed Rollout: its controller aborted the release, perhaps before the first step. */
  readonly aborted?: Moment & { readonly note: string }
  /** Steps of a restore, by name. */
  readonly restore: { readonly [K in RestoreStep]?: Moment & { readonly note: string } }
  readonly copyFailed?: Moment & { readonly problem: string }
  readonly copyRead?: Moment & Omit<Extract<ActionStepData, { is: 'copy-read' }>, 'is'>
  readonly cutover: CutoverLife
  readonly evicted: readonly Eviction[]
  /** By pod: how often its eviction was refused, and the last time. */
  readonly refused: ReadonlyMap<string, Eviction & { readonly times: number; readonly problem: string }>
}

export type AnswersSeen = Moment & Omit<Extract<ActionStepData, { is: 'answers-compared' }>, 'is'>

type StepOf<K extends ActionStepData['is']> = Omit<Extract<ActionStepData, { is: K }>, 'is'>
type RegionBook = StepOf<'region-book'>
/** The steps of a cutover, by name; which regions accepted writes; and the books of both. */
export type CutoverLife = {
  readonly begun: { readonly [K in CutoverStep]?: Moment }
  readonly proven: { readonly [K in CutoverStep]?: Moment & { readonly note: string } }
  readonly shares: readonly (Moment & { readonly share: number })[]
  readonly stopped?: Moment & StepOf<'cutover-stopped'>
  readonly regions: readonly (Moment & StepOf<'regions-read'>)[]
  readonly books: { readonly [K in RegionBook['region']]?: Moment & RegionBook }
  /** Why a book was not read, the last time. */
  readonly unread?: Moment & StepOf<'region-book-unread'>
}

/** `problem`: the first answer that was not good. */
export type PreviewSeen = {
  readonly request: string
  readonly asked: number
  readonly good: number
  readonly problem?: string
}

/** From when on a canary was given this share, and what was decided about it and when. */
export type StepSeen = Moment & {
  readonly step: number
  readonly share: number
  /** Of a Rollout: the hash of the new pod template. */
  readonly release?: string
  readonly decided: readonly (Moment & StepDecision)[]
}

const stepSeen = ({ is: _, ...step }: Extract<ActionStepData, { is: 'step-set' }>, moment: Moment): StepSeen => ({
  ...moment,
  ...step,
  decided: [],
})

const decidedBy = (seen: StepSeen, { outcome, reason, note }: StepDecision, moment: Moment): StepSeen => ({
  ...seen,
  decided: [...seen.decided, { ...moment, outcome, note, ...(reason === undefined ? {} : { reason }) }],
})

export type ActionLives = Lives<ActionLife, ActionStepData>

const NOTHING_YET = {
  lines: [],
  pods: [],
  previews: [],
  cohortRounds: [],
  answers: [],
  bookCounts: [],
  steps: [],
  restore: {},
  migration: {},
  cutover: { begun: {}, proven: {}, shares: [], regions: [], books: {} },
  evicted: [],
  refused: new Map(),
} as const

export const actionLives = (): ActionLives => createLives<ActionLife, ActionStepData>(NOTHING_YET, lived)

function lived(life: ActionLife, step: ActionStepData, moment: Moment): ActionLife {
  switch (step.is) {
    case 'admitted':
      return { ...livedInCommon(life, { is: 'admitted' }, moment), pods: step.pods }
    case 'begun':
      return { ...life, begun: life.begun ?? { ...moment, targets: step.targets } }
    case 'evicted':
      return { ...life, evicted: [...life.evicted, { ...moment, pod: step.pod, node: step.node }] }
    case 'eviction-refused': {
      const { pod, node, problem } = step
      const times = (life.refused.get(pod)?.times ?? 0) + 1
      return { ...life, refused: new Map(life.refused).set(pod, { ...moment, pod, node, problem, times }) }
    }
    case 'previewed': {
      const { is: _, ...preview } = step
      return { ...life, previews: [...life.previews, { ...moment, ...preview }] }
    }
    case 'preview-decided':
      return { ...life, previewDecided: { ...moment, outcome: step.outcome } }
    case 'cohorts-visited': {
      const { is: _, ...cohorts } = step
      return { ...life, cohortRounds: [...life.cohortRounds, { ...moment, ...cohorts }] }
    }
    case 'answers-compared': {
      const { is: _, ...answers } = step
      return { ...life, answers: [...life.answers, { ...moment, ...answers }] }
    }
    case 'books-counted': {
      const { is: _, ...counted } = step
      return { ...life, bookCounts: [...life.bookCounts, { ...moment, ...counted }] }
    }
    case 'config-written': {
      const { is: _, ...config } = step
      return { ...life, config: { ...moment, ...config } }
    }
    case 'migration-begun':
      return { ...life, migration: { ...life.migration, begun: moment } }
    case 'migration-done':
      return { ...life, migration: { ...life.migration, done: moment } }
    case 'step-set':
      return { ...life, steps: [...life.steps, stepSeen(step, moment)] }
    case 'step-decided':
      return {
        ...life,
        steps: life.steps.map((each) => (each.step === step.step ? decidedBy(each, step, moment) : each)),
        ...(step.reason === 'aborted' ? { aborted: { ...moment, note: step.note } } : {}),
      }
    case 'restore-step':
      return { ...life, restore: { ...life.restore, [step.step]: { ...moment, note: step.note } } }
    case 'copy-failed':
      return { ...life, copyFailed: { ...moment, problem: step.problem } }
    case 'copy-read': {
      const { is: _, ...read } = step
      return { ...life, copyRead: { ...moment, ...read } }
    }
    case 'cutover-begun':
    case 'cutover-share':
    case 'cutover-proven':
    case 'cutover-stopped':
    case 'regions-read':
    case 'region-book':
    case 'region-book-unread':
      return { ...life, cutover: cutoverLived(life.cutover, step, moment) }
    case 'done':
      return { ...life, done: life.done ?? { ...moment, note: step.note } }
    // Its time is over as if it were taken back, and nothing is: what follows is counted from when it was done.
    case 'kept':
      return livedInCommon(life, { is: 'heal-requested' }, moment)
    default:
      return livedInCommon(life, step, moment)
  }
}

type CutoverData = Extract<ActionStepData, { is: `cutover-${string}` | 'regions-read' | `region-book${string}` }>

function cutoverLived(life: CutoverLife, step: CutoverData, moment: Moment): CutoverLife {
  switch (step.is) {
    case 'cutover-begun':
      return { ...life, begun: { ...life.begun, [step.step]: moment } }
    case 'cutover-share':
      return { ...life, shares: [...life.shares, { ...moment, share: step.share }] }
    case 'cutover-proven':
      return { ...life, proven: { ...life.proven, [step.step]: { ...moment, note: step.note } } }
    case 'cutover-stopped': {
      const { is: _, ...stopped } = step
      return { ...life, stopped: { ...moment, ...stopped } }
    }
    case 'regions-read': {
      const { is: _, ...read } = step
      return { ...life, regions: [...life.regions, { ...moment, ...read }] }
    }
    case 'region-book': {
      const { is: _, ...read } = step
      return { ...life, books: { ...life.books, [step.region]: { ...moment, ...read } } }
    }
    case 'region-book-unread': {
      const { is: _, ...unread } = step
      return { ...life, unread: { ...moment, ...unread } }
    }
  }
}
