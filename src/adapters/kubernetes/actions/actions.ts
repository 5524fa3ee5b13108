/**
 * adapters/kubernetes/actions: an operator's changes to a cluster, as steps of a rehearsal. Each change is one PATCH that includes its own undo
 * (marks.ts). So the undo is stored on the object, even if the controller is killed.
 */
import type { Clock, ClusterActions, PreparedAction } from '../../../controller/ports.ts'
import { changeOf, doneNote } from '../../../domain/action.ts'
import type { Undo } from '../../../domain/evidence.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import type { PlannedAction } from '../../../domain/timeline.ts'
import { after } from '../../../domain/units.ts'
import type { KubernetesApi } from '../../../protocols/kubernetes/api.ts'
import { copiesLeft, deleteCopy, leftCopies } from './copies.ts'
import { closeLog, cutoversLeft, endCutover, leftCutovers } from './cutover-end.ts'
import { enactorOf } from './enactors.ts'
import { changesLeft, leftChanges } from './leftovers.ts'
import type { Reversal } from './marks.ts'
import { keepChange, takeBack } from './undo.ts'

export function kubernetesActions(api: KubernetesApi, clock: Clock): ClusterActions {
  const ports = { api, clock }
  return {
    inventory: (target, { act }) => {
      const change = changeOf(act)
      return enactorOf(change).inventory(api, change, target)
    },
    prepare: (run, target, action, targets) => prepare(ports, run, target, action, targets),
    undo: (undo, budgetMs) => {
      switch (undo.does) {
        case 'delete-copy':
          return deleteCopy(ports, undo, budgetMs)
        case 'end-cutover':
          return endCutover(ports, undo, budgetMs)
        default:
          return takeBack(ports, reversalOf(undo), budgetMs)
      }
    },
    keep: (undo, budgetMs) =>
      undo.does === 'end-cutover'
        ? closeLog(ports, undo, after(clock.now(), budgetMs))
        : keepChange(ports, reversalOf(undo), budgetMs),
    leftovers: async (target) =>
      (await Promise.all([leftChanges(api, target), leftCopies(api, target), leftCutovers(api, target)])).flat(),
    residue: async (target) =>
      (await Promise.all([changesLeft(api, target), copiesLeft(api, target), cutoversLeft(api, target)])).flat(),
  }
}

function reversalOf(undo: Undo): Reversal {
  if (undo.does === 'delete-object') throw new Error('a chaos object is not an action')
  if (undo.does === 'delete-copy') throw new Error('a restored copy is never kept')
  if (undo.does === 'end-cutover') throw new Error('a cutover is not one change of one object')
  return undo
}

function prepare(
  ports: { readonly api: KubernetesApi; readonly clock: Clock },
  run: string,
  settings: Target,
  { act }: PlannedAction,
  targets: readonly string[],
): Promise<PreparedAction> {
  const change = changeOf(act)
  const note = (evicted: number) => doneNote(act, { nodes: targets.length, evicted })
  return enactorOf(change).prepare({ ...ports, run, target: settings.namespace, settings, change, targets, note })
}
