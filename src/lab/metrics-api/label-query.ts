/** The `labelSelector` of a query, in the text form of the Kubernetes API. */

import { type LabelRequirement, type Labels, meets } from '../../protocols/kubernetes/label-selector.ts'

export type LabelQuery = (labels: Labels) => boolean

const NAME = '[A-Za-z0-9./_-]+'
const SET = new RegExp(`^(${NAME})\\s+(in|notin)\\s+\\(([^)]*)\\)$`)
const PAIR = new RegExp(`^(${NAME})\\s*(==|=|!=)\\s*(${NAME})?$`)
const EXISTS = new RegExp(`^(!?)\\s*(${NAME})$`)

/** Undefined when the text is not a selector. */
export function labelQuery(text: string): LabelQuery | undefined {
  if (text.trim() === '') return () => true
  // Commas in parentheses belong to a set.
  const parts = text.split(/,(?![^(]*\))/).map((part) => requirementOf(part.trim()))
  if (!parts.every((part) => part !== undefined)) return undefined
  return (labels) => parts.every((part) => meets(labels, part))
}

function requirementOf(part: string): LabelRequirement | undefined {
  const [, setKey, word, list] = SET.exec(part) ?? []
  if (setKey !== undefined) {
    const values = (list ?? '').split(',').map((value) => value.trim())
    return { key: setKey, operator: word === 'in' ? 'In' : 'NotIn', values }
  }
  const [, key, sign, value = ''] = PAIR.exec(part) ?? []
  if (key !== undefined) return { key, operator: sign === '!=' ? 'NotIn' : 'In', values: [value] }
  const [, absent, bare] = EXISTS.exec(part) ?? []
  return bare === undefined ? undefined : { key: bare, operator: absent === '!' ? 'DoesNotExist' : 'Exists' }
}
