/**
 * Triggers of faults and actions. A trigger is armed at its planned time, reads the records that go into the journal, and is missed at its deadline. The
 * load and everything else go on meanwhile.
 */
import type { Evidence, TriggerStep } from '../domain/evidence.ts'
import type { Target } from '../domain/rehearsal.ts'
import type { PlannedAction, PlannedFault, Timeline } from '../domain/timeline.ts'
import type { TriggerSign } from '../domain/trigger.ts'
import { after, type Instant } from '../domain/units.ts'
import { watchTrigger } from '../judge/triggers/triggers.ts'
import type { TriggerWatch } from '../judge/triggers/watch.ts'
import { answerBefore } from './deadline.ts'
import type { Clock } from './ports.ts'

export type Triggers = {
  /** Takes each record once it is in the journal, so that a trigger sees what the judge sees. */
  see(record: Evidence): void
  /**
   * Waits until the harm begins: for its planned time, or for its trigger. Undefined if the deadline passed before. Rejects when aborted.
   */
  fire(
    harm: PlannedFault | PlannedAction,
    zeroAt: Instant,
    step: (data: TriggerStep) => void,
    signal: AbortSignal,
  ): Promise<Instant | undefined>
}

type Armed = { readonly watch: TriggerWatch; armedAt?: Instant; fire?(sign: TriggerSign): void }

export function createTriggers(
  clock: Clock,
  target: Target,
  { faults, actions }: Pick<Timeline, 'faults' | 'actions'>,
): Triggers {
  const all = new Map(
    [...faults, ...actions].flatMap(({ name, trigger }): [string, Armed][] =>
      trigger === undefined ? [] : [[name, { watch: watchTrigger(trigger.trigger, target) }]],
    ),
  )
  return {
    see(record) {
      for (const { watch, armedAt, fire } of all.values()) {
        const sign = watch.add(record, armedAt)
        if (sign !== undefined) fire?.(sign)
      }
    },
    async fire({ name, fromMs, trigger }, zeroAt, step, signal) {
      await clock.until(after(zeroAt, fromMs), signal)
      const armed = all.get(name)
      if (trigger === undefined || armed === undefined) return after(zeroAt, fromMs)
      const deadline = after(zeroAt, trigger.byMs)
      armed.armedAt = clock.now()
      step({ is: 'armed', note: armed.watch.last() })
      const sign = await firstSign(clock, armed, deadline, signal)
      const firedAt = clock.now()
      if (sign === undefined || firedAt > deadline) {
        step({ is: 'trigger-missed', note: armed.watch.last() })
        return undefined
      }
      step({ is: 'triggered', ...sign })
      return firedAt
    },
  }
}

/** The first sign before the deadline. Rejects when aborted. */
async function firstSign(
  clock: Clock,
  armed: Armed,
  deadline: Instant,
  signal: AbortSignal,
): Promise<TriggerSign | undefined> {
  const fired = new Promise<TriggerSign>((resolve) => {
    armed.fire = resolve
  })
  try {
    return await answerBefore(clock, deadline, fired, signal)
  } finally {
    delete armed.fire
  }
}
