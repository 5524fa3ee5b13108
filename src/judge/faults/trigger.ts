/** A trigger that did not fire before its deadline: the fault or action was not performed, and shows nothing. */
import { triggerSentence, type When } from '../../domain/trigger.ts'
import type { Life, TriggerLife } from '../seen/life.ts'

export const missedTrigger = (life: Life | undefined): TriggerLife | undefined =>
  life?.trigger?.is === 'trigger-missed' ? life.trigger : undefined

export function missedSentence(name: string, when: When | undefined, { note }: TriggerLife): string {
  const trigger = when === undefined ? '' : `, that ${triggerSentence(when.trigger)},`
  return `${name} was not performed: its trigger${trigger} did not fire before the deadline (the last reading: ${note}).`
}
