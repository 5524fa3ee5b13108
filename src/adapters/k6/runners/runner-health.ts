/** CPU and memory of a runner as evidence, from the raw lines of /proc and of its control group in its log. */
import { instant, ratio } from '../../../domain/units.ts'
import { parseProcessStat } from '../../../protocols/linux/process-stat.ts'
import { type Health, hostTicks } from '../health.ts'
import { HEALTH_MARK } from './manifests.ts'

/** USER_HZ and the page size of usual Linux. The node cannot be asked for them. */
const TICKS_PER_SECOND = 100
const PAGE_BYTES = 4096

type Reading = {
  readonly upS: number
  readonly cpuTicks: number
  readonly rssBytes: number
  readonly host: { readonly busy: number; readonly total: number }
  readonly periods: number
  readonly throttled: number
}

export const isHealthLine = (line: string): boolean => line.startsWith(`${HEALTH_MARK}|`)

/**
 * Returns a function that turns new lines into records. `now` counts as the time of the newest line, which may be up to one interval too late. If the next
 * read then brings two lines, the first one may seem older than the last record. So each record is at least 1 ms later than the one before.
 */
export function runnerHealth(
  instance: string,
  cpuLimit: number,
): (lines: readonly string[], now: number) => readonly Health[] {
  let before: Reading | undefined
  let lastAt = Number.NEGATIVE_INFINITY
  return (lines, now) => {
    const readings = lines.flatMap((line) => reading(line) ?? [])
    const newest = readings.at(-1)?.upS ?? 0
    return readings.flatMap((each) => {
      const last = before
      before = each
      if (last === undefined || each.upS <= last.upS) return []
      lastAt = Math.max(now - (newest - each.upS) * 1000, lastAt + 1)
      return [between(last, each, { instance, cpuLimit, at: lastAt })]
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
    rssBytes: stat.rssPages * PAGE_BYTES,
    host: hostTicks(host),
    periods: counter('nr_periods'),
    throttled: counter('nr_throttled'),
  }
}

/** `500m`, `1.5`: in cores. */
export const coresOf = (cpu: string): number => (cpu.endsWith('m') ? Number(cpu.slice(0, -1)) / 1000 : Number(cpu))
