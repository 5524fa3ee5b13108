/**
 * Every object that an action changes carries a mark: the annotation `matchday.dev/undo.<hash>` holds the undo. It is written in the same PATCH as
 * the change and removed in the same PATCH as the undo, so there is never one without the other. The label makes such objects findable. So `heal` and
 * the residue audit need no journal (docs/adr/0017).
 */
import type { Undo } from '../../../domain/evidence.ts'
import { RUN_LABEL } from '../../../domain/labels.ts'
import type { KubeObject } from '../../../protocols/kubernetes/api.ts'
import { fields, text } from '../fields.ts'

const UNDO_ANNOTATION = 'matchday.dev/undo.'

export const MARKED = `?labelSelector=${encodeURIComponent(RUN_LABEL)}`

/** The undo of a change. Chaos objects, restored copies and logs of cutovers need no mark, because they are matchday's own. */
export type Reversal = Exclude<Undo, { does: 'delete-object' | 'delete-copy' | 'end-cutover' }>

/** `target`: the namespace of the run's target, because several targets share nodes. */
export type Mark = { readonly run: string; readonly target: string; readonly undo: Reversal }

export const markedWith = (mark: Mark): object => ({
  metadata: { labels: { [RUN_LABEL]: mark.run }, annotations: { [keyOf(mark.undo)]: JSON.stringify(mark) } },
})

export const hasMark = (object: KubeObject, undo: Reversal): boolean =>
  object.metadata.annotations?.[keyOf(undo)] !== undefined

/** Removes one mark, and the label with the last one. */
export function unmarked(object: KubeObject, undo: Reversal): object {
  const others = marksOf(object).filter((mark) => keyOf(mark.undo) !== keyOf(undo))
  const label = others.length === 0 ? { labels: { [RUN_LABEL]: null } } : {}
  return { metadata: { annotations: { [keyOf(undo)]: null }, ...label } }
}

export function marksOf(object: KubeObject): readonly Mark[] {
  return Object.entries(object.metadata.annotations ?? {}).flatMap(([key, value]) => {
    const mark = key.startsWith(UNDO_ANNOTATION) ? parsed(value) : undefined
    return mark === undefined ? [] : [mark]
  })
}

const KINDS: ReadonlySet<string> = new Set<Reversal['does']>([
  'remove-taint',
  'restore-field',
  'restore-template',
  'restore-values',
  'restore-weights',
  'remove-mirror',
])

function parsed(value: string): Mark | undefined {
  try {
    const mark = fields(JSON.parse(value))
    const undo = fields(mark.undo)
    if (!KINDS.has(text(undo.does))) return undefined
    return { run: text(mark.run), target: text(mark.target), undo: undo as Reversal }
  } catch {
    return undefined
  }
}

/** The same change has the same key, so that it is marked once. */
function keyOf(undo: Reversal): string {
  return UNDO_ANNOTATION + fingerprint(`${undo.does} ${changedBy(undo)}`)
}

/** What of its object an undo is about, for people and for its key. */
export function changedBy(undo: Reversal): string {
  switch (undo.does) {
    case 'remove-taint':
      return `${undo.key}:${undo.effect}`
    case 'restore-field':
      return undo.field.join('.')
    case 'restore-template':
      return 'spec.template'
    case 'restore-values':
      return 'data'
    case 'restore-weights':
      return `weights of ${undo.backends.join(' and ')}`
    case 'remove-mirror':
      return `the mirror to ${undo.backend}`
  }
}

/** FNV-1a, 32 bits (http://www.isthe.com/chongo/tech/comp/fnv): enough to tell the few changes of one object apart. */
function fingerprint(words: string): string {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(words)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0
  return hash.toString(36).padStart(7, '0')
}
