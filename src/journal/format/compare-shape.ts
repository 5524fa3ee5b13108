/** The rules of a comparison as a journal holds them (format 2). */
import { amount, list, ms, number, object, record, share } from './shape.ts'

const margin = object({ latency: amount }, { rate: amount })

export const compareSettings = object({
  settleMs: ms,
  measuredMs: ms,
  factor: number,
  looks: list(amount),
  alpha: share,
  worse: object({ latency: amount, rate: amount }),
  margin,
  margins: record(object({}, { latency: amount, rate: amount })),
})
