/** The short form, for a pull request or a chat: verdict, causes, objectives, harms, reactions, money. */
import type { FaultResult, HarmCost, Judgment, ReactionResult } from '../domain/verdict.ts'
import {
  actionWords,
  cents,
  faultWords,
  inSeconds,
  objectiveWords,
  percent,
  reactionWords,
  verdictWords,
  whole,
} from './words.ts'

export function markdownReport(judgment: Judgment): string {
  const { word, icon } = verdictWords[judgment.verdict.kind]
  return [
    `# ${icon} ${word}: ${judgment.rehearsal}`,
    '',
    judgment.summary,
    ...(judgment.healed ? [] : ['', '**Not everything was taken back: run `matchday heal`.**']),
    '',
    ...findings(judgment),
    ...objectives(judgment),
    ...faults(judgment),
    ...actions(judgment),
    ...scalers(judgment),
    ...limits(judgment),
    ...posture(judgment),
    ...ledger(judgment),
    `Load generator: ${judgment.generator.sentence}`,
    '',
    `Run \`${judgment.run}\`; judge it again with \`matchday judge reports/${judgment.run}\`.`,
    '',
  ].join('\n')
}

const findings = (judgment: Judgment): readonly string[] =>
  judgment.findings.length === 0
    ? []
    : [
        '## Causes',
        '',
        ...judgment.findings.flatMap((each) => [
          `- **${each.weight}** \`${each.cause}\` ${each.subject}: ${each.sentence}`,
          `  Next: ${each.next}`,
        ]),
        '',
      ]

const objectives = (judgment: Judgment): readonly string[] => [
  '## Objectives',
  '',
  '| SLI | objective | verdict | achieved | at least (95 %) | attempts | bad | budget used |',
  '| --- | --- | --- | --- | --- | --- | --- | --- |',
  ...judgment.slos.map(
    (slo) =>
      `| ${slo.sli} | ${objectiveWords(slo)} | ${slo.state} | ${percent(slo.achieved)} | ${percent(slo.lowerBound)} | ${whole(slo.whole.attempts)} | ${whole(slo.whole.bad + slo.whole.neverRan)} | ${percent(slo.budgetUsed, 0)} |`,
  ),
  '',
]

const mark = (held: boolean): string => (held ? '✓' : '✗')
const took = (each: { tookMs?: number; withinMs?: number; held: boolean }): string =>
  `${inSeconds(each.tookMs)}${each.withinMs === undefined ? '' : ` of ${inSeconds(each.withinMs)}`} ${mark(each.held)}`

type Answered = Pick<FaultResult, 'failovers' | 'recoveries' | 'reactions' | 'costs'>

const answers = ({ failovers, recoveries, reactions, costs }: Answered): readonly string[] => [
  ...failovers.map((each) => `  - failover ${each.from} → ${each.to}: ${took(each)}`),
  ...recoveries.map((each) => `  - ${each.sli} recovers: ${took(each)}`),
  ...reactions.map(reaction),
  ...costs.filter((each) => each.bad > 0).map(cost),
]

const reaction = (each: ReactionResult): string =>
  `  - ${reactionWords(each)}: ${each.tookMs === undefined ? mark(each.held) : took(each)} ${each.sentence}`

const cost = (each: HarmCost): string =>
  `  - cost of ${each.sli}: ${whole(each.bad)} bad of ${whole(each.attempts)}, ${percent(each.budgetBurnt, 1)} of the budget, first felt after ${inSeconds(each.detectMs)}, over after ${inSeconds(each.recoverMs)}, peak burn ${each.peakBurn.toFixed(1)}×`

function faults({ faults: all }: Judgment): readonly string[] {
  if (all.length === 0) return []
  const lines = all.flatMap((fault) => [
    `- **${fault.fault}**: ${faultWords[fault.state][0]}. ${fault.witness.sentence}`,
    ...answers(fault),
  ])
  return ['## Faults', '', ...lines, '']
}

function actions({ actions: all }: Judgment): readonly string[] {
  if (all.length === 0) return []
  const lines = all.flatMap((action) => {
    const evictions =
      action.evicted + action.refusedEvictions === 0
        ? ''
        : `; ${action.evicted} evicted, ${action.refusedEvictions} refused by a disruption budget`
    return [
      `- **${action.action}**: ${actionWords[action.state][0]} at ${action.targets.join(', ') || 'nothing'}${evictions}`,
      ...answers(action),
    ]
  })
  return ['## Actions', '', ...lines, '']
}

const chain = (steps: readonly { name: string; afterMs?: number }[]): string =>
  steps.map((step) => `${step.name} ${inSeconds(step.afterMs)}`).join(' → ')

function scalers({ autoscalers, keda }: Judgment): readonly string[] {
  if (autoscalers.length + keda.length === 0) return []
  const lines = [
    ...autoscalers.map((each) => ({ ...each, what: each.name })),
    ...keda.map((each) => ({ ...each, what: `KEDA ${each.scaledObject}` })),
  ].map((each) => `- **${each.what}** on ${each.phase}: ${chain(each.steps)}; ${each.held ? 'held ✓' : 'missed ✗'}`)
  return ['## Autoscaler reaction', '', ...lines, '']
}

/** Disruption budgets and gauges that were never to pass a limit. */
function limits({ budgets, connections }: Judgment): readonly string[] {
  if (budgets.length + connections.length === 0) return []
  const lines = [
    ...budgets.map(
      (each) =>
        `- disruption budget **${each.budget}**: at least ${each.lowestHealthy ?? '–'} healthy of ${each.wantedHealthy ?? '–'} wanted, ${each.refusedEvictions} evictions refused ${mark(each.held)}`,
    ),
    ...connections.map(
      (each) =>
        `- **${each.of}** ${each.metric}: highest ${each.highest ?? 'never measured'} of at most ${each.atMost} ${mark(each.held)}`,
    ),
  ]
  return ['## Limits', '', ...lines, '']
}

function posture({ posture: all }: Judgment): readonly string[] {
  if (all.length === 0) return []
  const lines = all.map((each) => `- **${each.namespace}** ${each.want}: ${each.sentence} ${mark(each.held)}`)
  return ['## Posture', '', ...lines, '']
}

function ledger(judgment: Judgment): readonly string[] {
  if (!judgment.ledger) return []
  const rows = judgment.ledger.operations.flatMap(({ operation, client, books }) => [
    `| ${operation} | client | ${whole(client.acknowledged)} | ${cents(client.amountCents)} | ${client.unknown} unknown |`,
    ...books.map((book) => `| | ${book.book} | ${whole(book.count)} | ${cents(book.amountCents)} | ${book.sentence} |`),
  ])
  return [
    `## Money: ${judgment.ledger.reconciled ? 'reconciled ✓' : 'not reconciled ✗'}`,
    '',
    '| operation | book | count | amount | remark |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ]
}
