/**
 * The life of an action: admitted → undo written → begun → done → healed, or kept if nothing has to be undone. Only the cluster can tell what the
 * action will change. So the action is prepared first, its undos are written to disk, and only then is anything changed.
 */
import { keptWhenDone, replacesPods } from '../domain/action.ts'
import type { ActionStepData } from '../domain/evidence.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { PlannedAction, Timeline } from '../domain/timeline.ts'
import { after, type Instant } from '../domain/units.ts'
import { admitAction } from '../plan/blast-radius.ts'
import type { Canaries } from './canary.ts'
import { deadlineAt } from './deadline.ts'
import { type HarmPorts, type PerformedHarm, performHarm } from './harm.ts'
import type { ClusterActions } from './ports.ts'
import type { Triggers } from './triggers.ts'

export type ActionPorts = HarmPorts & {
  readonly actions: ClusterActions
  readonly triggers: Triggers
  readonly canaries: Canaries
}

/** Performs one action from its planned start, or from its trigger, until it is healed. Never throws. Heals early when `signal` is aborted. */
export async function performAction(
  ports: ActionPorts,
  action: PlannedAction,
  {
    rehearsal,
    target,
    timeline,
  }: { readonly rehearsal: Rehearsal; readonly target: Target; readonly timeline: Timeline },
  zeroAt: Instant,
  held: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  const step = (data: ActionStepData) => ports.recorder.record({ kind: 'action-step', action: action.name, step: data })
  let healAt = after(zeroAt, action.toMs ?? timeline.totalMs)
  const harm: PerformedHarm = {
    begin: async () => {
      const beginsAt = await ports.triggers.fire(action, zeroAt, step, signal)
      if (action.trigger?.forMs !== undefined && beginsAt !== undefined) healAt = after(beginsAt, action.trigger.forMs)
      return beginsAt !== undefined
    },
    step,
    admit: async (others) => {
      const inventory = await ports.actions.inventory(target, action)
      return admitAction(action, rehearsal, target, inventory, [...others])
    },
    hurt: async ({ targets, pods, limit, note }, undos, release) => {
      step({ is: 'admitted', targets, pods, limit, note })
      const prepared = await ports.actions.prepare(timeline.run, target, action, targets)
      for (const undo of prepared.undos) undos.push(await ports.healing.prepare(undo))
      let isTakenBack = false
      const done = await untilHealing(ports, healAt, signal, (ending) => {
        const gate = ports.canaries.gateOf(action, step, ending)
        const noted = <T extends string>(outcome: T): T => {
          isTakenBack ||= outcome === 'roll-back'
          return outcome
        }
        return prepared.perform(step, ending, {
          preview: async () => noted(await gate.preview()),
          step: async (...asked) => noted(await gate.step(...asked)),
        })
      })
      if (isTakenBack) return 'heal'
      if (done && replacesPods(action.act)) release()
      const stays = done && keptWhenDone(action.act)
      if (stays) for (const id of undos) await ports.healing.keep(id)
      else await ports.clock.until(healAt, signal)
      if (!stays && undos.length > 0) return 'heal'
      step({ is: 'kept' })
      return 'kept'
    },
  }
  await performHarm(ports, harm, held, signal)
}

/** Whether the work was complete before the time to undo it. */
async function untilHealing(
  { clock }: ActionPorts,
  healAt: Instant,
  signal: AbortSignal,
  work: (ending: AbortSignal) => Promise<void>,
): Promise<boolean> {
  const over = deadlineAt(clock, healAt, 'it is time to heal')
  try {
    await work(AbortSignal.any([signal, over.signal]))
    return true
  } catch (error) {
    if (!over.signal.aborted) throw error
    return false
  } finally {
    await over.end()
  }
}
