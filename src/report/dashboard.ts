/**
 * A Grafana dashboard of what runs publish (domain/published.ts), in Grafana's dashboard JSON model. Its data source and the run are variables, so that one
 * dashboard shows every run.
 */
import type { PublishedSeries } from '../domain/published.ts'

type Json = Readonly<Record<string, unknown>>
type Query = { readonly expr: string; readonly legend: string }
type PanelOf = {
  readonly title: string
  readonly description: string
  readonly width: number
  readonly unit: string
  readonly queries: readonly Query[]
  readonly states?: true
  readonly max?: number
}

const SOURCE = { type: 'prometheus', uid: '$datasource' } as const
const GRAFANA = { type: 'grafana', uid: '-- Grafana --' } as const
const COLUMNS = 24
const HEIGHT = 8
/** Samples come once a second. A shorter range would show every hiccup, and Grafana's own interval assumes a scrape every 15 s. */
const RANGE = '[30s]'

const of = (name: PublishedSeries): string => `${name}{rehearsal=~"$rehearsal", run=~"$run"}`
const rateOf = (name: PublishedSeries): string => `sum by (run, sli) (rate(${of(name)}${RANGE}))`

const panels: readonly PanelOf[] = [
  {
    title: 'Phases, faults and actions',
    description: 'What the run does to the platform. A fault is active from its injection until it is healed.',
    width: 24,
    unit: 'none',
    states: true,
    queries: [
      { expr: of('matchday_phase'), legend: 'phase {{phase}}' },
      { expr: of('matchday_fault_active'), legend: 'fault {{fault}}' },
      { expr: of('matchday_action_active'), legend: 'action {{action}}' },
    ],
  },
  {
    title: 'Availability',
    description: 'Share of good attempts, with the objective of each indicator.',
    width: 12,
    unit: 'percentunit',
    max: 1,
    queries: [
      { expr: `${rateOf('matchday_sli_good_total')} / ${rateOf('matchday_sli_attempts_total')}`, legend: '{{sli}}' },
      { expr: of('matchday_sli_objective_ratio'), legend: 'objective of {{sli}}' },
    ],
  },
  {
    title: 'Latency, p95',
    description: 'Of the good attempts, from the time at which they were due, with the limit of each objective.',
    width: 12,
    unit: 's',
    queries: [
      {
        expr: `histogram_quantile(0.95, sum by (run, sli, le) (rate(${of('matchday_sli_latency_seconds_bucket')}${RANGE})))`,
        legend: '{{sli}}',
      },
      { expr: of('matchday_sli_latency_objective_seconds'), legend: 'limit of {{sli}} at {{quantile}}' },
    ],
  },
  {
    title: 'Attempts',
    description: 'Attempts per second of each indicator.',
    width: 12,
    unit: 'reqps',
    queries: [{ expr: rateOf('matchday_sli_attempts_total'), legend: '{{sli}}' }],
  },
  {
    title: 'Bad attempts',
    description: 'Bad attempts per second of each indicator.',
    width: 12,
    unit: 'reqps',
    queries: [{ expr: rateOf('matchday_sli_bad_total'), legend: '{{sli}}' }],
  },
  {
    title: 'Replicas',
    description: 'Ready pods of each workload, and how many it wants.',
    width: 24,
    unit: 'short',
    queries: [
      { expr: of('matchday_workload_replicas_ready'), legend: '{{workload}} ready' },
      { expr: of('matchday_workload_replicas_desired'), legend: '{{workload}} wanted' },
    ],
  },
  {
    title: 'Load generator: CPU',
    description:
      'Cores that it uses, and the busy share of its machine. A starved generator makes the run inconclusive.',
    width: 8,
    unit: 'short',
    queries: [
      { expr: of('matchday_generator_cpu_cores'), legend: 'cores, {{instance}}' },
      { expr: of('matchday_generator_host_busy_ratio'), legend: 'busy share of the machine, {{instance}}' },
    ],
  },
  {
    title: 'Load generator: lateness',
    description: 'p95 of the lateness of its event loop.',
    width: 8,
    unit: 's',
    queries: [{ expr: of('matchday_generator_loop_lag_p95_seconds'), legend: '{{instance}}' }],
  },
  {
    title: 'Load generator: dropped arrivals',
    description: 'Arrivals per second that were due and dropped, and its virtual users.',
    width: 8,
    unit: 'short',
    queries: [
      { expr: `sum by (run) (rate(${of('matchday_generator_dropped_total')}${RANGE}))`, legend: 'dropped' },
      { expr: of('matchday_generator_vus'), legend: 'virtual users, {{instance}}' },
    ],
  },
]

