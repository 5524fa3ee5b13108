/** The search for capacity as a journal holds it (format 2). */
import { amount, list, ms, object, oneOf, record, share, text } from './shape.ts'

export const askedLoad = object(
  { step: amount, load: amount, purpose: oneOf('bracket', 'bisect', 'again', 'recovery', 'repeat', 'hold') },
  { overload: amount },
)

const search = object({
  from: amount,
  max: amount,
  min: amount,
  growth: amount,
  resolution: share,
  measureMs: ms,
  extensions: amount,
  repeats: amount,
  holdMs: ms,
  holds: amount,
  odds: share,
  recovery: object({ at: amount, withinMs: ms }),
  budgetMs: ms,
})

const resource = object(
  { name: text, of: text, metric: text, where: record(text), pods: oneOf('sum', 'max'), limit: amount },
  { reading: oneOf('rate') },
)

const prices = object({ currency: text, pods: record(amount), node: amount })

export const capacitySession = object(
  { search, settleMs: ms, restMs: ms, resources: list(resource) },
  { event: amount, prices, withoutZone: text },
)
