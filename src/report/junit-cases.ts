/** The CI test cases of a run and their outcomes. */
import type { Cause } from '../domain/causes.ts'
import type { SourcePoint } from '../domain/issue.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import { stateName } from '../domain/required-state.ts'
import { showMeasuredPercent, showSeries } from '../domain/show.ts'
import type { ActionResult, FaultResult, Finding, Judgment, SloResult } from '../domain/verdict.ts'
import { causesOfWant } from '../judge/posture/posture.ts'
import { inSeconds, objectiveWords, reactionWords, whole } from './words.ts'

export type CaseOutcome = {
  readonly is: 'failure' | 'error' | 'skipped'
  readonly type: string
  readonly message: string
  readonly body?: string
}
export type Case = {
  readonly name: string
  readonly at: SourcePoint | undefined
  readonly timeMs?: number
  /** Findings about this subject belong to this case, or those with one of these causes; undefined if none can. */
  readonly subject?: string
  readonly causes?: readonly Cause[]
  /** For these causes, only findings about objects of this namespace. */
  readonly within?: string
  readonly held: boolean
  readonly outcome?: CaseOutcome
}
export type Suite = { readonly name: string; readonly cases: readonly Case[] }

/** Suites without cases are left out. */
export const suitesOf = (judgment: Judgment, rehearsal: Rehearsal): readonly Suite[] =>
  withFindings(plainSuites(judgment, rehearsal), judgment).filter(({ cases }) => cases.length > 0)

const plainSuites = (judgment: Judgment, rehearsal: Rehearsal): readonly Suite[] => [
  ...judgment.slos.map((slo) => objectiveSuite(slo, rehearsal, isAccepted(slo, judgment))),
  ...judgment.faults.map((each) => faultSuite(each, rehearsal)),
  ...judgment.actions.map((each) => actionSuite(each, rehearsal)),
  { name: 'expectations', cases: expectationCases(judgment, rehearsal) },
  {
    name: 'load generator',
    cases: [{ name: 'is trusted', at: rehearsal.load.at, subject: 'generator', held: judgment.generator.trusted }],
  },
]

const isAccepted = ({ sli }: SloResult, { findings }: Judgment): boolean =>
  findings.some(({ weight, cause, subject }) => weight === 'accepted' && cause === 'slo-missed' && subject === sli)

/** Only the whole run decides. If it missed the objective, the windows with too low a share show where. */
function objectiveSuite(slo: SloResult, { slos }: Rehearsal, accepted: boolean): Suite {
  const at = slos.find((each) => each.sli === slo.sli && each.kind === slo.kind)?.at
  const held = slo.state === 'proven' || slo.state === 'proven-with-warning'
  const windows = slo.windows.map(
    (window): Case => ({
      name: `${window.kind} ${window.name}`,
      at,
      timeMs: window.toMs - window.fromMs,
      held: true,
      ...outcomeOf(windowOutcome(slo, window, accepted)),
    }),
  )
  return {
    name: `${slo.sli} ${objectiveWords(slo)}`,
    cases: [{ name: 'whole run', at, subject: slo.sli, held }, ...windows],
  }
}

const outcomeOf = (outcome: CaseOutcome | undefined) => (outcome === undefined ? {} : { outcome })

function windowOutcome(
  slo: SloResult,
  { name, counts }: SloResult['windows'][number],
  accepted: boolean,
): CaseOutcome | undefined {
  if (counts.attempts === 0) return { is: 'skipped', type: '', message: 'no attempts in this window' }
  const beyond = slo.ceilingMs === slo.targetMs ? Math.max(counts.slow, counts.overCeiling) : counts.overCeiling
  const share = (counts.good - (slo.kind === 'latency' ? beyond : 0)) / counts.attempts
  if (slo.state !== 'missed' || share >= slo.objective) return undefined
  const message = `${slo.sli} ${showMeasuredPercent(share)} of ${whole(counts.attempts)} in ${name}, objective ${showMeasuredPercent(slo.objective)}`
  return accepted ? { is: 'skipped', type: '', message } : { is: 'failure', type: 'slo-missed', message }
}

