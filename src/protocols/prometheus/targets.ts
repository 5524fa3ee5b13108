/**
 * Prometheus' list of what it scrapes (prometheus.io/docs/prometheus/latest/querying/api, "Targets"). Servers that only store samples, such as
 * Thanos or Mimir, do not have it.
 */
import { fieldOf, jsonOf } from './json.ts'

/** `labels` as its series have them, with `job` and `instance`. */
export type ListedTarget = { readonly labels: Readonly<Record<string, string>>; readonly everyMs: number }

export const TARGETS_PATH = '/api/v1/targets?state=active'

/** Undefined if the server does not tell. Targets whose interval cannot be read are left out. */
export function readTargets(status: number, text: string): readonly ListedTarget[] | undefined {
  const targets = status === 200 ? fieldOf(fieldOf(jsonOf(text), 'data'), 'activeTargets') : undefined
  return Array.isArray(targets) ? targets.flatMap(targetOf) : undefined
}

function targetOf(value: unknown): readonly ListedTarget[] {
  const [labels, interval] = [fieldOf(value, 'labels'), fieldOf(value, 'scrapeInterval')]
  const everyMs = typeof interval === 'string' ? intervalMs(interval) : undefined
  if (typeof labels !== 'object' || labels === null || everyMs === undefined) return []
  const named = Object.entries(labels).map(([name, label]) => [name, String(label)])
  return [{ labels: Object.fromEntries(named), everyMs }]
}

const UNIT_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 }

/** Prometheus' own durations: `1m30s`. Undefined for anything else. */
function intervalMs(text: string): number | undefined {
  if (!/^(\d+(ms|[dhms]))+$/.test(text)) return undefined
  return [...text.matchAll(/(\d+)(ms|[dhms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (UNIT_MS[unit ?? ''] ?? 0),
    0,
  )
}
