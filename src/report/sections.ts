/** The tables of the page, each from the judgment alone (and the view where times are shown). */
import type { Finding, Judgment, SloResult } from '../domain/verdict.ts'
import { clock, escapeXml } from './chart.ts'
import type { RunView } from './view.ts'
import { cents, inSeconds, percent, whole } from './words.ts'

const cell = (text: string, kind = ''): string => `<td${kind ? ` class="${kind}"` : ''}>${escapeXml(text)}</td>`
const row = (cells: readonly string[]): string => `<tr>${cells.join('')}</tr>`
const table = (heads: readonly string[], rows: readonly string[]): string =>
  `<div class="scroll"><table><thead><tr>${heads.map((head) => `<th>${escapeXml(head)}</th>`).join('')}</tr></thead><tbody>${rows.join('')}</tbody></table></div>`
const section = (id: string, title: string, body: string): string =>
  `<section id="${id}"><h2>${escapeXml(title)}</h2>${body}</section>`
const held = (yes: boolean): string => cell(yes ? '✓ held' : '✗ missed', yes ? 'good' : 'bad')

const weightWords: Readonly<Record<Finding['weight'], string>> = {
  breach: '✗ breach',
  gap: '? gap',
  warning: '! warning',
}

function causes(judgment: Judgment): string {
  if (judgment.findings.length === 0)
    return section(
      'causes',
      'Causes',
      '<p class="good">Nothing was found: every objective is proven, every fault bit and was healed, all money is accounted for.</p>',
    )
  const items = judgment.findings.map(
    (finding) =>
      `<li class="${finding.weight}"><p><b>${weightWords[finding.weight]}</b> <code>${escapeXml(finding.cause)}</code> ${escapeXml(finding.subject)}</p><p>${escapeXml(finding.sentence)}</p><p class="next">Next: ${escapeXml(finding.next)}</p>${finding.evidence.length > 0 ? `<p class="lines">journal.ndjson lines ${finding.evidence.slice(0, 8).join(', ')}</p>` : ''}</li>`,
  )
  return section('causes', 'Causes', `<ol class="findings">${items.join('')}</ol>`)
}

const stateWords: Readonly<Record<SloResult['state'], readonly [string, string]>> = {
  proven: ['✓ proven', 'good'],
  'proven-with-warning': ['! within the ceiling', 'warn'],
  unproven: ['? met, not proven', 'warn'],
  missed: ['✗ missed', 'bad'],
  'no-evidence': ['? no evidence', 'warn'],
}

function objectives(judgment: Judgment): string {
  const rows = judgment.slos.map((slo) => {
    const [words, kind] = stateWords[slo.state]
    const objective =
      slo.kind === 'availability'
        ? percent(slo.objective)
        : `p${Math.round(slo.objective * 100)} ≤ ${slo.targetMs} ms${slo.ceilingMs !== undefined && slo.ceilingMs !== slo.targetMs ? ` (ceiling ${slo.ceilingMs} ms)` : ''}`
    const { whole: counts } = slo
    return row([
      cell(slo.sli),
      cell(objective),
      cell(words, kind),
      cell(percent(slo.achieved)),
      cell(percent(slo.lowerBound)),
      cell(whole(counts.attempts)),
      cell(whole(counts.bad + counts.neverRan)),
      cell(slo.kind === 'latency' ? `${whole(counts.slow)} slow` : '–'),
      cell(percent(slo.budgetUsed, 0)),
      cell(counts.quantileMs === undefined ? '–' : `${counts.quantileMs.toFixed(0)} ms`),
    ])
  })
  const windows = judgment.slos.map(
    (slo) => `<details><summary>${escapeXml(slo.sli)} by phase and fault</summary>${windowTable(slo)}</details>`,
  )
  return section(
    'objectives',
    'Objectives',
    table(
      ['SLI', 'objective', 'verdict', 'achieved', 'at least (95 %)', 'attempts', 'bad', 'slow', 'budget used', 'p95'],
      rows,
    ) + windows.join(''),
  )
}

const windowTable = (slo: SloResult): string =>
  table(
    ['window', 'from', 'to', 'attempts', 'good', 'bad', 'never ran', 'slow', 'p95'],
    slo.windows.map(({ name, fromMs, toMs, counts, kind }) =>
      row([
        cell(`${kind === 'fault' ? 'fault ' : ''}${name}`),
        cell(clock(fromMs / 1000)),
        cell(clock(toMs / 1000)),
        cell(whole(counts.attempts)),
        cell(whole(counts.good)),
        cell(whole(counts.bad)),
        cell(whole(counts.neverRan)),
        cell(whole(counts.slow)),
        cell(counts.quantileMs === undefined ? '–' : `${counts.quantileMs.toFixed(0)} ms`),
      ]),
    ),
  )

const faultWords = {
  proven: ['✓ proven', 'good'],
  unproven: ['? not proven', 'warn'],
  'not-injected': ['? not injected', 'warn'],
  refused: ['? refused', 'warn'],
  'not-reached': ['? not reached', 'warn'],
} as const

