/**
 * A rollout has updated a share of the pods. While it is under way there are pods of the old template. A Deployment that only scales up has new pods
 * too, and none of the old template.
 */
import type { DeploymentSeen } from '../../domain/cluster.ts'
import type { Target } from '../../domain/rehearsal.ts'
import { createUnwatched } from './unwatched.ts'
import { NOTHING_READ, type TriggerWatch } from './watch.ts'

export function watchRollout(name: string, share: number, { namespace }: Target): TriggerWatch {
  const unwatched = createUnwatched()
  let last: DeploymentSeen | undefined
  let isBelow = false
  return {
    add(record, armedAt) {
      unwatched.add(record)
      if (record.kind !== 'object-seen' || record.object.resource !== 'Deployment') return undefined
      const { object, change, at } = record
      if (object.name !== name || object.namespace !== namespace) return undefined
      last = change === 'deleted' ? undefined : object
      const wasBelow = isBelow
      const hasOldPods = object.updated < object.current
      const reached = object.wanted > 0 && object.updated >= share * object.wanted
      isBelow = last !== undefined && !reached && (hasOldPods || wasBelow)
      const isCertain = unwatched.isAfter(armedAt ?? at, object.uid, at)
      if (armedAt === undefined || at < armedAt || !isCertain || last === undefined) return undefined
      return wasBelow && reached ? { note: words(object), readAt: at } : undefined
    },
    last: () => (last === undefined ? NOTHING_READ : words(last)),
  }
}

const words = ({ name, updated, wanted }: DeploymentSeen): string =>
  `${updated} of ${wanted} pods of ${name} run its current template`
