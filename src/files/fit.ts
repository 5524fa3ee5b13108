/** Whether a rehearsal and a target fit together. Each of them may be valid alone. */
import { asCanary, asCutover, asFollow, asRestore, type Cutover, migrationOf, movedDatabase } from '../domain/action.ts'
import { asksForAlerts } from '../domain/alert.ts'
import { type Canary, canarySides } from '../domain/canary.ts'
import type { Issue, SourcePoint } from '../domain/issue.ts'
import { REQUESTS, WRITABLE } from '../domain/metric-names.ts'
import { INTERVALS_LEAST } from '../domain/prometheus-sli.ts'
import {
  type Act,
  callsTo,
  type Expectation,
  metricsBySource,
  type Reaction,
  type Rehearsal,
  scrapeMsOf,
  type Target,
  withSeriesOf,
} from '../domain/rehearsal.ts'
import { type RequiredState, rateWindowMs } from '../domain/required-state.ts'
import { showDuration } from '../domain/show.ts'
import { type Begin, isSeriesTrigger } from '../domain/trigger.ts'
import { millis } from '../domain/units.ts'
import { chooseAmong, listed } from './did-you-mean.ts'
import { wholeFile } from './files.ts'
import { checkPrometheusFit } from './prometheus-fit.ts'
import { collectIssues, type Report } from './report.ts'

/** Everything that this rehearsal needs from this target and does not find. */
export function checkFit(rehearsal: Rehearsal, written: Target): readonly Issue[] {
  const target = withSeriesOf(rehearsal.slis, written)
  const { report, found } = collectIssues()
  if (!rehearsal.contexts.includes(target.context)) {
    const problem = `${rehearsal.file} does not allow the kube context "${target.context}"; it allows ${listed(rehearsal.contexts)}.`
    report(
      wholeFile(target.file),
      'context-not-allowed',
      problem,
      'add it to target.contexts there, if it may be harmed.',
    )
  }
  for (const name of Object.keys(rehearsal.load.env ?? {}).filter((each) =>
    Object.hasOwn(target.credentials ?? {}, each),
  ))
    report(
      rehearsal.load.at,
      'duplicate-name',
      `load.env sets ${name}, which is a credential of ${target.file}.`,
      'remove it from load.env; the script gets the credential.',
    )
  const fit = fitting(target, report)
  for (const { witness } of rehearsal.faults)
    if (witness.kind === 'rate') {
      fit.metric(witness.of, witness.metric, witness.at)
      fit.budget(witness.of, witness.withinMs, witness.at)
    }
  for (const harm of [...rehearsal.faults, ...rehearsal.actions]) checkTrigger(harm, rehearsal, target, fit, report)
  for (const { act, at } of rehearsal.actions) checkAct(act, at, fit)
  for (const { expect } of [...rehearsal.faults, ...rehearsal.actions])
    for (const reaction of expect) checkReaction(reaction, fit)
  for (const expectation of rehearsal.expectations) checkExpectation(expectation, target, fit, report)
  for (const state of rehearsal.reaches ?? []) checkState(state, rehearsal, target, fit, report)
  checkAlerts(rehearsal, target, report)
  checkPrometheusFit(rehearsal, target, report)
  return found()
}

/** Only Prometheus knows which rules it has, so preflight checks them. */
function checkAlerts(rehearsal: Rehearsal, { file, prometheus }: Target, report: Report): void {
  const [at] = asksForAlerts(rehearsal) ?? []
  if (at === undefined || prometheus !== undefined) return
  const problem = `Alerts are read from a Prometheus, and ${file} has none.`
  report(at, 'no-prometheus', problem, 'add prometheus there, or remove what is expected of alerts.')
}

type Delivered = Extract<Expectation, { kind: 'delivered' }>
type Fit = {
  source(name: string, at: SourcePoint): void
  metric(source: string, metric: string, at: SourcePoint): void
  /** In the metrics of any source. */
  anywhere(metric: string, whatReadsIt: string, at: SourcePoint): void
  /** Counted by one of the counters of calls to providers. */
  provider(name: string, at: SourcePoint): void
  /** Not shorter than what the readings of this source can show. */
  budget(of: string, withinMs: number, at: SourcePoint): void
  database(name: string, at: SourcePoint): void
  /** The target file says how a copy of this database is restored, and lists its book. */
  restore(name: string, at: SourcePoint): void
  /** The target file says how this migration runs, and lists the gauge of its waits. */
  migration(name: string, at: SourcePoint): void
  /** The target file says how the platform moves, and lists its book and its sources. */
  cutover(act: Cutover, at: SourcePoint): void
}