function faults(judgment: Judgment, view: RunView): string {
  if (judgment.faults.length === 0) return ''
  const cards = judgment.faults.map((fault) => {
    const [words, kind] = faultWords[fault.state]
    const since = (at: number | undefined): string => (at === undefined ? '–' : clock((at - view.zeroAt) / 1000))
    const planned = view.started.timeline.faults.find((each) => each.name === fault.fault)
    const facts = [
      row([cell('injected'), cell(since(fault.injectedAt))]),
      row([
        cell('witnessed'),
        cell(
          fault.witnessedAt === undefined || fault.injectedAt === undefined
            ? since(fault.witnessedAt)
            : `${since(fault.witnessedAt)} (${inSeconds(fault.witnessedAt - fault.injectedAt)} after injection)`,
        ),
      ]),
      row([cell('healed'), cell(since(fault.healedAt))]),
      row([cell('proof'), cell(fault.witness.sentence)]),
      row([cell('where'), cell(fault.pods.join(', ') || '–')]),
      row([cell('coverage'), cell(percent(fault.coverage, 0))]),
      ...fault.failovers.map((each) =>
        row([
          cell(`failover ${each.from} → ${each.to}`),
          cell(
            `${inSeconds(each.tookMs)} of ${inSeconds(each.withinMs)} ${each.held ? '✓' : '✗'}`,
            each.held ? 'good' : 'bad',
          ),
        ]),
      ),
      ...fault.recoveries.map((each) =>
        row([
          cell(`${each.sli} recovers`),
          cell(
            `${inSeconds(each.tookMs)} of ${inSeconds(each.withinMs)} ${each.held ? '✓' : '✗'}`,
            each.held ? 'good' : 'bad',
          ),
        ]),
      ),
    ]
    const object = planned
      ? `<details><summary>what was applied</summary><pre>${escapeXml(JSON.stringify(planned.object, undefined, 2))}</pre></details>`
      : ''
    return `<article><h3>${escapeXml(fault.fault)} <span class="${kind}">${words}</span></h3><table class="facts"><tbody>${facts.join('')}</tbody></table>${object}</article>`
  })
  return section('faults', 'Faults', cards.join(''))
}

function autoscalers(judgment: Judgment): string {
  if (judgment.autoscalers.length === 0) return ''
  const parts = judgment.autoscalers.map((scaler) => {
    const rows = scaler.steps.map((step) =>
      row([
        cell(step.name.replace('-', ' ')),
        cell(inSeconds(step.afterMs)),
        cell(step.budgetMs === undefined ? '–' : inSeconds(step.budgetMs)),
        step.budgetMs === undefined ? cell('–') : held(step.held),
      ]),
    )
    return `<h3>${escapeXml(scaler.name)} on ${escapeXml(scaler.phase)}</h3><p>Wanted up to ${scaler.peakDesired} pods, ready up to ${scaler.peakReady}.</p>${table(['step', 'after', 'budget', ''], rows)}`
  })
  return section('reactions', 'Autoscaler reaction', parts.join(''))
}

function budgets(judgment: Judgment): string {
  if (judgment.budgets.length === 0) return ''
  return section(
    'budgets',
    'Disruption budgets',
    table(
      ['budget', 'lowest healthy', 'must be healthy', ''],
      judgment.budgets.map((each) =>
        row([
          cell(each.budget),
          cell(String(each.lowestHealthy ?? '–')),
          cell(String(each.wantedHealthy ?? '–')),
          held(each.held),
        ]),
      ),
    ),
  )
}

function ledger(judgment: Judgment): string {
  if (!judgment.ledger) return ''
  const rows = judgment.ledger.operations.flatMap((operation) => [
    row([
      cell(operation.operation),
      cell('client'),
      cell(whole(operation.client.acknowledged)),
      cell(cents(operation.client.amountCents)),
      cell('–'),
      cell(`${operation.client.unknown} unknown, ${operation.client.refused} refused`),
      cell('–'),
    ]),
    ...operation.books.map((book) =>
      row([
        cell(''),
        cell(book.book),
        cell(whole(book.count)),
        cell(cents(book.amountCents)),
        cell(String(book.duplicates)),
        cell(book.sentence),
        cell(book.agrees ? '✓ agrees' : '✗ differs', book.agrees ? 'good' : 'bad'),
      ]),
    ),
  ])
  const summary = judgment.ledger.reconciled
    ? '<p class="good">✓ Reconciled: every acknowledged operation is on every book that must hold it, none twice.</p>'
    : '<p class="bad">✗ Not reconciled.</p>'
  return section(
    'ledger',
    'Money',
    `${summary}${judgment.ledger.settled ? '' : '<p class="warn">? Not all books settled in time.</p>'}${table(['operation', 'book', 'count', 'amount', 'twice', 'remark', ''], rows)}`,
  )
}

function generator(judgment: Judgment): string {
  const { generator: each } = judgment
  const rows = [
    row([cell('arrivals due'), cell(whole(each.due))]),
    row([cell('run'), cell(whole(each.ran))]),
    row([cell('dropped'), cell(whole(each.dropped))]),
    row([cell('never started'), cell(whole(each.missing))]),
    row([cell('k6 at most'), cell(`${each.cpuCoresPeak.toFixed(2)} cores`)]),
    row([cell('machine at most'), cell(`${percent(each.hostBusyPeak, 0)} busy`)]),
  ]
  return section(
    'generator-health',
    'Load generator',
    `<p class="${each.trusted ? 'good' : 'bad'}">${each.trusted ? '✓' : '✗'} ${escapeXml(each.sentence)}</p><table class="facts"><tbody>${rows.join('')}</tbody></table>`,
  )
}

function again(judgment: Judgment, view: RunView): string {
  const { environment, rehearsal } = view.started
  return section(
    'again',
    'Judge it again',
    `<p>The verdict follows from <code>journal.ndjson</code> alone: <code>matchday judge reports/${escapeXml(judgment.run)}</code> gives the same one to the byte. The line numbers above are lines of that file.</p>
<p>Run it again: <code>${escapeXml(environment.command)}</code> (${escapeXml(rehearsal.file)}, seed ${environment.seed}, matchday ${escapeXml(environment.matchday)}, Node ${escapeXml(environment.node)}, ${environment.cores} cores).</p>`,
  )
}

export const sections = { causes, objectives, faults, autoscalers, budgets, ledger, generator, again }
