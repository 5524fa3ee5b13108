/**
 * The steps of a Rollout (argoproj.io/v1alpha1), from its object alone. A step is a share that the controller has reached: it begins when the Rollout has
 * gone past a `setWeight`, which it does once the pods are available, and ends when it goes to the next one.
 */
import type { StepDecision } from '../../../domain/canary.ts'
import type { ActionStepData } from '../../../domain/evidence.ts'
import { type Ratio, ratio } from '../../../domain/units.ts'
import type { Fields } from '../../../protocols/fields.ts'
import type { KubeObject } from '../../../protocols/kubernetes/api.ts'
import { count, fields, list, text } from '../fields.ts'

export type RolloutNow = {
  /** Hash of the pod template that is being let in, and of the one that is stable. Empty until the controller has seen the Rollout. */
  readonly fresh: string
  readonly stable: string
  readonly aborted: boolean
  /** Why it waits for a person, if it does. */
  readonly waits?: string
  readonly message: string
  /** The share that the new release has reached. `step` counts from 1. Undefined before the first, and after the last. */
  readonly step?: { readonly step: number; readonly share: Ratio }
}

/** Undefined while the controller has not seen the newest version of the object. */
export function rolloutNow(object: KubeObject): RolloutNow | undefined {
  const [spec, status] = [fields(object.spec), fields(object.status)]
  // It is a text in this kind.
  if (Number(status.observedGeneration ?? 0) < (object.metadata.generation ?? 0)) return undefined
  const waits = waitsFor(spec, status)
  const step = stepOf(spec, status)
  return {
    fresh: text(status.currentPodHash),
    stable: text(status.stableRS),
    aborted: status.abort === true,
    message: text(status.message),
    ...(waits === undefined ? {} : { waits }),
    ...(step === undefined ? {} : { step }),
  }
}

const stepsOf = (spec: Fields): readonly Fields[] => list(fields(fields(spec.strategy).canary).steps)

/** A pause with a time of its own ends by itself. */
function waitsFor(spec: Fields, status: Fields): string | undefined {
  if (spec.paused === true) return 'spec.paused is set'
  const reasons = list(status.pauseConditions).map(({ reason }) => text(reason))
  const current = fields(stepsOf(spec)[count(status.currentStepIndex)])
  const ends = fields(current.pause).duration !== undefined
  const [first] = reasons.filter((reason) => reason !== 'CanaryPauseStep' || !ends)
  return first
}

function stepOf(spec: Fields, status: Fields): RolloutNow['step'] {
  const steps = stepsOf(spec)
  const index = count(status.currentStepIndex)
  // At the end every pod gets replaced, and while a weight is being set its pods are not there yet.
  if (index >= steps.length || isWeight(steps[index])) return undefined
  const reached = steps.slice(0, index).filter(isWeight)
  const weight = count(reached.at(-1)?.setWeight)
  if (reached.length === 0 || weight === 0) return undefined
  return { step: reached.length, share: ratio(shareOf(weight, spec, status)) }
}

const isWeight = (step: Fields | undefined): boolean => typeof step?.setWeight === 'number'

/** Without a traffic router the share is that of the pods: the nearest to the weight that whole pods can give. */
function shareOf(weight: number, spec: Fields, status: Fields): number {
  const isRouted = fields(fields(spec.strategy).canary).trafficRouting !== undefined
  const [fresh, all] = [count(status.updatedReplicas), count(status.replicas)]
  return isRouted || all === 0 ? weight / 100 : Math.min(1, fresh / all)
}

export type RolloutFold = {
  /** What the journal gets for this version of the object. `promoted` or `ended` is the last. */
  take(now: RolloutNow): readonly RolloutNews[]
}

export type RolloutNews =
  | { readonly is: 'step'; readonly data: ActionStepData }
  | { readonly is: 'promoted'; readonly release: string }
  /** After the decision that aborted it. */
  | { readonly is: 'ended' }

/** Follows one release, the first that is under way. An aborted one from before is none. */
export function createRolloutFold(): RolloutFold {
  let release: string | undefined
  let open: number | undefined
  let last: number | undefined
  let waits: string | undefined
  const decide = (decision: StepDecision, step = open): readonly RolloutNews[] =>
    step === undefined ? [] : [{ is: 'step', data: { is: 'step-decided', step, ...decision } }]
  // A release can be aborted before its first step is reached, or seen: that step is the one that it did not pass.
  const end = (note: string): readonly RolloutNews[] => [
    ...decide({ outcome: 'roll-back', reason: 'aborted', note }, last ?? 1),
    { is: 'ended' },
  ]
  return {
    take(now) {
      if (release === undefined && (now.fresh === now.stable || now.stable === '' || now.aborted)) return []
      release ??= now.fresh
      if (now.aborted) return end(now.message || 'the Rollout was aborted')
      if (now.fresh !== release)
        return end(now.fresh === now.stable ? 'the template was changed back' : `release ${now.fresh} took its place`)
      const went = () => decide({ outcome: 'promote', note: 'Argo Rollouts went on' })
      if (now.stable === release) return [...went(), { is: 'promoted', release }]
      const news: RolloutNews[] = []
      if (now.step?.step !== open) {
        news.push(...went())
        open = now.step?.step
        last = open ?? last
        if (now.step !== undefined) news.push({ is: 'step', data: { is: 'step-set', ...now.step, release } })
      }
      if (now.waits !== undefined && now.waits !== waits)
        news.push(...decide({ outcome: 'hold', reason: 'paused', note: `paused until a person decides: ${now.waits}` }))
      waits = now.waits
      return news
    },
  }
}
