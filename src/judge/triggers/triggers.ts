/**
 * Triggers, live over the same records that are the evidence. A trigger fires on a change that is seen after it was armed: the value before is known,
 * and it is known that the change did not happen earlier. Readings that failed and values that are not finite never fire it.
 */
import type { Target } from '../../domain/rehearsal.ts'
import { isSeriesTrigger, type Trigger } from '../../domain/trigger.ts'
import { watchAutoscaler } from './autoscaler.ts'
import { watchPods } from './pods.ts'
import { watchRollout } from './rollout.ts'
import { watchSeries } from './series.ts'
import type { TriggerWatch } from './watch.ts'

export function watchTrigger(trigger: Trigger, target: Target): TriggerWatch {
  if (isSeriesTrigger(trigger)) return watchSeries(trigger, target)
  switch (trigger.kind) {
    case 'autoscaler':
      return watchAutoscaler(trigger.autoscaler, target)
    case 'rollout':
      return watchRollout(trigger.deployment, trigger.share, target)
    case 'pod':
      return watchPods(trigger.app, trigger.turns)
  }
}
