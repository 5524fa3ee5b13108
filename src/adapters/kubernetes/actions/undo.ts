/**
 * Undoes a change, but only while the object still holds what was written: later changes by others are kept. The mark serves to find changes, and the
 * undo does not require it, because a controller that rewrites its whole object removes the mark and leaves the change.
 */
import type { Clock } from '../../../controller/ports.ts'
import { after, type Instant, type Millis, millis } from '../../../domain/units.ts'
import { demand, find, type KubeObject, type KubernetesApi } from '../../../protocols/kubernetes/api.ts'
import { insist } from '../../../protocols/kubernetes/insist.ts'
import { edit, fieldAt, LOOK_EVERY, merged, nested, pathOf, taintsOf } from './change.ts'
import { hasMark, type Reversal, unmarked } from './marks.ts'
import { holdsMirror, withoutMirror } from './route-mirrors.ts'
import { holdsWritten, shownWeights, weightsBefore, weightsOfOthers } from './route-weights.ts'
import { untilSettled } from './settled.ts'
import { heldBefore, holdsAny, templatePatch } from './template.ts'
import { heldValues, valuesBefore } from './values.ts'

type Ports = { readonly api: KubernetesApi; readonly clock: Clock }

export async function takeBack(ports: Ports, undo: Reversal, budgetMs: Millis): Promise<'undone' | 'already-gone'> {
  const deadline = after(ports.clock.now(), budgetMs)
  await untilMoved(ports, undo, after(ports.clock.now(), millis(budgetMs / 2)))
  let undone = false
  let served: string | undefined
  const object = await edit(ports, pathOf(undo), deadline, undefined, (now) => {
    undone = stillHolds(now, undo)
    served = whyStillServed(now, undo)
    // The mark stays while something is left to undo: heal finds the object by it.
    const mark = served === undefined ? unmarked(now, undo) : {}
    if (undone) return merged(mark, takenBack(now, undo))
    return served === undefined && hasMark(now, undo) ? mark : undefined
  })
  if (served !== undefined) throw new Error(served)
  // Also waits if a process that died had undone the change before it settled.
  if (object !== undefined && 'settled' in undo && undo.settled !== undefined)
    await untilSettled(ports, undo.settled, () => ports.clock.now() >= deadline)
  if (undone) await demandHeld(ports, undo)
  return undone ? 'undone' : 'already-gone'
}

/**
 * A promotion is not reversed half-way: the operator completes the one that it has started and ignores requests meanwhile. So the undo first waits
 * for the promotion to complete, if it does in time.
 */
async function untilMoved(ports: Ports, undo: Reversal, deadline: Instant): Promise<void> {
  if (undo.does !== 'restore-field' || undo.settled?.kind !== 'fields-equal') return
  const late = () => ports.clock.now() >= deadline
  const rest = () => ports.clock.until(after(ports.clock.now(), LOOK_EVERY))
  const look = () => find(ports.api, { method: 'GET', path: undo.path }) as Promise<KubeObject | undefined>
  const object = await insist(look, late, rest)
  if (object === undefined || !stillHolds(object, undo)) return
  await untilSettled(ports, undo.settled, late).catch(() => undefined)
}

/** The restored value must still be there after everything has settled. */
async function demandHeld({ api }: Ports, undo: Reversal): Promise<void> {
  if (undo.does !== 'restore-field' || undo.settled?.kind !== 'fields-equal') return
  const now = fieldAt(await demand(api, { method: 'GET', path: undo.path }), undo.field) ?? null
  if (now !== undo.was)
    throw new Error(`${undo.field.join('.')} of ${undo.path} was put back to ${undo.was}, and is ${now}`)
}

/**
 * Weights that somebody else wrote are kept. While they send requests to the new release, this undo fails, so that its pods stay: after a failed undo,
 * no undo that removes pods runs (controller/healing.ts).
 */
function whyStillServed(route: KubeObject, undo: Reversal): string | undefined {
  if (undo.does !== 'restore-weights' || undo.serves === undefined) return undefined
  const weights = weightsOfOthers(route, undo)
  if (weights === undefined) return undefined
  const [, fresh] = undo.backends
  return `${undo.path} has the weights ${shownWeights(weights)}, which somebody else wrote, and sends requests to ${fresh}. Write weight: 0 for ${fresh} there, and heal again`
}

/** Keeps the change and removes only the mark of its undo. */
export async function keepChange(ports: Ports, undo: Reversal, budgetMs: Millis): Promise<void> {
  const deadline = after(ports.clock.now(), budgetMs)
  await edit(ports, pathOf(undo), deadline, undefined, (now) => (hasMark(now, undo) ? unmarked(now, undo) : undefined))
}

function stillHolds(object: KubeObject, undo: Reversal): boolean {
  switch (undo.does) {
    case 'restore-field':
      return fieldAt(object, undo.field) === undo.wrote
    case 'restore-template':
      return holdsAny(object, undo)
    case 'restore-values':
      return heldValues(object, undo).length > 0
    case 'restore-weights':
      return holdsWritten(object, undo)
    case 'remove-mirror':
      return holdsMirror(object, undo)
    case 'remove-taint':
      return taintsOf(object).some((taint) => isOurs(taint, undo))
  }
}

function takenBack(object: KubeObject, undo: Reversal): object {
  switch (undo.does) {
    case 'restore-field':
      return nested(undo.field, undo.was)
    case 'restore-template':
      return templatePatch(object, heldBefore(object, undo))
    case 'restore-values':
      return { data: valuesBefore(object, undo) }
    case 'restore-weights':
      return weightsBefore(object, undo)
    case 'remove-mirror':
      return withoutMirror(object, undo)
    case 'remove-taint':
      return { spec: { taints: taintsOf(object).filter((taint) => !isOurs(taint, undo)) } }
  }
}

const isOurs = (
  taint: { readonly key?: unknown; readonly effect?: unknown },
  { key, effect }: Extract<Reversal, { does: 'remove-taint' }>,
): boolean => taint.key === key && taint.effect === effect
