/**
 * What a Prometheus left unseen of an objective. Its counts stand for the load only if every instance was read all through it, so an objective with a
 * hole in its readings is neither passed nor missed.
 */
import type { Finding, SloResult } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { duration, listed } from '../findings/words.ts'
import type { ReadHole, SliSeen } from '../seen/prometheus-slis.ts'
import type { Seen } from '../seen/seen.ts'

/** How a Prometheus counted an objective; nothing for indicators of k6. */
export function countedBy({ run, prometheus }: Seen, sli: string): Pick<SloResult, 'prometheus'> {
  const seen = prometheus.of(sli)
  const everyMs = run.head.target.prometheus?.scrapeMs
  if (seen === undefined || everyMs === undefined) return {}
  const { of, kind } = seen.sli
  const unseen = seen.unseen < 0.5 ? {} : { unseen: Math.round(seen.unseen) }
  return { prometheus: { of, everyMs, buckets: kind === 'prometheus-buckets', ...unseen } }
}

/** Requests in flight at the edges of the load are counted on one side only. More than this is another thing than attempts. */
const MORE_THAN_ALL = 0.01

/** Why the counts do not stand for the load; undefined if they do. `named` is the objective, `achieved` what was counted. */
export function unreadFinding(seen: Seen, sli: string, named: string, achieved: string): Finding | undefined {
  const read = seen.prometheus.of(sli)
  if (read === undefined) return undefined
  const why = holeWords(seen, read) ?? excessWords(read)
  if (why === undefined) return undefined
  const lines = read.holes.map(({ line }) => line)
  return finding('gap', 'evidence-lost', sli, `${named}: ${achieved}${why}`, lines.length > 0 ? lines : linesOf(read))
}

function holeWords({ run }: Seen, { holes, sli }: SliSeen): string | undefined {
  const [longest] = [...holes].sort((a, b) => lengthOf(b) - lengthOf(a) || a.fromAt - b.fromAt)
  if (longest === undefined) return undefined
  const { problem, fromAt, pod } = longest
  const pods = [...new Set(holes.map((each) => each.pod))].sort()
  const zeroAt = run.zeroAt ?? fromAt
  const from = `from ${duration(Math.max(0, fromAt - zeroAt))} on`
  const forMs = lengthOf(longest) === 0 ? '' : ` for ${duration(lengthOf(longest))}`
  const others = pods.length > 1 ? ` (also ${listed(pods.filter((each) => each !== pod))})` : ''
  return `. Prometheus has no reading of ${pod} of ${sli.of} ${from}${forMs}${others}: ${problem}.`
}

const lengthOf = ({ fromAt, toAt }: ReadHole): number => toAt - fromAt

function excessWords({ rows, sli }: SliSeen): string | undefined {
  if (sli.kind === 'prometheus-buckets') return undefined
  const part = sli.kind === 'prometheus-ratio' ? 'good' : 'bad'
  const counted = rows.reduce((sum, row) => sum + row[part], 0)
  const total = rows.reduce((sum, row) => sum + row.good + row.bad, 0)
  if (counted - total <= MORE_THAN_ALL * total) return undefined
  const metric = sli.kind === 'prometheus-ratio' ? sli.good : sli.bad
  return `. ${metric} counted ${counted} and ${sli.total} ${total}: the total must include every attempt that is ${part}.`
}

const linesOf = ({ rows }: SliSeen): readonly number[] => rows.map(({ line }) => line)

/** Attempts after the last scrape of an instance that ended: bad in the proof, because nobody saw them. */
export const unseenAttempts = ({ prometheus }: Seen, sli: string): number => Math.round(prometheus.of(sli)?.unseen ?? 0)

export const unseenWords = (unseen: number): string =>
  `, but instances that ended or restarted had about ${unseen} attempts after their last scrape; if these were bad it is not proven`
