/** What a curve comes to in this plan: its peak, how high its seconds are, and its course as a line of blocks. */
import type { Rehearsal } from '../domain/rehearsal.ts'
import { showCount, showPercent } from '../domain/show.ts'
import type { LoadStage, Timeline } from '../domain/timeline.ts'

export type DescribedCurve = {
  readonly profile: string
  readonly file: string
  readonly arrivals: number
  /** Most arrivals in one second, and in all but a twentieth of the seconds. */
  readonly peak: number
  readonly p95: number
  /** 40 blocks of height 0 to 8: means of equal parts of the plan. */
  readonly course: string
}

export function describeCurves({ load }: Rehearsal, timeline: Timeline): readonly DescribedCurve[] {
  return Object.entries(load.curves ?? {}).flatMap(([profile, { file }]) => {
    const stages = timeline.load.profiles.find(({ name }) => name === profile)?.stages
    if (stages === undefined) return []
    const seconds = secondsOf(stages)
    const sorted = seconds.toSorted((a, b) => a - b)
    return [
      {
        profile,
        file,
        arrivals: seconds.reduce((sum, count) => sum + count, 0),
        peak: sorted.at(-1) ?? 0,
        p95: sorted[Math.max(0, Math.ceil(0.95 * sorted.length) - 1)] ?? 0,
        course: courseOf(seconds),
      },
    ]
  })
}

export const curveSentence = ({ profile, file, arrivals, peak, p95, course }: DescribedCurve): string =>
  `${profile} follows ${file}: ${showCount(arrivals)} arrivals, at most ${showCount(peak)} in a second, ${showPercent(0.95)} of seconds up to ${showCount(p95)}  ${course}`

/** Autoscalers do not get faster with the load. */
export function speedWarnings({ load, expectations }: Rehearsal): readonly string[] {
  const judged = expectations.some(({ kind }) => kind === 'autoscaler' || kind === 'keda')
  if (!judged) return []
  return Object.entries(load.curves ?? {}).flatMap(([profile, { speed }]) =>
    speed > 1
      ? [`${profile} is played ${speed} times faster, but autoscalers are judged: their periods do not get shorter.`]
      : [],
  )
}

/** Arrivals in each second, in one pass over the stages. */
function secondsOf(stages: readonly LoadStage[]): readonly number[] {
  const seconds: number[] = []
  let fromMs = 0
  for (const { durationMs, from, to } of stages) {
    for (let atMs = fromMs; atMs < fromMs + durationMs; ) {
      const second = Math.floor(atMs / 1000)
      const untilMs = Math.min(fromMs + durationMs, (second + 1) * 1000)
      const middle = from + ((to - from) * ((atMs + untilMs) / 2 - fromMs)) / durationMs
      seconds[second] = (seconds[second] ?? 0) + (middle * (untilMs - atMs)) / 1000
      atMs = untilMs
    }
    fromMs += durationMs
  }
  return seconds
}

const WIDTH = 40
const BLOCKS = ' ▁▂▃▄▅▆▇█'

function courseOf(seconds: readonly number[]): string {
  const width = Math.min(WIDTH, seconds.length)
  const means = Array.from({ length: width }, (_, index) => {
    const part = seconds.slice(
      Math.floor((index * seconds.length) / width),
      Math.floor(((index + 1) * seconds.length) / width),
    )
    return part.reduce((sum, count) => sum + count, 0) / Math.max(1, part.length)
  })
  const most = Math.max(1e-9, ...means)
  return means.map((mean) => BLOCKS[Math.round((mean / most) * 8)] ?? ' ').join('')
}
