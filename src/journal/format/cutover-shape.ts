/** A cutover as the head of a journal, its steps and its undo hold it. */
import { fieldValue, list, ms, number, object, oneOf, record, share, some, text, variants } from './shape.ts'

export const cutoverStep = oneOf('ready', 'freeze', 'drain', 'catch-up', 'promote', 'warm', 'traffic', 'thaw')

export const objectField = { apiVersion: text, plural: text, namespace: text, name: text, field: list(text) }
export const servicePath = { namespace: text, service: text, port: number, path: text }

const change = variants('kind', {
  field: object({ ...objectField, value: fieldValue }),
  call: object(servicePath),
  weights: object({ namespace: text, route: text, from: text, to: text }),
})
const reading = variants('kind', {
  field: object(objectField),
  answer: object({ ...servicePath, field: list(text) }),
  status: object({ ...servicePath, method: oneOf('GET', 'POST') }),
})
export const cutoverProof = object({
  reading,
  wants: variants('kind', {
    is: object({ value: fieldValue }),
    'at-most': object({ value: number }),
    'same-as': object({ reading }),
  }),
})

export const region = object({ name: text, namespace: text, writable: cutoverProof })

const plan = object({
  switches: list(change),
  proofs: list(cutoverProof),
  undo: variants('kind', {
    restore: object({}),
    forward: object({}),
    switches: object({ switches: list(change) }),
  }),
})
const steps = object({
  ready: plan,
  freeze: plan,
  drain: plan,
  'catch-up': plan,
  promote: plan,
  warm: plan,
  traffic: plan,
  thaw: plan,
})

export const cutoverPlace = object(
  { from: region, to: region, steps },
  {
    unlike: list(text),
    book: object({ book: text, namespace: text, service: text, port: number }),
    served: object({ metric: text, where: record(text), from: text, to: text }),
  },
)

const budgets = object({
  ready: ms,
  freeze: ms,
  drain: ms,
  'catch-up': ms,
  promote: ms,
  warm: ms,
  traffic: ms,
  thaw: ms,
})
export const cutoverAct = object(
  { plan: text, writes: text, rtoMs: ms, budgets, shares: some(share), holdMs: ms },
  { reads: object({ sli: text, withinMs: ms }) },
)
