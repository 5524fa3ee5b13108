/** The short form, for a pull request or a chat: verdict, causes, objectives, harms, reactions, money. */
import { money } from '../domain/show.ts'
import type { FaultResult, Finding, HarmCost, Judgment, ReactionResult } from '../domain/verdict.ts'
import { code, type Markdown, md } from './escape/markdown.ts'
import { speaker } from './live/event-words.ts'
import type { PeopleRecords } from './people.ts'
import { rootsOf } from './roots.ts'
import { alertSorts, labelWords } from './sections/alerts.ts'
import {
  achievedText,
  actionWords,
  budgetShare,
  costName,
  faultWords,
  healWords,
  inMillis,
  inPercent,
  inSeconds,
  isFelt,
  objectiveWords,
  reactionWords,
  sealWords,
  utcTime,
  whole,
  wordsOf,
} from './words.ts'

export function markdownReport(judgment: Judgment, people?: PeopleRecords): string {
  const { word, icon } = wordsOf(judgment.verdict)
  const lines: readonly Markdown[] = [
    md`# ${icon} ${word}: ${judgment.rehearsal}`,
    md``,
    md`${judgment.summary}`,
    ...(judgment.healed ? [] : [md``, md`**${healWords(judgment).problem} Next: ${healWords(judgment).next}.**`]),
    md``,
    ...decisions(people),
    ...findings(judgment),
    ...objectives(judgment),
    ...faults(judgment),
    ...actions(judgment),
    ...scalers(judgment),
    ...limits(judgment),
    ...alerts(judgment),
    ...deliveries(judgment),
    ...reached(judgment),
    ...reactionsOfPeople(judgment),
    ...posture(judgment),
    ...ledger(judgment),
    ...followUps(people),
    md`Load generator: ${judgment.generator.sentence}`,
    md``,
    ...sealed(judgment),
    md`Run ${code(judgment.run)}; judge it again with ${code(`matchday judge reports/${judgment.run}`)}.`,
    md``,
  ]
  return md.join(lines).text
}

function decisions(people: PeopleRecords | undefined): readonly Markdown[] {
  if (people === undefined || people.decisions.length === 0) return []
  const rows = people.decisions.map(
    ({ decision, known }) =>
      md`| ${utcTime(decision.at)} | ${speaker(decision)} | ${decision.about === undefined ? decision.what : `${decision.what} for ${decision.about}`} | ${decision.reason ?? '–'} | ${known} |`,
  )
  const heads = [md`| UTC | who | decision | reason | what was known |`, md`| --- | --- | --- | --- | --- |`]
  return [md`## Decisions`, md``, ...heads, ...rows, md``]
}

/** A task list, as issue trackers read it. */
const followUps = (people: PeopleRecords | undefined): readonly Markdown[] =>
  people === undefined || people.followUps.length === 0
    ? []
    : [md`## Follow-ups`, md``, ...people.followUps.map((note) => md`- [ ] ${note.text} (${speaker(note)})`), md``]

const sealed = (judgment: Judgment): readonly Markdown[] => {
  const seal = sealWords(judgment)
  return seal === undefined ? [] : [md`Evidence: ${seal}.`, md``]
}

const findings = (judgment: Judgment): readonly Markdown[] =>
  judgment.findings.length === 0
    ? []
    : [
        md`## Causes`,
        md``,
        ...rootsOf(judgment.findings).flatMap(({ finding, consequences }) => [
          md`- **${finding.weight}** ${code(finding.cause)} ${finding.subject}: ${finding.sentence}`,
          md`  Next: ${finding.next}`,
          ...folded(consequences),
        ]),
        md``,
      ]

/** GitHub folds it away; an empty line ends the HTML, so that the list below it is Markdown again. */
const folded = (consequences: readonly Finding[]): readonly Markdown[] =>
  consequences.length === 0
    ? []
    : [
        md``,
        md`  <details><summary>${consequences.length === 1 ? '1 finding follows' : `${consequences.length} findings follow`} from it</summary>`,
        md``,
        ...consequences.map((each) => md`  - ${code(each.cause)} ${each.subject}: ${each.sentence}`),
        md``,
        md`  </details>`,
        md``,
      ]

