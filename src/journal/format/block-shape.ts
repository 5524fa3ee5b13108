/** Sessions of blocks as a journal holds them (format 2). Versions before them read these records as lost. */
import { askedLoad, capacitySession } from './capacity-shape.ts'
import { compareSettings } from './compare-shape.ts'
import { loadPlan } from './rehearsal-shape.ts'
import { amount, flag, list, moment, ms, object, oneOf, record, text, variants } from './shape.ts'

const at = moment

const release = object(
  { name: text, entry: text },
  { rolledOut: object({ deployment: text, images: record(text), annotations: record(text) }) },
)
export const sessionStarted = object({
  at,
  session: variants('kind', {
    compare: object({ a: release, b: release, duet: flag, aa: flag, settings: compareSettings }),
    capacity: capacitySession,
  }),
})

export const blockStarted = object(
  { at, block: text, of: text, zeroAt: moment, settleMs: ms, measuredMs: ms, load: loadPlan },
  { pair: amount, asked: askedLoad },
)

export const blockEnded = object({
  at,
  block: text,
  outcome: oneOf('completed', 'stopped', 'crashed'),
  problems: list(text),
})

export const restAwaited = object({ at, waitedMs: ms, unrest: list(text) })
