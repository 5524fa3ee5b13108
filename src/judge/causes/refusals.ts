/** `refused-at-ingress`: something before the services turned clients away, so that the services were not asked. */
import { showMeasuredPercent } from '../../domain/show.ts'
import type { Finding } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { count, duration, listed } from '../findings/words.ts'
import { harmsOf } from '../harm/harm.ts'
import { reasonOf, requestSlis } from '../load/refused.ts'
import { totalOf } from '../load/rows.ts'
import type { Row } from '../seen/load-counts.ts'
import type { Seen } from '../seen/seen.ts'
import { REFUSALS, refusedId } from '../seen/wanted-counters.ts'

/** A tenth of the attempts of a frame, in a row of frames: a limit that is hit for a moment is there for that. */
const SHARE = 0.1
const LEAST = 20
const LASTS_MS = 10_000
/** Whoever counted at least half of such answers gave them or passed them on. */
const LAYER = 0.5

export function refusedAtIngress(seen: Seen): readonly Finding[] {
  return REFUSALS.flatMap((status) => {
    const hit = requestSlis(seen).flatMap((sli) => {
      const rows = refusing(seen.load.rows(sli), reasonOf(status))
      const [first, last] = [rows[0], rows.at(-1)]
      const refused = refusedIn(rows, reasonOf(status))
      if (!first || !last || refused < LEAST || last.at - first.fromAt < LASTS_MS) return []
      return [{ sli, rows, refused, fromAt: first.fromAt }]
    })
    if (hit.length === 0) return []
    const fromAt = Math.min(...hit.map((each) => each.fromAt))
    const told = hit.map(({ sli, rows, refused }) => {
      const { good, bad } = totalOf(rows)
      return `${refused} of ${count(good + bad, sli)} (${showMeasuredPercent(refused / Math.max(1, good + bad))})`
    })
    const total = Math.max(...hit.map((each) => each.refused))
    const sentence = `From ${duration(Math.max(0, fromAt - (seen.run.zeroAt ?? fromAt)))} of the load on${whenOf(seen, fromAt)}, clients were refused with ${status}: ${listed(told)}. ${layerOf(seen, status, total)}`
    const lines = hit.flatMap(({ rows }) => rows.slice(0, 8).map((row) => row.line))
    return [finding('breach', 'refused-at-ingress', listed(hit.map((each) => each.sli)), sentence, lines)]
  })
}

/** Frames in which a tenth or more was refused. */
const refusing = (rows: readonly Row[], reason: string): readonly Row[] =>
  rows.filter((row) => (row.badBy[reason] ?? 0) >= SHARE * Math.max(1, row.good + row.bad))

const refusedIn = (rows: readonly Row[], reason: string): number =>
  rows.reduce((sum, row) => sum + (row.badBy[reason] ?? 0), 0)

function whenOf(seen: Seen, fromAt: number): string {
  const next = harmsOf(seen).find((each) => each.createdAt > fromAt)
  return next === undefined ? '' : ` and before ${next.name}`
}

function layerOf(seen: Seen, status: string, refused: number): string {
  const counted = new Map<string, number>()
  for (const { pod, count: n } of seen.counters.track(refusedId(status)).increments) {
    const source = pod.split('/')[0] ?? pod
    counted.set(source, (counted.get(source) ?? 0) + n)
  }
  const layers = [...counted].filter(([, n]) => n >= LAYER * refused).map(([source]) => source)
  return layers.length > 0
    ? `${listed(layers.sort())} answered so.`
    : 'No service counted such answers: whatever is before the services gave them.'
}