const objectives = (judgment: Judgment): readonly Markdown[] => [
  md`## Objectives`,
  md``,
  md`| SLI | objective | verdict | achieved | within | at least (95 %) | p99 | attempts | bad | budget used |`,
  md`| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |`,
  ...judgment.slos.map(
    (slo) =>
      md`| ${slo.sli} | ${objectiveWords(slo)} | ${slo.state} | ${achievedText(slo)} | ${slo.kind === 'latency' ? inPercent(slo.achieved) : '–'} | ${inPercent(slo.lowerBound)} | ${inMillis(slo.whole.p99Ms)} | ${whole(slo.whole.attempts)} | ${whole(slo.whole.bad + slo.whole.neverRan)} | ${budgetShare(slo.budgetUsed)} |`,
  ),
  md``,
]

const mark = (held: boolean): string => (held ? '✓' : '✗')
const took = (each: { tookMs?: number; withinMs?: number; held: boolean }): string =>
  `${inSeconds(each.tookMs)}${each.withinMs === undefined ? '' : ` of ${inSeconds(each.withinMs)}`} ${mark(each.held)}`

type Answered = Pick<FaultResult, 'failovers' | 'recoveries' | 'reactions' | 'costs'>

const answers = ({ failovers, recoveries, reactions, costs }: Answered): readonly Markdown[] => [
  ...failovers.map((each) => md`  - failover ${each.from} → ${each.to}: ${took(each)}`),
  ...recoveries.map((each) => md`  - ${each.sli} recovers: ${took(each)}`),
  ...reactions.map(reaction),
  ...costs.filter(isFelt).map((each) => cost(each, costs)),
]

const reaction = (each: ReactionResult): Markdown =>
  md`  - ${reactionWords(each)}: ${each.tookMs === undefined ? mark(each.held) : took(each)} ${each.sentence}`

const cost = (each: HarmCost, all: readonly HarmCost[]): Markdown =>
  md`  - cost of ${costName(each, all)}: ${whole(each.bad)} bad${each.tooSlow > 0 ? ` and ${whole(each.tooSlow)} over the ceiling` : ''} of ${whole(each.attempts)}, ${budgetShare(each.budgetBurnt, 1)} of the budget, first felt after ${inSeconds(each.detectMs)}, over after ${inSeconds(each.recoverMs)}, peak burn ${each.peakBurn.toFixed(1)}×`

function faults({ faults: all }: Judgment): readonly Markdown[] {
  if (all.length === 0) return []
  const lines = all.flatMap((fault) => [
    md`- **${fault.fault}**: ${faultWords[fault.state][0]}. ${fault.witness.sentence}`,
    ...answers(fault),
  ])
  return [md`## Faults`, md``, ...lines, md``]
}

function actions({ actions: all }: Judgment): readonly Markdown[] {
  if (all.length === 0) return []
  const lines = all.flatMap((action) => {
    const evictions =
      action.evicted + action.refusedEvictions === 0
        ? ''
        : `; ${action.evicted} evicted, ${action.refusedEvictions} refused by a disruption budget`
    return [
      md`- **${action.action}**: ${actionWords[action.state][0]} at ${action.targets.join(', ') || 'nothing'}${evictions}`,
      ...answers(action),
    ]
  })
  return [md`## Actions`, md``, ...lines, md``]
}

const chain = (steps: readonly { name: string; afterMs?: number }[]): string =>
  steps.map((step) => `${step.name} ${inSeconds(step.afterMs)}`).join(' → ')

