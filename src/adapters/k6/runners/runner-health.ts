/** What a runner's log tells of its CPU and memory: raw lines of /proc and of its control group, as evidence. */
import type { GeneratorHealth } from '../../../domain/evidence.ts'
import { instant, ratio } from '../../../domain/units.ts'
import { parseProcessStat } from '../../../protocols/linux/process-stat.ts'
import { hostTicks } from '../health.ts'
import { HEALTH_MARK } from './manifests.ts'

type Health = Omit<GeneratorHealth, 'kind'>

/** USER_HZ and the size of a page, as on all usual Linux. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096
/** proc_pid_stat(5): field 24 of the process, counted from the one behind its name. */
const RSS_FIELD = 21

type Reading = {
  readonly upS: number
  readonly cpuTicks: number
  readonly rssBytes: number
  readonly host: { readonly busy: number; readonly total: number }
  readonly periods: number
  readonly throttled: number
}

export const isHealthLine = (line: string): boolean => line.startsWith(`${HEALTH_MARK}|`)

/** Makes the function that turns new lines into records; the newest line was written at `now`. */
export function runnerHealth(
  instance: string,
  cpuLimit: number,
): (lines: readonly string[], now: number) => readonly Health[] {
  let before: Reading | undefined
  return (lines, now) => {
    const readings = lines.flatMap((line) => reading(line) ?? [])
    const newest = readings.at(-1)?.upS ?? 0
    return readings.flatMap((each) => {
      const last = before
      before = each
      if (last === undefined || each.upS <= last.upS) return []
      return [between(last, each, { instance, cpuLimit, at: now - (newest - each.upS) * 1000 })]
    })
  }
}

function between(
  last: Reading,
  now: Reading,
  { instance, cpuLimit, at }: { readonly instance: string; readonly cpuLimit: number; readonly at: number },
): Health {
  const share = (part: number, whole: number) => ratio(whole > 0 ? Math.min(1, Math.max(0, part / whole)) : 0)
  return {
    at: instant(at),
    instance,
    cpuCores: Math.max(0, (now.cpuTicks - last.cpuTicks) / TICKS_PER_SECOND / (now.upS - last.upS)),
    hostBusy: share(now.host.busy - last.host.busy, now.host.total - last.host.total),
    rssBytes: now.rssBytes,
    cpuLimit,
    throttled: share(now.throttled - last.throttled, now.periods - last.periods),
  }
}

function reading(line: string): Reading | undefined {
  const [, up, own = '', host = '', limit = ''] = line.split('|')
  const stat = parseProcessStat(own)
  if (stat === undefined || !Number.isFinite(Number(up))) return undefined
  const counter = (name: string) => Number(new RegExp(`\\b${name} (\\d+)`).exec(limit)?.[1] ?? 0)
  return {
    upS: Number(up),
    cpuTicks: stat.cpuTicks,
    rssBytes: Number(own.slice(own.lastIndexOf(')') + 2).split(' ')[RSS_FIELD]) * PAGE_BYTES,
    host: hostTicks(host),
    periods: counter('nr_periods'),
    throttled: counter('nr_throttled'),
  }
}

/** `500m`, `1.5`: in cores. */
export const coresOf = (cpu: string): number => (cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu))
