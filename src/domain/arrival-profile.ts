/** Planned rates as k6 runs them: whole arrivals per time unit, and stages of an arrival-rate executor. Pure; runs in k6 too. */
import type { LoadStage } from './timeline.ts'
import { perSecond, type Some } from './units.ts'

/** k6 takes whole numbers of arrivals per time unit. A unit of 1000 s lets a rate have three decimals. */
export const RATE_UNIT_SECONDS = 1000

export const wholeRate = (rate: number): number => Math.round(rate * RATE_UNIT_SECONDS)

/** The stages as k6 will really run them. */
export const runnableStages = (stages: Some<LoadStage>): Some<LoadStage> => {
  const whole = (rate: number) => perSecond(wholeRate(rate) / RATE_UNIT_SECONDS)
  const stage = ({ durationMs, from, to }: LoadStage) => ({ durationMs, from: whole(from), to: whole(to) })
  const [first, ...rest] = stages
  return [stage(first), ...rest.map(stage)]
}

/** One stage of k6: where it ends, and how long it takes to get there. */
export type K6Stage = { duration: string; target: number }

/** The part of an arrival-rate executor that the planned stages decide. */
export const arrivalStages = (stages: Some<LoadStage>): { startRate: number; timeUnit: string; stages: K6Stage[] } => ({
  startRate: wholeRate(stages[0].from),
  timeUnit: `${RATE_UNIT_SECONDS}s`,
  stages: [...stages.flatMap((stage, index) => k6Stages(stage, stages[index - 1])), ...tail(stages)],
})

/** k6 knows only where a stage ends, so a jump takes a stage of no length. */
function k6Stages({ durationMs, from, to }: LoadStage, before: LoadStage | undefined): K6Stage[] {
  const jump = before !== undefined && before.to !== from ? [{ duration: '0s', target: wholeRate(from) }] : []
  return [...jump, { duration: `${durationMs}ms`, target: wholeRate(to) }]
}

/**
 * An arrival that is due at the very end would be lost: k6 stops the profile before it, or rounding puts it behind the end. So the
 * last rate goes on for a microsecond, and the profile stays open for a second in which nothing is due.
 */
function tail(stages: Some<LoadStage>): K6Stage[] {
  const target = wholeRate(stages.at(-1)?.to ?? 0)
  return [
    { duration: '0.001ms', target },
    { duration: '0s', target: 0 },
    { duration: '1s', target: 0 },
  ]
}

/** Names of profiles have hyphens, those of functions cannot. */
export const exportNameOf = (profile: string): string =>
  profile.replace(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