/** What a target file must have, asked for by name. */
function fitting(target: Target, report: Report): Fit {
  const { file, databases } = target
  const sources = metricsBySource(target)
  const source = (name: string, at: SourcePoint): void => {
    if (sources.has(name)) return
    const next = chooseAmong(name, [...sources.keys()], 'sources')
    report(at, 'unknown-source', `${file} has no source "${name}".`, next)
  }
  const metric = (of: string, name: string, at: SourcePoint): void => {
    const listedOnes = sources.get(of)
    if (listedOnes === undefined) return source(of, at)
    if (listedOnes.includes(name)) return
    const problem = `${file} does not list ${name} among the metrics of "${of}".`
    report(at, 'unknown-metric', problem, chooseAmong(name, listedOnes, 'its metrics'))
  }
  const anywhere = (name: string, what: string, at: SourcePoint): void => {
    if ([...sources.values()].some((metrics) => metrics.includes(name))) return
    const problem = `${what} is read from ${name}, which no source of ${file} lists.`
    report(at, 'unknown-metric', problem, 'list it at the source that exposes it.')
  }
  const provider = (name: string, at: SourcePoint): void => {
    if (!sources.has(name)) return source(name, at)
    const calls = callsTo(target, name)
    if (calls !== undefined) return anywhere(calls.counter, 'A failover', at)
    const known = target.providerCalls.flatMap(({ providers }) => providers)
    const problem = `No counter under providerCalls of ${file} counts calls to "${name}", so that a failover cannot be seen.`
    report(at, 'unknown-provider', problem, chooseAmong(name, known, 'providers that are counted'))
  }
  const budget = (of: string, withinMs: number, at: SourcePoint): void => {
    const everyMs = scrapeMsOf(target, of)
    if (everyMs === undefined || withinMs >= INTERVALS_LEAST * everyMs) return
    const least = showDuration(millis(INTERVALS_LEAST * everyMs))
    const problem = `${showDuration(millis(withinMs))} cannot be seen: "${of}" is read from Prometheus, which scrapes it every ${showDuration(everyMs)}.`
    report(at, 'budget-unseen', problem, `allow ${least} or more, or read the source from its pods.`)
  }
  const database = (name: string, at: SourcePoint): void => {
    if (Object.hasOwn(databases, name)) return
    const next = chooseAmong(name, Object.keys(databases), 'databases')
    report(at, 'unknown-database', `${file} has no database "${name}".`, next)
  }
  const restore = (name: string, at: SourcePoint): void => {
    const { restores = {}, books } = target
    const place = Object.hasOwn(restores, name) ? restores[name] : undefined
    if (place === undefined) {
      const next = chooseAmong(name, Object.keys(restores), 'restores')
      return report(at, 'unknown-restore', `${file} does not say how a copy of "${name}" is restored.`, next)
    }
    const names = books.map(({ book }) => book)
    if (names.includes(place.book)) return
    const problem = `${file} has no book "${place.book}", with which the copy is compared.`
    report(at, 'unknown-restore', problem, chooseAmong(place.book, names, 'books'))
  }
  const cutover = ({ plan, shares }: Cutover, at: SourcePoint): void => {
    const { cutovers = {}, books } = target
    const place = Object.hasOwn(cutovers, plan) ? cutovers[plan] : undefined
    if (place === undefined) {
      const next = chooseAmong(plan, Object.keys(cutovers), 'cutovers')
      return report(at, 'unknown-cutover', `${file} does not describe the cutover "${plan}".`, next)
    }
    if (shares.length > 1 && !place.steps.traffic.switches.some(({ kind }) => kind === 'weights')) {
      const problem = `The traffic of "${plan}" moves at once in ${file}, because it switches no weights.`
      report(at, 'unknown-cutover', problem, 'leave traffic out, or switch the weights of a route there.')
    }
    for (const of of place.served === undefined ? [] : [place.served.from, place.served.to])
      metric(of, place.served?.metric ?? '', at)
    const names = books.map(({ book }) => book)
    if (place.book === undefined || names.includes(place.book.book)) return
    const problem = `${file} has no book "${place.book.book}", with which that of the new region is compared.`
    report(at, 'unknown-cutover', problem, chooseAmong(place.book.book, names, 'books'))
  }
  const migration = (name: string, at: SourcePoint): void => {
    const { migrations = {} } = target
    const place = Object.hasOwn(migrations, name) ? migrations[name] : undefined
    if (place !== undefined) return metric(place.waits.source, place.waits.metric, at)
    const next = chooseAmong(name, Object.keys(migrations), 'migrations')
    report(at, 'unknown-migration', `${file} does not describe the migration "${name}".`, next)
  }
  return { source, metric, anywhere, provider, budget, database, restore, migration, cutover }
}

function checkAct(act: Act, at: SourcePoint, fit: Fit): void {
  const moved = movedDatabase(act)
  if (moved !== undefined) fit.database(moved.database, at)
  const restore = asRestore(act)
  if (restore !== undefined) fit.restore(restore.from, at)
  const migration = migrationOf(act)
  if (migration !== undefined) fit.migration(migration.run, at)
  const cutover = asCutover(act)
  if (cutover !== undefined) fit.cutover(cutover, at)
  const source = asFollow(act)?.gate?.source
  if (source !== undefined) fit.metric(source, REQUESTS, at)
  const release = asCanary(act)
  if (release !== undefined) checkGateOf(release.canary, at, fit)
}

