/** Changes one object: read, check the expected state, write with the version that was read, and retry on a conflict. */

import type { Clock } from '../../../controller/ports.ts'
import type { FieldValue, Settled, Undo } from '../../../domain/evidence.ts'
import { after, type Instant, seconds } from '../../../domain/units.ts'
import { isObject } from '../../../domain/unknown.ts'
import type { Fields } from '../../../protocols/fields.ts'
import { demand, find, type KubeObject, type KubernetesApi } from '../../../protocols/kubernetes/api.ts'
import { Final, insist } from '../../../protocols/kubernetes/insist.ts'
import { fields, list, text } from '../fields.ts'
import { type Mark, markedWith, type Reversal } from './marks.ts'
import { mirrorPatch } from './route-mirrors.ts'
import { otherWeights, shownWeights, weightsPatch } from './route-weights.ts'
import { otherThan, templatePatch } from './template.ts'
import { otherValue } from './values.ts'

/** What all parts of an action need. `run` and `target` go into the marks. */
export type ActionContext = {
  readonly api: KubernetesApi
  readonly clock: Clock
  readonly run: string
  readonly target: string
}

export const LOOK_EVERY = seconds(0.25)
/** A change takes one or two requests. Gives up if the server does not answer within this time. */
const CHANGE_WITHIN = seconds(10)

export type RestoreField = Extract<Undo, { does: 'restore-field' }>

/** The undo of writing `wrote` into a field with another value; undefined if there is nothing to change. */
export function restoreOf(
  object: KubeObject,
  path: string,
  field: readonly string[],
  wrote: FieldValue,
  settled?: Settled,
): RestoreField | undefined {
  const was = fieldAt(object, field) ?? null
  if (was === wrote) return undefined
  return { does: 'restore-field', path, field, wrote, was, ...(settled === undefined ? {} : { settled }) }
}

/**
 * Makes the change that `undo` reverts. Refuses if the object changed after the undo was written. `patchOf` is for an undo that reverts several
 * changes.
 */
export async function change(
  context: ActionContext,
  undo: Reversal,
  signal: AbortSignal,
  patchOf: (object: KubeObject) => object = (object) => harmOf(object, undo),
): Promise<void> {
  const mark: Mark = { run: context.run, target: context.target, undo }
  const deadline = after(context.clock.now(), CHANGE_WITHIN)
  await edit(context, pathOf(undo), deadline, signal, (object) => {
    demandUnchanged(object, undo)
    return merged(markedWith(mark), patchOf(object))
  })
}

/** If the answer was lost the request is repeated. By then the change may be there. */
function demandUnchanged(object: KubeObject, undo: Reversal): void {
  switch (undo.does) {
    case 'remove-taint':
    case 'remove-mirror':
      return
    case 'restore-field': {
      const now = fieldAt(object, undo.field) ?? null
      if (now !== undo.was && now !== undo.wrote)
        throw new Final(`${undo.field.join('.')} of ${undo.path} has changed since it was read: ${now}`)
      return
    }
    case 'restore-template': {
      const other = otherThan(object, undo)
      if (other !== undefined)
        throw new Final(`the pod template of ${undo.path} has changed since it was read: ${other}`)
      return
    }
    case 'restore-values': {
      const other = otherValue(object, undo)
      if (other !== undefined) throw new Final(`${undo.path} has changed since it was read: ${other}`)
      return
    }
    case 'restore-weights': {
      const other = otherWeights(object, undo)
      if (other !== undefined)
        throw new Final(`the weights of ${undo.path} have changed since they were read: ${shownWeights(other)}`)
    }
  }
}

function harmOf(object: KubeObject, undo: Reversal): object {
  switch (undo.does) {
    case 'restore-field':
      return nested(undo.field, undo.wrote)
    case 'restore-template':
      return templatePatch(object, undo.wrote)
    case 'restore-values':
      return { data: undo.wrote }
    case 'restore-weights':
      return weightsPatch(object, undo.backends, undo.wrote[0] ?? undo.was)
    case 'remove-mirror':
      return mirrorPatch(object, undo)
    case 'remove-taint':
      if (hasTaint(object, undo.key, undo.effect)) return {}
      return { spec: { taints: [...taintsOf(object), { key: undo.key, effect: undo.effect }] } }
  }
}

/** Writes the patch that `patchOf` returns; undefined: nothing is written. Returns the object as it was read, or undefined if it does not exist. */
export async function edit(
  { api, clock }: Pick<ActionContext, 'api' | 'clock'>,
  path: string,
  deadline: Instant,
  signal: AbortSignal | undefined,
  patchOf: (object: KubeObject) => object | undefined,
): Promise<KubeObject | undefined> {
  const options = signal === undefined ? {} : { signal }
  const late = () => clock.now() >= deadline || signal?.aborted === true
  const rest = () => clock.until(after(clock.now(), LOOK_EVERY), signal)
  return insist(
    async () => {
      const object = (await find(api, { method: 'GET', path, ...options })) as KubeObject | undefined
      const patch = object && patchOf(object)
      if (patch === undefined) return object
      const body = merged({ metadata: { resourceVersion: object?.metadata.resourceVersion } }, patch)
      await demand(api, { method: 'PATCH', path, body, contentType: 'application/merge-patch+json', ...options })
      return object
    },
    late,
    rest,
  )
}

export const pathOf = (undo: Reversal): string =>
  undo.does === 'remove-taint' ? `/api/v1/nodes/${undo.node}` : undo.path
export const taintsOf = (node: KubeObject): readonly Fields[] => list(fields(node.spec).taints)
export const hasTaint = (node: KubeObject, key: string, effect: string): boolean =>
  taintsOf(node).some((taint) => text(taint.key) === key && text(taint.effect) === effect)

/** The string, number or boolean at that path; otherwise undefined. */
export function fieldAt(object: unknown, field: readonly string[]): FieldValue | undefined {
  const value = field.reduce<unknown>((at, key) => fields(at)[key], object)
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? value : undefined
}

/** `{a: {b: value}}`; null removes the field in a merge patch (RFC 7386). */
export const nested = (field: readonly string[], value: FieldValue | null): object =>
  field.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as object

/** Merges two patches. */
export function merged(one: object, other: object): object {
  const result: Record<string, unknown> = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const mine = result[key]
    result[key] = isObject(mine) && isObject(value) ? merged(mine, value) : value
  }
  return result
}