type Answered = Pick<FaultResult, 'failovers' | 'recoveries' | 'reactions'>

function answerCases(
  { failovers, recoveries, reactions }: Answered,
  subject: string,
  at: SourcePoint | undefined,
): readonly Case[] {
  const timed = (tookMs: number | undefined) => (tookMs === undefined ? {} : { timeMs: tookMs })
  return [
    ...failovers.map(
      ({ from, to, withinMs, tookMs, held }): Case => ({
        name: `failover ${from} → ${to} within ${inSeconds(withinMs)}`,
        at,
        subject,
        held,
        ...timed(tookMs),
      }),
    ),
    ...recoveries.map(
      ({ sli, withinMs, tookMs, held }): Case => ({
        name: `${sli} recovers within ${inSeconds(withinMs)}`,
        at,
        subject,
        held,
        ...timed(tookMs),
      }),
    ),
    ...reactions.map(
      (each): Case => ({
        name: `${reactionWords(each)}${each.withinMs === undefined ? '' : ` within ${inSeconds(each.withinMs)}`}`,
        at,
        // Named as in the judge, because a harm may have many.
        subject: `${subject}: ${each.subject}`,
        held: each.held,
        ...timed(each.tookMs),
      }),
    ),
  ]
}

function faultSuite(result: FaultResult, { faults }: Rehearsal): Suite {
  const at = faults.find((each) => each.name === result.fault)?.at
  const witnessed: Case = {
    name: 'takes effect, by its witness',
    at,
    subject: result.fault,
    held: result.state === 'proven',
  }
  return { name: `fault ${result.fault}`, cases: [witnessed, ...answerCases(result, result.fault, at)] }
}

function actionSuite(result: ActionResult, { actions }: Rehearsal): Suite {
  const at = actions.find((each) => each.name === result.action)?.at
  const done: Case = { name: 'comes to its end', at, subject: result.action, held: result.state === 'done' }
  return { name: `action ${result.action}`, cases: [done, ...answerCases(result, result.action, at)] }
}

/** Findings about money have a book or an operation as their subject. */
const MONEY: readonly Cause[] = [
  'double-charge',
  'unreconciled',
  'ledger-unbalanced',
  'unsettled',
  'ledger-unproven',
  'events-lost',
]

function expectationCases(judgment: Judgment, { expectations, reaches = [] }: Rehearsal): readonly Case[] {
  const lineOf = (is: (each: Rehearsal['expectations'][number]) => boolean) => expectations.find(is)?.at
  return [
    ...judgment.autoscalers.map(({ name, phase, held }) => ({
      name: `autoscaler ${name} on ${phase}`,
      at: lineOf((each) => each.kind === 'autoscaler' && each.name === name && each.phase === phase),
      subject: name,
      held,
    })),
    ...judgment.keda.map(({ scaledObject, phase, held }) => ({
      name: `keda ${scaledObject} on ${phase}`,
      at: lineOf((each) => each.kind === 'keda' && each.scaledObject === scaledObject && each.phase === phase),
      subject: scaledObject,
      held,
    })),
    ...judgment.budgets.map(({ budget, held }) => ({
      name: `disruption budget ${budget}`,
      at: lineOf((each) => each.kind === 'disruption' && each.budget === budget),
      subject: budget,
      held,
    })),
    ...judgment.connections.map(({ of, metric, atMost, held }) => ({
      name: `${of} ${metric} at most ${atMost}`,
      at: lineOf(
        (each) => each.kind === 'connections' && each.of === of && showSeries(each.metric, each.where) === metric,
      ),
      subject: of,
      held,
    })),
    ...judgment.posture.map(({ namespace, want, held }) => ({
      name: `posture of ${namespace}: ${want}`,
      at: lineOf((each) => each.kind === 'posture' && each.namespaces.includes(namespace) && each.wants.includes(want)),
      subject: `${namespace}: ${want}`,
      causes: causesOfWant[want],
      within: namespace,
      held,
    })),
    ...answerCases(
      { failovers: [], recoveries: [], reactions: judgment.people ?? [] },
      'people',
      lineOf((each) => each.kind === 'human'),
    ),
    ...(judgment.alerts?.others === undefined
      ? []
      : [
          {
            name: 'no other alert fires',
            at: lineOf((each) => each.kind === 'no-other-alerts'),
            subject: 'alerts',
            causes: ['alert-unexpected'] as const,
            held: judgment.alerts.others.held,
          },
        ]),
    ...(judgment.reached ?? []).map(({ state, goal, held }) => ({
      name: `${state} reaches ${goal}`,
      at: reaches.find((each) => stateName(each) === state)?.at,
      subject: state,
      held,
    })),
    ...(judgment.deliveries ?? []).map(({ stream, withinMs, held }) => ({
      name: `${stream} delivered within ${withinMs} ms`,
      at: lineOf((each) => each.kind === 'delivered' && each.stream === stream),
      subject: stream,
      held,
    })),
    ...(judgment.ledger === undefined
      ? []
      : [
          {
            name: 'ledger reconciled',
            at: lineOf((each) => each.kind === 'ledger'),
            subject: 'ledger',
            causes: MONEY,
            held: judgment.ledger.reconciled,
          },
        ]),
  ]
}