/** Both releases must be counted, each by a source of its own. */
function checkGateOf({ gate, holdMs }: Canary, at: SourcePoint, fit: Fit): void {
  const { latency } = gate
  const timed = latency === undefined ? [] : [`${latency.histogram}_sum`, `${latency.histogram}_count`]
  for (const side of canarySides) {
    for (const metric of [REQUESTS, ...timed]) fit.metric(gate[side], metric, at)
    fit.budget(gate[side], holdMs, at)
  }
}

function checkReaction(reaction: Reaction, fit: Fit): void {
  switch (reaction.kind) {
    case 'failover':
      for (const name of [reaction.from, reaction.to]) {
        fit.provider(name, reaction.at)
        fit.budget(name, reaction.withinMs, reaction.at)
      }
      return
    case 'backs-off':
      fit.metric(reaction.of, reaction.metric, reaction.at)
      return fit.budget(reaction.of, reaction.withinMs, reaction.at)
    case 'amplification':
      for (const metric of new Set([reaction.attempts, reaction.operations]))
        fit.metric(reaction.of, metric, reaction.at)
      return
    case 'promotes':
      fit.database(reaction.database, reaction.at)
      fit.budget(reaction.database, reaction.rtoMs, reaction.at)
      // The source named like the database shows which member takes writes. Without it a split brain could not be ruled out.
      return fit.metric(reaction.database, WRITABLE, reaction.at)
    default:
      return
  }
}

function checkExpectation(expectation: Expectation, target: Target, fit: Fit, report: Report): void {
  if (expectation.kind === 'connections') fit.metric(expectation.of, expectation.metric, expectation.at)
  if (expectation.kind === 'autoscaler' && expectation.scalesOn !== undefined)
    fit.metric(expectation.scalesOn.of, expectation.scalesOn.metric, expectation.at)
  if (expectation.kind === 'delivered') checkStream(expectation, target, report)
  if (expectation.kind !== 'ledger' || target.books.length > 0) return
  const problem = `There is a ledger to reconcile, and ${target.file} lists no books.`
  report(expectation.at, 'no-books', problem, 'list the books there.')
}

/** The value before it must be read, and the one after it. Whether objects exist, only the cluster knows. */
function checkTrigger(
  harm: Begin & { during: string },
  { phases }: Rehearsal,
  target: Target,
  fit: Fit,
  report: Report,
) {
  const { when, atMs, during } = harm
  if (when === undefined || !isSeriesTrigger(when.trigger)) return
  const { kind, of, metric, at } = when.trigger
  fit.metric(of, metric, at)
  const rampMs = phases.find(({ name }) => name === during)?.rampMs ?? 0
  const [lastsMs, overMs] = [atMs + (when.fromMs === undefined ? rampMs : -when.fromMs), rateWindowMs(target, of)]
  if (kind === 'gauge') return fit.budget(of, lastsMs, at)
  if (lastsMs >= overMs) return
  const problem = `The trigger is armed for ${showDuration(lastsMs)}, and a rate of "${of}" is measured over ${showDuration(overMs)}.`
  report(at, 'expectation-unobservable', problem, 'give it a later deadline (by).')
}

function checkStream({ stream, at }: Delivered, { streams = {}, books, file }: Target, report: Report): void {
  const place = Object.hasOwn(streams, stream) ? streams[stream] : undefined
  if (place === undefined) {
    const next = chooseAmong(stream, Object.keys(streams), 'streams')
    return report(at, 'unknown-stream', `${file} has no stream "${stream}".`, next)
  }
  if (books.some(({ book }) => book === place.book)) return
  const problem = `The stream "${stream}" of ${file} belongs to the book "${place.book}", which is not listed there.`
  report(at, 'no-books', problem, 'list the book there.')
}

/** A state that cannot be seen would make every run inconclusive. Whether an autoscaler exists, only the cluster knows. */
function checkState(state: RequiredState, rehearsal: Rehearsal, target: Target, fit: Fit, report: Report): void {
  if (state.kind === 'at-maximum') return
  fit.metric(state.of, state.metric, state.at)
  if (state.kind === 'gauge') return
  const phase = rehearsal.phases.find(({ name }) => name === state.phase)
  const [overMs, lastsMs] = [rateWindowMs(target, state.of), phase && phase.rampMs + phase.forMs]
  if (lastsMs === undefined || lastsMs >= overMs) return
  const problem = `A rate of "${state.of}" is measured over ${showDuration(overMs)}, and "${state.phase}" lasts ${showDuration(lastsMs)}.`
  report(state.at, 'expectation-unobservable', problem, 'let the phase last longer, or ask for it in another one.')
}
