/** Good and all attempts of an SLI in one frame. Arrivals that the generator dropped count as bad. */
import type { GuardrailTripped } from '../../domain/evidence.ts'
import type { FrameDelta } from '../seen/frame-deltas.ts'

export type Watch = (delta: FrameDelta) => GuardrailTripped | undefined
export type Counts = { readonly fromAt: number; readonly at: number; readonly good: number; readonly attempts: number }

export function countsOf({ fromAt, at, slis }: FrameDelta, sli: string): Counts {
  const { good = 0, bad = 0, dropped = 0 } = slis.get(sli) ?? {}
  return { fromAt, at, good, attempts: good + bad + dropped }
}

/** Undefined without attempts. */
export function shareOf(counts: readonly Counts[]): number | undefined {
  const attempts = counts.reduce((sum, each) => sum + each.attempts, 0)
  if (attempts === 0) return undefined
  return counts.reduce((sum, each) => sum + each.good, 0) / attempts
}
