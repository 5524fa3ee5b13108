/** The last minute of each objective: the share that was good and how fast the error budget burns. */
import type { Slo } from '../../domain/rehearsal.ts'
import { quantileOf } from '../../domain/statistics.ts'
import type { FrameDelta } from '../../judge/seen/frame-deltas.ts'
import { allowedBad, attemptsIn, badIn } from '../lanes/error-budget.ts'

const WINDOW_MS = 60_000
/** One a second from each instance. */
const WINDOW_FRAMES = 5

export type LastMinute = { readonly attempts: number; readonly good: number; readonly burn?: number }

export function lastMinute() {
  const deltas: FrameDelta[] = []
  return {
    add(delta: FrameDelta): void {
      deltas.push(delta)
      while (deltas[0] !== undefined && deltas[0].at < delta.at - WINDOW_MS) deltas.shift()
    },
    of(slo: Slo): LastMinute {
      let [attempts, bad] = [0, 0]
      for (const delta of deltas) {
        const counts = delta.slis.get(slo.sli)
        if (counts === undefined) continue
        attempts += attemptsIn(counts)
        bad += badIn(counts, slo)
      }
      const allowed = allowedBad(slo)
      const burn = attempts > 0 && allowed > 1e-9 ? { burn: bad / attempts / allowed } : {}
      return { attempts, good: attempts - bad, ...burn }
    },
    /** Of the last seconds, of an indicator that is made of others too. */
    p95Of(sli: string): number | undefined {
      const recent = deltas.slice(-WINDOW_FRAMES).flatMap(({ slis }) => {
        const flat = slis.get(sli)?.histogram ?? []
        return flat.flatMap((bound, index) => (index % 2 === 0 ? [[bound, flat[index + 1] ?? 0] as const] : []))
      })
      return quantileOf(
        recent.sort((a, b) => a[0] - b[0]),
        0.95,
      )
    },
  }
}
