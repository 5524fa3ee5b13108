/** Calls between the parts of the platform: to what is dead, without end, or piling up; and calls that should have been refused. */
import { mustBeRefused } from '../../domain/indicators.ts'
import { showMeasuredPercent } from '../../domain/show.ts'
import type { Finding } from '../../domain/verdict.ts'
import { compare, finding } from '../findings/findings.ts'
import { count, duration, listed, perSecondText } from '../findings/words.ts'
import { type Harm, harmsOf, zoneTaken } from '../harm/harm.ts'
import { arrivedShare, requestSlis } from '../load/refused.ts'
import { rowsWithin, totalOf } from '../load/rows.ts'
import { cumulative, cut, rateOf, splitAt } from '../seen/counters.ts'
import type { Seen } from '../seen/seen.ts'
import { stepsWithin } from '../seen/steps.ts'
import { approvedId, counterOf, endedId, openId, vainIds } from '../seen/wanted-counters.ts'

const BEFORE_MS = 5000
const RATE_MS = 2000
/** A breaker that is there keeps most of what is meant for the dead provider away from it. */
const LET_THROUGH = 0.5
/**
 * Those of each pod let one call through now and then: a twentieth of the load in the stock rehearsals. A tenth is no trial any more, even
 * where slots hold calls up.
 */
const GOES_ON = 0.1
/** A provider that still approves some is not dead, and may well be called. */
const ALIVE = 0.1
/** Fewer calls are no rate: 0.2/s after 0.1/s was named once. */
const VAIN_LEAST = 10

/** Where work was to move to another provider, calls to the dead one went on in vain. */
export function breakerMissing(seen: Seen): readonly Finding[] {
  return takeovers(seen).flatMap(({ harm, from, to, withinMs, fromAt }) => {
    if (harm.by.spec.expect.some((other) => other.kind === 'backs-off')) return []
    const tracks = vainIds(seen.run.head.target, from).map(
      (id) => splitAt(cut(seen.counters.track(id), fromAt, harm.endAt), fromAt, harm.endAt, RATE_MS).sure,
    )
    const before = approvedBefore(seen, harm, from, to)
    const vain = rateOf(cumulative(...tracks), fromAt, harm.endAt)
    const alive = rateWithin(seen, approvedId(from), fromAt, harm.endAt)
    const keptAway = rateWithin(seen, openId(from), fromAt, harm.endAt)
    const goesOn = vain >= before * GOES_ON && vain >= (vain + keptAway) * LET_THROUGH
    const isRare = (vain * (harm.endAt - fromAt)) / 1000 < VAIN_LEAST
    if (before <= 0 || isRare || !goesOn || alive > before * ALIVE) return []
    const sentence = `Calls to ${from} kept failing at ${perSecondText(vain)} (${counterOf(seen, from)}) from ${duration(withinMs)} after ${harm.name} on; ${perSecondText(before)} were made before it.`
    const lines = tracks.flatMap((track) => track.increments.filter((one) => one.count > 0).map((one) => one.line))
    return [finding('breach', 'breaker-missing', from, sentence, lines)]
  })
}

type Takeover = {
  readonly harm: Harm
  readonly from: string
  readonly to: string
  readonly withinMs: number
  /** Work is with the other provider from here on. */
  readonly fromAt: number
}

const takeovers = (seen: Seen): readonly Takeover[] =>
  harmsOf(seen).flatMap((harm) =>
    harm.by.spec.expect.flatMap((each) => {
      if (each.kind !== 'failover') return []
      const { from, to, withinMs } = each
      const fromAt = harm.createdAt + withinMs
      return harm.endAt - fromAt < RATE_MS ? [] : [{ harm, from, to, withinMs, fromAt }]
    }),
  )

const rateWithin = (seen: Seen, id: string, fromAt: number, toAt: number): number =>
  rateOf(cumulative(cut(seen.counters.track(id), fromAt, toAt)), fromAt, toAt)

const approvedBefore = (seen: Seen, { createdAt }: Harm, from: string, to: string): number =>
  [from, to].reduce(
    (sum, provider) => sum + rateWithin(seen, approvedId(provider), createdAt - BEFORE_MS, createdAt),
    0,
  )

/** The client's own timeout in the stock scenarios is 2 s: an attempt that starts at the end of the harm ends up to 2 s later. */
const CLIENT_MS = 2000

/** Calls that are given up end, too: as unknown, as an error, or at an open breaker. */
const ENDS = 0.05

