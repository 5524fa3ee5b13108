/** Takes a change back: only while the object still carries its mark and what was written; what somebody else has changed since is theirs. */
import type { Clock } from '../../../controller/ports.ts'
import { after, type Millis } from '../../../domain/units.ts'
import type { KubeObject, KubernetesApi } from '../../../protocols/kubernetes/api.ts'
import { edit, fieldAt, merged, nested, pathOf, taintsOf } from './change.ts'
import { hasMark, type Reversal, unmarked } from './marks.ts'
import { untilSettled } from './settled.ts'

type Ports = { readonly api: KubernetesApi; readonly clock: Clock }

export async function takeBack(ports: Ports, undo: Reversal, budgetMs: Millis): Promise<'undone' | 'already-gone'> {
  const deadline = after(ports.clock.now(), budgetMs)
  let undone = false
  const object = await edit(ports, pathOf(undo), deadline, undefined, (now) => {
    undone = hasMark(now, undo) && stillHolds(now, undo)
    if (!hasMark(now, undo)) return undefined
    return undone ? merged(unmarked(now, undo), takenBack(now, undo)) : unmarked(now, undo)
  })
  // Also when the change was taken back by somebody who died before it had come to rest.
  if (object !== undefined && undo.does === 'restore-field' && undo.settled !== undefined)
    await untilSettled(ports, undo.settled, () => ports.clock.now() >= deadline)
  return undone ? 'undone' : 'already-gone'
}

/** The change stays; only what says that matchday owes an undo goes. */
export async function keepChange(ports: Ports, undo: Reversal, budgetMs: Millis): Promise<void> {
  const deadline = after(ports.clock.now(), budgetMs)
  await edit(ports, pathOf(undo), deadline, undefined, (now) => (hasMark(now, undo) ? unmarked(now, undo) : undefined))
}

function stillHolds(object: KubeObject, undo: Reversal): boolean {
  if (undo.does === 'restore-field') return fieldAt(object, undo.field) === undo.wrote
  return taintsOf(object).some((taint) => isOurs(taint, undo))
}

function takenBack(object: KubeObject, undo: Reversal): object {
  if (undo.does === 'restore-field') return nested(undo.field, undo.was)
  return { spec: { taints: taintsOf(object).filter((taint) => !isOurs(taint, undo)) } }
}

const isOurs = (
  taint: { readonly key?: unknown; readonly effect?: unknown },
  { key, effect }: Extract<Reversal, { does: 'remove-taint' }>,
): boolean => taint.key === key && taint.effect === effect
