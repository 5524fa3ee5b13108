/** Connections never go above what their server can take. */
import type { Expectation } from '../../domain/rehearsal.ts'
import { showSeries } from '../../domain/show.ts'
import type { ConnectionsResult } from '../../domain/verdict.ts'
import { finding } from '../findings/findings.ts'
import { allRuled, expectationsOf, type Ruled } from '../findings/ruled.ts'
import type { Seen } from '../seen/seen.ts'
import { connectionsId } from '../seen/wanted-counters.ts'

/** A pod that restarts misses some scrapes. One unread scrape for each that was read leaves half of the run unseen. */
const UNREAD_MOST = 1

type Connections = Extract<Expectation, { kind: 'connections' }>

export function judgeConnections(seen: Seen): Ruled<readonly ConnectionsResult[]> {
  return allRuled(expectationsOf(seen, 'connections').map((each) => judgeOne(seen, each)))
}

function judgeOne(seen: Seen, expected: Connections): Ruled<ConnectionsResult> {
  const { of, atMost } = expected
  const metric = showSeries(expected.metric, expected.where)
  const levels = seen.gauges.levels(connectionsId(expected))
  const peak = [...levels].sort((a, b) => b.value - a.value || a.at - b.at)[0]
  if (!peak) {
    const sentence = `${metric} of ${of} was never scraped, so that its limit of ${atMost} is not known to hold.`
    const gap = finding('gap', 'no-evidence', of, sentence, [seen.run.headLine, ...seen.run.loadLines])
    return { result: { of, metric, atMost, held: false }, findings: [gap] }
  }
  const { read, unread } = seen.gauges.scrapes(connectionsId(expected))
  const isSeen = read > 0 && unread <= read * UNREAD_MOST
  const result = { of, metric, highest: peak.value, atMost, held: peak.value <= atMost && isSeen }
  if (result.held) return { result, findings: [] }
  if (peak.value <= atMost) {
    const sentence = `${metric} of ${of} could not be read in ${unread} of ${read + unread} scrapes, so that its limit of ${atMost} is not known to hold.`
    return { result, findings: [finding('gap', 'no-evidence', of, sentence, [peak.line])] }
  }
  const over = levels.filter((each) => each.value > atMost)
  const sentence = `${metric} of ${of} rose to ${peak.value}, over its limit of ${atMost} (at ${over.length} readings).`
  return {
    result,
    findings: [finding('breach', 'connection-avalanche', of, sentence, [peak.line, ...over.map((each) => each.line)])],
  }
}
