/** An autoscaler decides: a version of it wants more pods than the version before. */
import type { Target } from '../../domain/rehearsal.ts'
import { count } from '../findings/words.ts'
import { createUnwatched } from './unwatched.ts'
import { NOTHING_READ, type TriggerWatch } from './watch.ts'

export function watchAutoscaler(name: string, { namespace }: Target): TriggerWatch {
  const unwatched = createUnwatched()
  let wanted: number | undefined
  return {
    add(record, armedAt) {
      unwatched.add(record)
      if (record.kind !== 'object-seen' || record.object.resource !== 'HorizontalPodAutoscaler') return undefined
      const { object, change, at } = record
      if (object.name !== name || object.namespace !== namespace) return undefined
      const before = wanted
      wanted = change === 'deleted' ? undefined : object.desired
      const isCertain = unwatched.isAfter(armedAt ?? at, object.uid, at)
      // Before its first sync it wants 0, which is no decision.
      if (armedAt === undefined || at < armedAt || !isCertain || !before || wanted === undefined) return undefined
      if (wanted <= before) return undefined
      return { note: `the autoscaler ${name} wants ${count(wanted, 'pod')}, and wanted ${before} before`, readAt: at }
    },
    last: () => (wanted === undefined ? NOTHING_READ : `the autoscaler ${name} wants ${count(wanted, 'pod')}`),
  }
}