function scalers({ autoscalers, keda }: Judgment): readonly Markdown[] {
  if (autoscalers.length + keda.length === 0) return []
  const lines = [
    ...autoscalers.map((each) => ({ ...each, what: each.name })),
    ...keda.map((each) => ({ ...each, what: `KEDA ${each.scaledObject}` })),
  ].map((each) => md`- **${each.what}** on ${each.phase}: ${chain(each.steps)}; ${each.held ? 'held ✓' : 'missed ✗'}`)
  return [md`## Autoscaler reaction`, md``, ...lines, md``]
}

/** Disruption budgets and gauges with a limit. */
function limits({ budgets, connections }: Judgment): readonly Markdown[] {
  if (budgets.length + connections.length === 0) return []
  const lines = [
    ...budgets.map(
      (each) =>
        md`- disruption budget **${each.budget}**: at least ${each.lowestHealthy ?? '–'} healthy of ${each.wantedHealthy ?? '–'} wanted, ${each.refusedEvictions} evictions refused ${mark(each.held)}`,
    ),
    ...connections.map(
      (each) =>
        md`- **${each.of}** ${each.metric}: highest ${each.highest ?? 'never measured'} of at most ${each.atMost} ${mark(each.held)}`,
    ),
  ]
  return [md`## Limits`, md``, ...lines, md``]
}

function alerts({ alerts: result }: Judgment): readonly Markdown[] {
  if (result === undefined) return []
  const lines = result.fired.map(
    ({ alert, labels, is, firedAt, resolvedAt }) =>
      md`- **${alert}** ${labelWords(labels)}: fired ${utcTime(firedAt)}, ${resolvedAt === undefined ? 'did not resolve in the run' : `resolved ${utcTime(resolvedAt)}`}; ${alertSorts[is][0]}`,
  )
  const others = result.others === undefined ? [] : [md`${result.others.sentence} ${mark(result.others.held)}`]
  return [md`## Alerts`, md``, ...lines, ...(lines.length > 0 ? [md``] : []), ...others, md``]
}

function deliveries({ deliveries: all = [] }: Judgment): readonly Markdown[] {
  if (all.length === 0) return []
  const lines = all.map(
    (each) =>
      md`- **${each.stream}**: ${each.judged} keys due to ${each.clients} clients, ${each.lost} lost, ${each.again} twice, ${each.late} late, ${each.notJudged} not judged ${mark(each.held)}`,
  )
  return [md`## What clients received`, md``, ...lines, md``]
}

function reached({ reached: all = [] }: Judgment): readonly Markdown[] {
  if (all.length === 0) return []
  const lines = all.map(
    (each) =>
      md`- **${each.state}** reaches ${each.goal}: ${each.shown ?? 'never read'}${each.held ? ` after ${inSeconds(each.afterMs)}` : ''} ${mark(each.held)}`,
  )
  return [md`## Required states`, md``, ...lines, md``]
}

const reactionsOfPeople = ({ people = [] }: Judgment): readonly Markdown[] =>
  people.length === 0 ? [] : [md`## What people had to do`, md``, ...people.map(reaction), md``]

function posture({ posture: all }: Judgment): readonly Markdown[] {
  if (all.length === 0) return []
  const lines = all.map((each) => md`- **${each.namespace}** ${each.want}: ${each.sentence} ${mark(each.held)}`)
  return [md`## Posture`, md``, ...lines, md``]
}

function ledger(judgment: Judgment): readonly Markdown[] {
  if (!judgment.ledger) return []
  const rows = judgment.ledger.operations.flatMap(({ operation, client, books }) => [
    md`| ${operation} | client | ${whole(client.acknowledged)} | ${money(client.amountCents)} | ${client.unknown} unknown |`,
    ...books.map(
      (book) => md`| | ${book.book} | ${whole(book.count)} | ${money(book.amountCents)} | ${book.sentence} |`,
    ),
  ])
  return [
    md`## Money: ${judgment.ledger.reconciled ? 'reconciled ✓' : 'not reconciled ✗'}`,
    md``,
    md`| operation | book | count | amount | remark |`,
    md`| --- | --- | --- | --- | --- |`,
    ...rows,
    md``,
  ]
}