export function grafanaDashboard(): Json {
  return {
    uid: 'matchday',
    title: 'matchday rehearsals',
    description: 'What matchday publishes of its runs by remote write and annotations.',
    tags: ['matchday'],
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    refresh: '5s',
    schemaVersion: 39,
    version: 1,
    time: { from: 'now-15m', to: 'now' },
    timepicker: {},
    links: [],
    templating: { list: variables },
    annotations: { list: annotations },
    panels: placed(panels),
  }
}

const labelVariable = (name: string, filter: string, includeAll: boolean): Json => ({
  name,
  type: 'query',
  label: name,
  datasource: SOURCE,
  query: { query: `label_values(matchday_phase${filter}, ${name})`, refId: name },
  definition: `label_values(matchday_phase${filter}, ${name})`,
  refresh: 2,
  sort: 2,
  multi: true,
  includeAll,
  options: [],
  current: {},
  hide: 0,
})

const variables: readonly Json[] = [
  {
    name: 'datasource',
    type: 'datasource',
    label: 'Prometheus',
    query: 'prometheus',
    refresh: 1,
    options: [],
    current: {},
    hide: 0,
  },
  labelVariable('rehearsal', '', true),
  labelVariable('run', '{rehearsal=~"$rehearsal"}', true),
]

/** A region of each fault and action, as the run posted it. */
const tagged = (name: string, tag: string, iconColor: string): Json => ({
  name,
  datasource: GRAFANA,
  enable: true,
  hide: false,
  iconColor,
  target: { type: 'tags', limit: 100, matchAny: false, tags: [tag] },
})

const annotations: readonly Json[] = [
  tagged('Faults', 'matchday-fault', 'red'),
  tagged('Actions', 'matchday-action', 'orange'),
  tagged('Guardrails', 'matchday-guardrail', 'purple'),
  tagged('Phases', 'matchday-phase', 'blue'),
]

/** From left to right, and a new line where a panel does not fit. */
function placed(all: readonly PanelOf[]): readonly Json[] {
  let [x, y] = [0, 0]
  return all.map((panel, index) => {
    if (x + panel.width > COLUMNS) [x, y] = [0, y + HEIGHT]
    const gridPos = { h: HEIGHT, w: panel.width, x, y }
    x += panel.width
    return panelOf(panel, index + 1, gridPos)
  })
}

const panelOf = ({ title, description, unit, queries, states, max }: PanelOf, id: number, gridPos: Json): Json => ({
  id,
  type: states ? 'state-timeline' : 'timeseries',
  title,
  description,
  datasource: SOURCE,
  gridPos,
  fieldConfig: {
    defaults: { unit, ...(max === undefined ? {} : { max }), custom: {}, ...(states ? STATES : {}) },
    overrides: [],
  },
  options: states
    ? { showValue: 'never', mergeValues: true }
    : { legend: { displayMode: 'list', placement: 'bottom' } },
  targets: queries.map(({ expr, legend }, index) => ({
    refId: String.fromCharCode(65 + index),
    datasource: SOURCE,
    expr,
    legendFormat: legend,
    range: true,
  })),
})

const STATES: Json = {
  mappings: [
    {
      type: 'value',
      options: { '0': { text: 'no', color: 'transparent', index: 0 }, '1': { text: 'yes', color: 'red', index: 1 } },
    },
  ],
}
