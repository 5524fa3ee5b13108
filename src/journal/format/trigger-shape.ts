/** Triggers of faults and actions, in a rehearsal and in a timeline. */
import { ms, number, object, oneOf, rate, record, share, text, variants } from './shape.ts'

const at = object({ file: text, line: number, column: number })
const series = { at, of: text, metric: text, where: record(text), crosses: oneOf('rises', 'falls') }

const trigger = variants('kind', {
  autoscaler: object({ at, autoscaler: text }),
  rollout: object({ at, deployment: text, share }),
  gauge: object({ ...series, pods: oneOf('sum', 'max'), value: number }),
  rate: object({ ...series, value: rate }),
  pod: object({ at, app: text, turns: oneOf('ended', 'ready', 'not-ready') }),
})

export const when = object({ trigger }, { fromMs: ms })
export const plannedTrigger = object({ trigger, byMs: ms }, { forMs: ms })
