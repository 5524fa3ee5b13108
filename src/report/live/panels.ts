/** The tables of the live page: HTML by the id of the element that they fill. All names are escaped by `html`. */
import type { GeneratorHealth } from '../../domain/evidence.ts'
import { money, showMeasuredPercent } from '../../domain/show.ts'
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { cell, plainTable, row, rowHead } from '../sections/markup.ts'
import type { RunView } from '../view.ts'
import { budgetShare, clock, inPercent, objectiveWords, whole } from '../words.ts'
import type { RunState } from './fold.ts'
import { harmRows } from './harm-rows.ts'
import type { lastMinute } from './minute.ts'
import type { createMoneySoFar } from './money.ts'
import { headline } from './now.ts'
import { reachedPanel } from './reached-panel.ts'
import { runbookPanel } from './runbook-panel.ts'
import type { createStanding } from './standing.ts'
import { type LiveState, scaled } from './state.ts'

export type Shown = {
  readonly seen: RunView
  readonly judgment: Judgment
  readonly run: RunState
  readonly state: LiveState
  readonly health: GeneratorHealth | undefined
  readonly minute: ReturnType<typeof lastMinute>
  readonly standing: ReturnType<typeof createStanding>
  readonly money: ReturnType<typeof createMoneySoFar>
}

export type Panels = {
  /** Of the browser's tab. */
  readonly title: string
  /** Said by a screen reader whenever it changes, so it holds no clock. */
  readonly status: string
  readonly html: Readonly<Record<string, string>>
}

export function panelsOf(shown: Shown): Panels {
  const { title, status, now } = headline(shown)
  const parts = {
    now,
    gates: gates(shown),
    runbook: runbookPanel(shown),
    harms: harmRows(shown),
    slis: objectives(shown),
    replicas: replicas(shown),
    reached: reachedPanel(shown),
    money: moneyPanel(shown),
    generator: generator(shown),
  }
  return {
    title,
    status,
    html: Object.fromEntries(Object.entries(parts).map(([id, { text }]) => [id, text])),
  }
}

/** Open gates: the question and its two answers. */
const gates = ({ seen, run }: Shown): Html =>
  html`${seen.harms
    .filter(({ gate }) => run === 'running' && gate?.open === true)
    .map(
      ({ letter, name, what, planned, gate }) =>
        html`<div class="gate"><p><b>Go for ${`${letter} ${name}`}?</b> ${what}</p><p>The ${gate?.by ?? ''} answers until ${clock(planned.from)}; without an answer it is not performed.</p><p class="buttons"><button type="button" data-what="go" data-about="${name}" data-by="${gate?.by ?? ''}">Go</button> <button type="button" data-what="no-go" data-about="${name}" data-by="${gate?.by ?? ''}">No-go</button></p></div>`,
    )}`

function objectives({ seen, judgment, minute }: Shown): Html {
  const rows = judgment.slos.map((slo, index) => {
    const spec = seen.started.rehearsal.slos[index]
    const last = spec === undefined ? undefined : minute.of(spec)
    const share = last === undefined || last.attempts === 0 ? undefined : last.good / last.attempts
    const burn = last?.burn
    const p95 = minute.p95Of(slo.sli)
    return row([
      rowHead(slo.sli),
      cell(objectiveWords(slo)),
      cell(inPercent(slo.achieved), missed(slo.achieved, slo.objective)),
      cell(inPercent(share), missed(share, slo.objective)),
      cell(burn === undefined ? '–' : `${burn.toFixed(1)}×`, burn !== undefined && burn > 1 ? 'bad' : ''),
      cell(budgetShare(slo.budgetUsed), slo.budgetUsed > 1 ? 'bad' : ''),
      cell(p95 === undefined ? '–' : `${p95.toFixed(0)} ms`),
    ])
  })
  return plainTable(
    ['SLI', 'objective', 'so far', 'last minute', 'burn rate', 'budget used', 'p95 now'],
    rows,
    'Objectives',
  )
}

const missed = (share: number | undefined, objective: number): string =>
  share === undefined ? '' : share < objective ? 'bad' : 'good'

function replicas({ state, standing }: Shown): Html {
  const pods = scaled(state).map(({ name, ready, desired }) =>
    row([rowHead(name), cell(`${ready} Ready of ${desired} wanted`, ready < desired ? 'warn' : '')]),
  )
  const zones = standing
    .zones()
    .map(({ zone, ready, nodes, nodesReady }) =>
      row([
        rowHead(zone === '' ? 'no zone' : zone),
        cell(
          `${whole(ready)} pods Ready, ${nodesReady} of ${nodes} nodes Ready`,
          nodesReady < nodes || ready === 0 ? 'warn' : '',
        ),
      ]),
    )
  if (pods.length + zones.length === 0) return html`<p>Nothing was seen of the cluster yet.</p>`
  return plainTable(['workload or zone', 'now'], [...pods, ...zones], 'Replicas and zones')
}

function moneyPanel(shown: Shown): Html {
  const { operations, books } = shown.money.now()
  if (operations.length + books.length === 0) return html`<p>This run books no money, or none yet.</p>`
  const rows = operations.map(([name, each]) =>
    row([
      rowHead(name),
      cell(`${whole(each.acknowledged)} acknowledged, ${money(each.amountCents)}`),
      cell(`${whole(each.unknown)} unknown, ${whole(each.refused)} refused`, each.unknown > 0 ? 'warn' : ''),
    ]),
  )
  const bookRows = books.map((book) => {
    const pending = Object.values(book.pending).reduce((sum, each) => sum + each, 0)
    return row([
      rowHead(`book ${book.book}`),
      cell(book.settled ? 'settled' : 'not settled'),
      cell(`${whole(pending)} pending`, pending > 0 ? 'warn' : ''),
    ])
  })
  return html`${plainTable(['operation or book', 'state', 'open'], [...rows, ...bookRows], 'Money so far')}<p class="caption">Clients and books are compared when the run is over.</p>`
}

/** A generator that is busier than this may be late (judge: starved). */
const BUSY = 0.9

function generator({ state, health, judgment }: Shown): Html {
  const { dropped, missing } = judgment.generator
  const facts: readonly (readonly [string, string, string?])[] = [
    ['arrivals', `${state.achieved.toFixed(0)}/s of ${state.offered.toFixed(0)}/s planned`],
    ['dropped or late so far', whole(dropped + missing), dropped + missing > 0 ? 'warn' : ''],
    ...(state.sockets === undefined ? [] : [['open sockets', whole(state.sockets)] as const]),
    ...(health === undefined ? [] : healthRows(health)),
  ]
  return plainTable(
    ['load generator', 'now'],
    facts.map(([name, value, look = '']) => row([rowHead(name), cell(value, look)])),
    'Load generator',
  )
}

const healthRows = ({ cpuCores, hostBusy }: GeneratorHealth): readonly (readonly [string, string, string?])[] => [
  ['k6', `${cpuCores.toFixed(2)} cores`],
  ['machine', `${showMeasuredPercent(hostBusy, 0)} busy`, hostBusy > BUSY ? 'bad' : ''],
]
