/** One pod of an app ends, becomes Ready, or is no longer Ready. */
import type { PodSeen } from '../../domain/cluster.ts'
import { type PodTurn, podTurnWords } from '../../domain/trigger.ts'
import { count } from '../findings/words.ts'
import { createUnwatched } from './unwatched.ts'
import { NOTHING_READ, type TriggerWatch } from './watch.ts'

type State = { readonly ready: boolean; readonly ended: boolean }

export function watchPods(app: string, turns: PodTurn): TriggerWatch {
  const unwatched = createUnwatched()
  const pods = new Map<string, State>()
  return {
    add(record, armedAt) {
      unwatched.add(record)
      if (record.kind !== 'object-seen' || record.object.resource !== 'Pod' || record.object.app !== app)
        return undefined
      const { object, change, at } = record
      const before = pods.get(object.uid)
      const now = stateOf(object, change === 'deleted')
      if (change === 'deleted') pods.delete(object.uid)
      else pods.set(object.uid, now)
      const isCertain = unwatched.isAfter(armedAt ?? at, object.uid, at)
      if (armedAt === undefined || at < armedAt || !isCertain || before === undefined) return undefined
      return turned(before, now, turns) ? { note: `${object.name} ${podTurnWords[turns]}`, readAt: at } : undefined
    },
    last() {
      const all = [...pods.values()].filter(({ ended }) => !ended)
      const ready = all.filter((each) => each.ready)
      return pods.size === 0 ? NOTHING_READ : `${app} has ${count(all.length, 'pod')}, ${ready.length} of them Ready`
    },
  }
}

function stateOf({ ready, podPhase }: PodSeen, isDeleted: boolean): State {
  const ended = isDeleted || podPhase === 'Succeeded' || podPhase === 'Failed'
  return { ended, ready: ready && !ended }
}

function turned(before: State, now: State, turns: PodTurn): boolean {
  switch (turns) {
    case 'ended':
      return !before.ended && now.ended
    case 'ready':
      return !before.ready && now.ready
    case 'not-ready':
      return before.ready && !now.ready
  }
}