/** Behind a silent provider calls neither succeeded nor failed: nothing gave them up, and whoever made them waits. */
export function callsUnending(seen: Seen): readonly Finding[] {
  return takeovers(seen)
    .filter(({ harm }) => slowsOrSilences(harm))
    .flatMap(({ harm, from, to }) => {
      // What was under way when the harm began has been given up by then, if anything gives up before clients do.
      const fromAt = harm.createdAt + CLIENT_MS
      // Whole looks only: one that straddles the healing has counted what ended after it.
      const looks = [from, to]
        .flatMap((provider) => seen.counters.track(endedId(provider)).increments)
        .filter((one) => one.fromAt >= fromAt && one.toAt <= harm.endAt)
      const isTorn = [from, to].some(
        (provider) => splitAt(seen.counters.track(endedId(provider)), fromAt, harm.endAt, CLIENT_MS).torn.length > 0,
      )
      // Without a scrape it is -Infinity, which is less than RATE_MS.
      const overMs = Math.max(...looks.map((one) => one.toAt)) - Math.min(...looks.map((one) => one.fromAt))
      const ended = (looks.reduce((sum, one) => sum + one.count, 0) / overMs) * 1000
      const before = approvedBefore(seen, harm, from, to)
      if (isTorn || overMs < RATE_MS || before <= 0 || ended >= before * ENDS) return []
      if (arrivedShare(seen, harm.createdAt, { fromAt, toAt: harm.endAt }) < ENDS) return []
      const sentence = `During ${harm.name} calls to ${from} and ${to} no longer ended (${counterOf(seen, from)}: ${perSecondText(ended)}, ${perSecondText(before)} before it): no timeout ends them.`
      return [
        finding(
          'breach',
          'time-out-missing',
          from,
          sentence,
          looks.map((one) => one.line),
        ),
      ]
    })
}

/** Clients that gave up waiting: a tenth of all, and not just those that were under way when the fault began. */
const GAVE_UP = 0.1
const GAVE_UP_LEAST = 5
/** Behind something slow or silent, the platform kept its clients waiting until they gave up. */
export function timeOutMissing(seen: Seen): readonly Finding[] {
  const slis = requestSlis(seen)
  return harmsOf(seen)
    .filter(slowsOrSilences)
    .flatMap((harm) => {
      const waited = slis.flatMap((sli) => {
        const rows = rowsWithin(seen.load.rows(sli), harm.createdAt, harm.endAt + CLIENT_MS)
        const { good, bad, timeouts } = totalOf(rows)
        return timeouts < Math.max(GAVE_UP_LEAST, GAVE_UP * (good + bad))
          ? []
          : [{ sli, rows, timeouts, attempts: good + bad }]
      })
      if (waited.length === 0) return []
      const told = waited.map(
        ({ sli, timeouts, attempts }) =>
          `${timeouts} of ${count(attempts, sli)} (${showMeasuredPercent(timeouts / attempts)})`,
      )
      const sentence = `During ${harm.name} clients waited until they gave up: ${listed(told)}. The services wait longer for their own calls than the clients wait for them.`
      const lines = waited.flatMap(({ rows }) =>
        rows
          .filter((row) => row.timeouts > 0)
          .map((row) => row.line)
          .slice(0, 8),
      )
      return [finding('breach', 'time-out-missing', listed(waited.map((each) => each.sli)), sentence, lines)]
    })
}

/** Faults on what is called, not on where it runs: pods that die and zones that fall leave their callers hanging by themselves. */
const slowsOrSilences = (harm: Harm): boolean =>
  harm.by.kind === 'fault' && harm.by.spec.does.effect !== 'stops-pods' && zoneTaken(harm) === undefined

/** Less than a batch or two is work under way. */
const BACKLOG_LEAST = 20
const WATCHED_MS = 10_000

/** In the last phase of the load, work that waits still grew: those who do it are slower than those who ask for it. */
export function backlogGrowing(seen: Seen): readonly Finding[] {
  const { head, zeroAt, seenUntil, load } = seen.run
  const last = head.timeline.phases.at(-1)
  if (zeroAt === undefined || !last || load !== 'completed') return []
  const fromAt = zeroAt + last.fromMs
  const middle = (fromAt + seenUntil) / 2
  if (seenUntil - fromAt < WATCHED_MS) return []
  return [...seen.backlogs.all]
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([name, steps]) => {
      const least = (from: number, to: number) => Math.min(...stepsWithin(steps, from, to).map((each) => each.value))
      const [earlier, later] = [least(fromAt, middle), least(middle, seenUntil)]
      if (!Number.isFinite(earlier) || later <= earlier || earlier < BACKLOG_LEAST) return []
      const sentence = `${name} still grew at the end of the load: never below ${earlier} in the first half of ${last.name} and never below ${later} in the second.`
      const lines = stepsWithin(steps, fromAt, seenUntil).map((each) => each.line)
      return [finding('breach', 'backlog-growing', name, sentence, [...lines.slice(0, 4), ...lines.slice(-4)])]
    })
}

/** Outcomes that mean accepted. A forgery that timed out was not accepted. */
const LET_IN = /^(accepted|(http-)?2\d\d)$/

export function forgeryAccepted(seen: Seen): readonly Finding[] {
  return [...seen.load.badBy]
    .filter(([sli]) => mustBeRefused(seen.run.head.rehearsal.slis, sli))
    .sort(([a], [b]) => compare(a, b))
    .flatMap(([sli, reasons]) => {
      const letIn = [...reasons].filter(([reason]) => LET_IN.test(reason)).reduce((sum, [, n]) => sum + n, 0)
      if (letIn === 0) return []
      const rows = seen.load.rows(sli)
      const { good, bad } = totalOf(rows)
      const sentence = `${letIn} of ${count(good + bad, 'attempt')} of ${sli} were taken although they must be refused.`
      return [
        finding(
          'breach',
          'forgery-accepted',
          sli,
          sentence,
          rows.filter((row) => row.bad > 0).map((row) => row.line),
        ),
      ]
    })
}
