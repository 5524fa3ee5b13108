/**
 * judge: evidence → verdict, as a pure fold. It sees no clock, network or file, keeps counts and not records (an hour of evidence
 * takes some megabytes), and gives the same judgment to the byte for the same evidence, live or years later. Absence is
 * never success: each rule answers with a breach, with a gap when it cannot know, or with nothing because it saw that all is well.
 */
import type { Evidence } from '../domain/evidence.ts'
import type { Judgment } from '../domain/verdict.ts'
import { judgeCauses } from './causes/causes.ts'
import { degrading } from './causes/trends.ts'
import { judgeAutoscalers } from './cluster/autoscaler.ts'
import { judgeConnections } from './cluster/connections.ts'
import { judgeBudgets } from './cluster/disruption.ts'
import { judgeKeda } from './cluster/keda.ts'
import { judgeDeliveries } from './deliveries/deliveries.ts'
import { judgeActions } from './faults/actions.ts'
import { judgeFaults } from './faults/faults.ts'
import { withAccepted } from './findings/accepted.ts'
import { sortFindings } from './findings/findings.ts'
import { arrivalsDue } from './load/arrivals-due.ts'
import { judgeGenerator } from './load/generator.ts'
import { judgeObjectives } from './load/objectives.ts'
import { judgeRequired } from './load/required.ts'
import { judgeRunners } from './load/runners.ts'
import { judgeScript } from './load/thresholds.ts'
import { judgeLedger } from './money/ledger.ts'
import { judgePosture } from './posture/posture.ts'
import { judgeAlerts } from './reactions/other-alerts.ts'
import { judgePeopleOfRun } from './reactions/people.ts'
import { createGathering, type Seen } from './seen/seen.ts'
import { excuseLost } from './verdict/lost-evidence.ts'
import { withRoots } from './verdict/roots.ts'
import { distrustChanged, isHealed, judgeRun } from './verdict/run-findings.ts'
import { excuseStarved } from './verdict/starvation.ts'
import { exitCodeOf, nothingJudged, summarise, verdictOf } from './verdict/verdict.ts'

export type Judging = {
  /** One record and its line in the journal, from 1; in the journal's order. */
  add(record: Evidence, line: number): void
  /** The judgment of what was added so far; may be asked again later. Throws JudgeError without a run-started record. */
  result(): Judgment
}

export function createJudging(): Judging {
  const { seen, add } = createGathering()
  return { add, result: () => judgmentOf(seen) }
}

/** Judges evidence that is all there. Lines count from 1. */
export function judge(records: Iterable<Evidence>): Judgment {
  const { add, result } = createJudging()
  let line = 0
  for (const record of records) add(record, ++line)
  return result()
}

/** Judges evidence as `readJournal` yields it, in flat memory. */
export async function judgeEntries(
  entries: AsyncIterable<{ readonly record: Evidence; readonly line: number }>,
): Promise<Judgment> {
  const { add, result } = createJudging()
  for await (const { record, line } of entries) add(record, line)
  return result()
}

function judgmentOf(seen: Seen): Judgment {
  const { run, rehearsal, target, at } = seen.run.head
  const due = arrivalsDue(seen)
  const objectives = judgeObjectives(seen, due)
  const faults = judgeFaults(seen)
  const actions = judgeActions(seen)
  const autoscalers = judgeAutoscalers(seen)
  const keda = judgeKeda(seen)
  const connections = judgeConnections(seen)
  const budgets = judgeBudgets(seen)
  const posture = judgePosture(seen)
  const required = judgeRequired(seen)
  const people = judgePeopleOfRun(seen)
  const alerts = judgeAlerts(seen)
  const ledger = judgeLedger(seen)
  const deliveries = judgeDeliveries(seen)
  const generator = judgeGenerator(seen, due)
  const ruled = [
    objectives,
    faults,
    actions,
    autoscalers,
    keda,
    budgets,
    connections,
    posture,
    required,
    people,
    alerts,
    ledger,
    deliveries,
    generator,
  ].flatMap((each) => each.findings)
  const trends = generator.contended || !generator.result.trusted ? [] : degrading(seen)
  const all = [
    ...ruled,
    ...judgeRunners(seen),
    ...judgeScript(seen),
    ...judgeCauses(seen),
    ...trends,
    ...judgeRun(seen),
    ...nothingJudged(seen),
  ]
  const excused = distrustChanged(excuseLost(seen, excuseStarved(seen, all, generator.contended)), seen)
  const complete = seen.run.stop === undefined
  const sorted = sortFindings(withAccepted(excused, { acceptances: target.acceptedFindings ?? [], at, complete }))
  const findings = withRoots(seen, sorted, { faults: faults.result, actions: actions.result })
  const verdict = verdictOf(seen, findings)
  const healed = isHealed(seen)
  return {
    format: 1,
    run,
    rehearsal: rehearsal.name,
    verdict,
    summary: summarise(seen, verdict, objectives.result, faults.result),
    exitCode: exitCodeOf(verdict, healed),
    healed,
    slos: objectives.result,
    faults: faults.result,
    actions: actions.result,
    autoscalers: autoscalers.result,
    keda: keda.result,
    budgets: budgets.result,
    connections: connections.result,
    posture: posture.result,
    ...(required.result.length === 0 ? {} : { reached: required.result }),
    ...(people.result.length === 0 ? {} : { people: people.result }),
    ...(alerts.result === undefined ? {} : { alerts: alerts.result }),
    ...(ledger.result === undefined ? {} : { ledger: ledger.result }),
    ...(deliveries.result.length === 0 ? {} : { deliveries: deliveries.result }),
    generator: generator.result,
    findings,
  }
}