/** Each finding goes to the failed case of its subject, otherwise to any case of its subject, otherwise to a suite of its own. None is lost. */
function withFindings(suites: readonly Suite[], { findings, verdict }: Judgment): readonly Suite[] {
  // Root findings first: a case has one outcome, and a consequence must not replace its root.
  const told = findings
    .filter((each) => each.weight !== 'warning')
    .sort((a, b) => Number(a.follows !== undefined) - Number(b.follows !== undefined))
  const cases = suites.flatMap((suite) => suite.cases)
  const placed = new Map<Case, Finding>()
  const rest = told.filter((each) => {
    const own = cases.filter((one) => isAbout(each, one) && !placed.has(one))
    const place = own.find((one) => !one.held) ?? own[0]
    if (place) placed.set(place, each)
    return place === undefined
  })
  const settled = suites.map((suite) => ({
    ...suite,
    cases: suite.cases.map((each) => settledCase(each, placed.get(each), verdict.kind === 'pass')),
  }))
  const others = rest.map((each) =>
    settledCase({ name: `${each.cause}: ${each.subject}`, at: undefined, held: false }, each, false),
  )
  return [...settled, { name: 'findings', cases: others }]
}

const isAbout = ({ subject, cause }: Finding, each: Case): boolean =>
  each.subject === subject || (each.causes?.includes(cause) === true && isWithin(subject, each.within))

const isWithin = (subject: string, namespace: string | undefined): boolean =>
  namespace === undefined || subject === namespace || subject.startsWith(`${namespace}/`)

/** `passed`: of the run. What did not hold is then accepted, and must not fail the pipeline by another way. */
function settledCase(each: Case, finding: Finding | undefined, passed: boolean): Case {
  if (finding) {
    const { weight, cause, sentence, next, follows } = finding
    // A consequence is not a failure of its own: its root is reported, and this was not judged.
    if (follows !== undefined)
      return { ...each, outcome: { is: 'skipped', type: '', message: `${sentence} (Follows from ${follows.cause}.)` } }
    if (weight === 'accepted') return { ...each, outcome: { is: 'skipped', type: '', message: sentence } }
    const is = weight === 'breach' ? 'failure' : 'error'
    return { ...each, outcome: { is, type: cause, message: sentence, body: `Next: ${next}` } }
  }
  // A case that did not hold never passes, even without a finding: the run may have ended before it could hold.
  if (!each.held && passed)
    return {
      ...each,
      outcome: { is: 'skipped', type: '', message: 'was not seen to hold; the run passes with accepted findings' },
    }
  if (!each.held) return { ...each, outcome: { is: 'error', type: 'not-held', message: 'was not seen to hold' } }
  return each
}
