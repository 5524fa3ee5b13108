/** The short form, for a pull request or a chat: verdict, causes, objectives, faults, money. */
import type { Judgment } from '../domain/verdict.ts'
import { cents, inSeconds, percent, verdictWords, whole } from './words.ts'

export function markdownReport(judgment: Judgment): string {
  const { word, icon } = verdictWords[judgment.verdict.kind]
  return [
    `# ${icon} ${word}: ${judgment.rehearsal}`,
    '',
    judgment.summary,
    ...(judgment.healed ? [] : ['', '**Not everything was taken back: run `matchday heal`.**']),
    '',
    ...findings(judgment),
    '## Objectives',
    '',
    '| SLI | objective | verdict | achieved | at least (95 %) | attempts | bad | budget used |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...judgment.slos.map((slo) => {
      const objective =
        slo.kind === 'availability'
          ? percent(slo.objective)
          : `p${Math.round(slo.objective * 100)} ≤ ${slo.targetMs} ms`
      return `| ${slo.sli} | ${objective} | ${slo.state} | ${percent(slo.achieved)} | ${percent(slo.lowerBound)} | ${whole(slo.whole.attempts)} | ${whole(slo.whole.bad + slo.whole.neverRan)} | ${percent(slo.budgetUsed, 0)} |`
    }),
    '',
    ...faults(judgment),
    ...autoscalers(judgment),
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

function faults(judgment: Judgment): readonly string[] {
  if (judgment.faults.length === 0) return []
  const lines = judgment.faults.flatMap((fault) => [
    `- **${fault.fault}**: ${fault.state}. ${fault.witness.sentence}`,
    ...fault.failovers.map(
      (each) =>
        `  - failover ${each.from} → ${each.to}: ${inSeconds(each.tookMs)} of ${inSeconds(each.withinMs)} ${each.held ? '✓' : '✗'}`,
    ),
    ...fault.recoveries.map(
      (each) =>
        `  - ${each.sli} recovers: ${inSeconds(each.tookMs)} of ${inSeconds(each.withinMs)} ${each.held ? '✓' : '✗'}`,
    ),
  ])
  return ['## Faults', '', ...lines, '']
}

function autoscalers(judgment: Judgment): readonly string[] {
  if (judgment.autoscalers.length === 0) return []
  const lines = judgment.autoscalers.map(
    (each) =>
      `- **${each.name}** on ${each.phase}: ${each.steps.map((step) => `${step.name} ${inSeconds(step.afterMs)}`).join(' → ')}; ${each.held ? 'held ✓' : 'missed ✗'}`,
  )
  return ['## Autoscaler reaction', '', ...lines, '']
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
