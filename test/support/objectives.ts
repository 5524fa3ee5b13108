/** Objectives of the indicator `shop`, for rules that are asked directly. */
import type { Slo } from '../../src/domain/rehearsal.ts'
import { millis, ratio } from '../../src/domain/units.ts'
import { place as at } from './evidence.ts'

export const available = (objective: number, sli = 'shop'): Slo => ({
  kind: 'availability',
  sli,
  objective: ratio(objective),
  at,
})

/** Nine of ten good responses within 100 ms; within 200 ms it is a warning. */
export const fast: Slo = {
  kind: 'latency',
  sli: 'shop',
  quantile: ratio(0.9),
  targetMs: millis(100),
  ceilingMs: millis(200),
  at,
}
