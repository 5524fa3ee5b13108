/** Faults and actions as they really happened, each with its letter: shaded on every chart and drawn as bars in the plan. */
import { actWords, endsByItself } from '../domain/action.ts'
import type { ActionStepData, EvidenceOf, FaultStepData, RunStarted, TriggerStep } from '../domain/evidence.ts'
import type { GateAnswer } from '../domain/people.ts'
import { type PlannedTrigger, triggerSentence } from '../domain/trigger.ts'
import type { Judgment } from '../domain/verdict.ts'
import { clock } from './words.ts'

/** Hatches that can be told apart (`draw/hatches.ts`). */
export const HATCHES = 6

/** Times in seconds since the load's zero. */
export type DrawnHarm = {
  readonly kind: 'fault' | 'action'
  readonly name: string
  readonly letter: string
  /** Which of the hatches of its kind: no two of the first `HATCHES` faults are hatched alike, and no two such actions. */
  readonly pattern: number
  /** `NetworkChaos`, `drain zone-a`: its effect in words. */
  readonly what: string
  readonly planned: { readonly from: number; readonly to?: number }
  /** Its change remains after it is done, until it is undone. */
  readonly lasts: boolean
  requested?: number
  /** Injected, or begun. */
  begun?: number
  /** For an action: the cluster showed that it completed. */
  done?: number
  healing?: number
  healed?: number
  /** For an action: it completed and was kept. */
  kept?: number
  problem?: string
  /** Somebody must say `go` first. */
  gate?: { readonly by: string; readonly open: boolean }
  /** What it waits for, until when at most, and what became of it. */
  trigger?: DrawnTrigger
}

type DrawnTrigger = {
  readonly sentence: string
  readonly by: number
  readonly armed?: number
  readonly ended?: { readonly is: 'triggered' | 'trigger-missed'; readonly at: number; readonly note: string }
}

export type Harms = {
  addFault(record: EvidenceOf<'fault-step'>, at: number): void
  addAction(record: EvidenceOf<'action-step'>, at: number): void
  readonly all: readonly DrawnHarm[]
}

export function createHarms({ timeline }: RunStarted): Harms {
  const planned = [
    ...timeline.faults.map((each) => ({
      kind: 'fault' as const,
      name: each.name,
      what: each.does.title,
      planned: { from: each.fromMs / 1000, to: each.toMs / 1000 },
      lasts: true,
      ...drawnTrigger(each.trigger),
    })),
    ...timeline.actions.map((each) => ({
      kind: 'action' as const,
      name: each.name,
      what: actWords(each.act),
      planned: { from: each.fromMs / 1000, ...(each.toMs === undefined ? {} : { to: each.toMs / 1000 }) },
      lasts: !endsByItself(each.act),
      ...drawnTrigger(each.trigger),
    })),
  ]
  const all = planned
    .sort((a, b) => a.planned.from - b.planned.from)
    .map((each, index, sorted): DrawnHarm => {
      const before = sorted.slice(0, index).filter(({ kind }) => kind === each.kind).length
      return { ...each, letter: letterOf(index), pattern: before % HATCHES }
    })
  const find = (kind: DrawnHarm['kind'], name: string) => all.find((each) => each.kind === kind && each.name === name)
  return {
    all,
    addFault({ fault, step }, at) {
      const harm = find('fault', fault)
      if (!harm) return
      if (step.is === 'gate-opened') harm.gate = { by: step.by, open: true }
      if (step.is === 'gate-closed') closeGate(harm, step)
      if (step.is === 'gate-opened' || step.is === 'gate-closed') return
      if (isTriggerStep(step)) return noteTrigger(harm, step, at)
      harm.requested ??= at
      if (step.is === 'injected') harm.begun ??= at
      if (step.is === 'refused' || step.is === 'failed') harm.problem = step.problem
      healingOf(harm, step.is, at)
    },
    addAction({ action, step }, at) {
      const harm = find('action', action)
      if (!harm) return
      if (isTriggerStep(step)) return noteTrigger(harm, step, at)
      harm.requested ??= at
      if (step.is === 'begun') harm.begun ??= at
      if (step.is === 'done') harm.done ??= at
      if (step.is === 'kept') harm.kept ??= at
      if (step.is === 'refused' || step.is === 'failed') harm.problem = step.problem
      healingOf(harm, step.is, at)
    },
  }
}

const drawnTrigger = (planned: PlannedTrigger | undefined): { readonly trigger?: DrawnTrigger } =>
  planned === undefined ? {} : { trigger: { sentence: triggerSentence(planned.trigger), by: planned.byMs / 1000 } }

const isTriggerStep = (step: FaultStepData | ActionStepData): step is TriggerStep =>
  step.is === 'armed' || step.is === 'triggered' || step.is === 'trigger-missed'

function noteTrigger(harm: DrawnHarm, { is, note }: TriggerStep, at: number): void {
  if (harm.trigger)
    harm.trigger = { ...harm.trigger, ...(is === 'armed' ? { armed: at } : { ended: { is, at, note } }) }
  if (is === 'trigger-missed') harm.problem = 'not performed: its trigger did not come in time'
}

/** `armed 1:10, triggered 1:23: …`. Undefined without a trigger, and before it is armed. */
export function triggerWords({ trigger }: DrawnHarm): string | undefined {
  if (trigger?.armed === undefined) return undefined
  const { armed, by, sentence, ended } = trigger
  if (ended === undefined) return `armed ${clock(armed)}, until ${clock(by)} at most: ${sentence}`
  return ended.is === 'triggered'
    ? `armed ${clock(armed)}, triggered ${clock(ended.at)}: ${ended.note}`
    : `armed ${clock(armed)}, missed ${clock(ended.at)}; the last reading: ${ended.note}`
}

function closeGate(harm: DrawnHarm, { answer, who = 'somebody' }: { answer: GateAnswer; who?: string }): void {
  if (harm.gate) harm.gate = { ...harm.gate, open: false }
  if (answer === 'no-go') harm.problem = `not performed: no-go by ${who}`
  if (answer === 'none') harm.problem = 'not performed: no answer in time'
}

function healingOf(harm: DrawnHarm, is: string, at: number): void {
  if (is === 'heal-requested') harm.healing = at
  if (is === 'healed') harm.healed = at
}

/** A to Z, then AA: more than twenty-six harms are rare, but letters must be unique. */
const letterOf = (index: number): string =>
  `${index < 26 ? '' : String.fromCharCode(64 + Math.floor(index / 26))}${String.fromCharCode(65 + (index % 26))}`

/** The period in which it had an effect, as far as the run was observed; undefined if it never had one. */
export function biteOf(harm: DrawnHarm, seconds: number): readonly [from: number, to: number] | undefined {
  if (harm.begun === undefined) return undefined
  const unhealed = harm.lasts ? seconds : (harm.done ?? harm.healing ?? seconds)
  return [harm.begun, harm.healed ?? harm.kept ?? unhealed]
}

/** The last moment at which it cost an objective, by the judgment; undefined if no cost is known. */
export function recoveredAt(harm: DrawnHarm, judgment: Judgment): number | undefined {
  const { begun } = harm
  if (begun === undefined) return undefined
  const costs =
    harm.kind === 'fault'
      ? judgment.faults.find((each) => each.fault === harm.name)?.costs
      : judgment.actions.find((each) => each.action === harm.name)?.costs
  const last = Math.max(0, ...(costs ?? []).map((each) => each.recoverMs ?? 0))
  return last === 0 ? undefined : begun + last / 1000
}
