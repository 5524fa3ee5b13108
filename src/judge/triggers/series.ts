/** A gauge or a rate of a source crosses a value: one reading is on one side, and a later one on the other. */
import type { Target } from '../../domain/rehearsal.ts'
import { showSeries } from '../../domain/show.ts'
import type { SeriesTrigger } from '../../domain/trigger.ts'
import { createLevels, type SeriesLevel } from './levels.ts'
import { NOTHING_READ, type TriggerWatch } from './watch.ts'

export function watchSeries(trigger: SeriesTrigger, target: Target): TriggerWatch {
  const levels = createLevels(trigger, target)
  let last: SeriesLevel | undefined
  /** The last reading on the side from which the value must be reached. */
  let before: SeriesLevel | undefined
  return {
    add(record, armedAt) {
      if (record.kind !== 'sample' || record.source !== trigger.of) return undefined
      const level = levels.add(record)
      if (level === undefined) return undefined
      last = level
      const hasReached = reached(trigger, level.value)
      const from = before
      before = hasReached ? undefined : level
      if (armedAt === undefined || !hasReached || from === undefined || level.at < armedAt) return undefined
      // A reading long before the trigger was armed says nothing about the moment of arming.
      if (from.at < armedAt - levels.freshMs) return undefined
      const note = `${words(trigger, level)}, and ${shown(trigger, from)} before`
      return { note, readAt: level.at }
    },
    last: () => (last === undefined ? NOTHING_READ : words(trigger, last)),
  }
}

const reached = ({ crosses, value }: SeriesTrigger, read: number): boolean =>
  crosses === 'rises' ? read >= value : read <= value

const words = (trigger: SeriesTrigger, level: SeriesLevel): string =>
  `${showSeries(trigger.metric, trigger.where)} of ${trigger.of} is ${shown(trigger, level)}`

const shown = ({ kind }: SeriesTrigger, { value }: SeriesLevel): string =>
  `${Number(value.toFixed(2))}${kind === 'rate' ? '/s' : ''}`
