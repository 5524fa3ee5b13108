/**
 * Is the new release slower? Its mean response time is compared with that of the old one in the same stretches of time, as pairs, so that effects of
 * the machine and of its neighbours cancel out. Means, not p95: at a small share a stretch has about fifty requests, so p95 would depend on the
 * largest three. A mean also rises when only the tail does.
 */
import { type Paired, pAbove, paired, pBelow } from '../../domain/paired.ts'
import type { CountsBetween, ReleaseCounts } from '../seen/canary-counters.ts'

export type CountedSpan = { readonly fromAt: number; readonly toAt: number }

/** Requests to the new release that make one pair. */
export const PAIR_LEAST = 50
/** Scrapes are a second apart: shorter stretches would only interpolate. */
const PAIR_LEAST_MS = 2000

/** Logarithms of the ratio of both means, one for each pair. */
export const pairsOf = (steps: readonly CountedSpan[], counts: CountsBetween): readonly number[] =>
  steps.flatMap((step) => pairsIn(step, counts))

function pairsIn({ fromAt, toAt }: CountedSpan, counts: CountsBetween): readonly number[] {
  const most = Math.floor((toAt - fromAt) / PAIR_LEAST_MS)
  const pairs = Math.min(most, Math.floor(counts('canary', fromAt, toAt).timed / PAIR_LEAST))
  const length = (toAt - fromAt) / pairs
  return Array.from({ length: pairs }, (_, index) => fromAt + index * length).flatMap((from) => {
    const [old, fresh] = [meanOf(counts('stable', from, from + length)), meanOf(counts('canary', from, from + length))]
    return old === undefined || fresh === undefined ? [] : [Math.log(fresh / old)]
  })
}

/** Half a pair is enough on either side, because requests are unevenly distributed. */
const meanOf = ({ timed, seconds }: ReleaseCounts): number | undefined =>
  timed >= PAIR_LEAST / 2 && seconds > 0 ? seconds / timed : undefined

export type Slower =
  | { readonly is: 'worse' | 'fine' | 'open'; readonly test: Paired; readonly rise: number }
  | { readonly is: 'unmeasured' }

/** Worse: proven slower, and by more than is allowed. Fine: proven to be within what is allowed. */
export function slower(
  differences: readonly number[],
  atMost: number,
  level: { readonly worse: number; readonly fine: number },
): Slower {
  const test = paired(differences)
  if (test === undefined) return { is: 'unmeasured' }
  const rise = Math.expm1(test.mean)
  if (rise > atMost && pAbove(test, 0) <= level.worse) return { is: 'worse', test, rise }
  return { is: pBelow(test, Math.log1p(atMost)) <= level.fine ? 'fine' : 'open', test, rise }
}
