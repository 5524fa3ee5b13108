/**
 * Databases that fail over: which of their pods is Ready, which member became primary and when, and how long the client's answers were bad (RTO). The
 * ledger shows losses (RPO); the caption has the judgment's sentence about them.
 */
import { movedDatabase } from '../../domain/action.ts'
import type { PodSeen } from '../../domain/cluster.ts'
import type { ActionStep, ObjectSeen, RunStarted, Sample } from '../../domain/evidence.ts'
import { WRITABLE } from '../../domain/metric-names.ts'
import type { HarmCost, Judgment, ReactionResult } from '../../domain/verdict.ts'
import { createGauges, type Gauges } from '../../judge/seen/gauges.ts'
import { writableId } from '../../judge/seen/wanted-counters.ts'
import type { Chart, ChartRow, Span } from '../chart.ts'
import type { DrawnHarm } from '../harms.ts'
import type { Drawing, LaneOf } from '../lane.ts'
import { clock, inSeconds } from '../words.ts'
import { createFlags, type Flags } from './flags.ts'

type Promotion = {
  readonly action: string
  readonly database: string
  readonly to: string
  begun?: number
  done?: number
}

export const databasesLane: LaneOf = (started) => {
  const databases = databasesIn(started)
  const promotions = promotionsIn(started)
  const members = new Map<string, Flags>()
  const writers = createGauges()
  for (const source of databases) writers.want({ id: writableId(source), source, metric: WRITABLE, labels: {} })
  const isMember = memberOf([...databases, ...promotions.map((each) => each.to)])
  return {
    take: {
      'object-seen': ({ object, change }: ObjectSeen, at) => {
        if (object.resource === 'Pod' && isMember(object)) takeMember(members, object, change === 'deleted', at)
      },
      sample: (record: Sample) => writers.add(record, 0),
      'action-step': ({ action, step }: ActionStep, at) => {
        const promotion = promotions.find((each) => each.action === action)
        if (promotion && step.is === 'begun') promotion.begun ??= at
        if (promotion && step.is === 'done') promotion.done ??= at
      },
    },
    charts: (drawing) => {
      if (databases.length === 0) return []
      const writing = databases.flatMap((each) => writerRows(writers, each, drawing))
      return [chartOf(promotions, members, writing, drawing)]
    },
  }
}

const promotionsIn = ({ timeline }: RunStarted): readonly Promotion[] =>
  timeline.actions.flatMap(({ name, act }) => {
    const moved = movedDatabase(act)
    return moved === undefined ? [] : [{ action: name, database: moved.database, to: moved.to }]
  })

/** Databases that the rehearsal promotes, or expects to fail over. */
function databasesIn({ rehearsal, timeline }: RunStarted): readonly string[] {
  const expected = [...rehearsal.faults, ...rehearsal.actions].flatMap(({ expect }) =>
    expect.flatMap((each) => (each.kind === 'promotes' ? [each.database] : [])),
  )
  const moved = timeline.actions.flatMap(({ act }) => movedDatabase(act)?.database ?? [])
  return [...new Set([...moved, ...expected])]
}

/** Pods of a StatefulSet carry its name and a number, and the members of one database its name and their own: `orders-db-a-0`. */
const memberOf =
  (names: readonly string[]) =>
  ({ name, app }: PodSeen): boolean =>
    names.some((each) => name === each || app === each || name.startsWith(`${each}-`) || app.startsWith(`${each}-`))

function takeMember(members: Map<string, Flags>, pod: PodSeen, deleted: boolean, at: number): void {
  const known = members.get(pod.name) ?? createFlags()
  members.set(pod.name, known)
  known.set(at, [deleted ? 'gone' : pod.ready && !pod.deleting ? 'Ready' : 'not Ready'])
}

/** The member that reports that it accepts writes. Two members at a time show as two rows filled at the same place. */
function writerRows(writers: Gauges, database: string, { zeroAt, seconds }: Drawing): readonly ChartRow[] {
  const since = (at: number): number => Math.max(0, (at - zeroAt) / 1000)
  const spans = writers.spans(writableId(database)).spans.filter((each) => since(each.fromAt) < seconds)
  return [...Map.groupBy(spans, (each) => each.holder)]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([holder, own]) => ({
      name: 'takes writes',
      spans: own
        .map(({ fromAt, toAt }) => ({ from: since(fromAt), to: Math.min(seconds, since(toAt)) }))
        .sort((a, b) => a.from - b.from)
        .map((each): Span => ({ ...each, look: 'warn', text: `${holder} is primary` })),
    }))
}

function chartOf(
  promotions: readonly Promotion[],
  members: ReadonlyMap<string, Flags>,
  writing: readonly ChartRow[],
  drawing: Drawing,
): Chart {
  const { seconds } = drawing
  const pods = [...members]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, life]): ChartRow => ({ name, spans: life.spans(seconds).map(memberSpan) }))
  const outages = drawing.harms.flatMap((harm) => outageOf(harm, drawing))
  return {
    id: 'databases',
    title: 'Databases: members, promotion and recovery',
    unit: 'RTO as the client saw it',
    caption: sentence(promotions, drawing),
    lines: [],
    limits: [],
    rows: [
      ...pods,
      ...writing,
      ...promotions.map((each) => roleRow(each, seconds)),
      ...(outages.length === 0 ? [] : [{ name: 'RTO', spans: outages }]),
    ],
  }
}

function memberSpan({ from, to, flags: [state = ''] }: { from: number; to: number; flags: readonly string[] }): Span {
  return { from, to, look: state === 'Ready' ? 'good' : state === 'gone' ? 'neutral' : 'bad', text: state }
}

function roleRow({ to, database, begun, done }: Promotion, seconds: number): ChartRow {
  const spans: Span[] = []
  if (begun !== undefined)
    spans.push({ from: begun, to: Math.min(seconds, done ?? seconds), look: 'warn', text: `promoting ${to}` })
  if (done !== undefined && done < seconds)
    spans.push({ from: done, to: seconds, look: 'good', text: `${to} is primary` })
  return { name: `${database} role`, spans }
}

type Judged = { readonly reactions: readonly ReactionResult[]; readonly costs: readonly HarmCost[] }

const judgedOf = ({ kind, name }: DrawnHarm, { faults, actions }: Judgment): Judged | undefined =>
  kind === 'fault' ? faults.find((each) => each.fault === name) : actions.find((each) => each.action === name)

const promotes = (judged: Judged | undefined): readonly ReactionResult[] =>
  judged?.reactions.filter((each) => each.kind === 'promotes') ?? []

/** The judgment's duration, up to the last bad answer that the harm caused. */
function outageOf(harm: DrawnHarm, { judgment, seconds }: Drawing): readonly Span[] {
  const judged = judgedOf(harm, judgment)
  const tookMs = Math.max(0, ...promotes(judged).map((each) => each.tookMs ?? 0))
  const last = Math.max(0, ...(judged?.costs ?? []).map((each) => each.recoverMs ?? 0))
  if (harm.begun === undefined || tookMs === 0 || last === 0) return []
  const to = harm.begun + last / 1000
  const from = to - tookMs / 1000
  return from >= seconds ? [] : [{ from, to, look: 'bad', text: `${harm.letter} ${inSeconds(tookMs)}` }]
}

function sentence(promotions: readonly Promotion[], { harms, judgment }: Drawing): string {
  const moved = promotions.map((each) => `Promotion of ${each.to} ${progressOf(each)}.`)
  const judged = harms.flatMap((harm) => promotes(judgedOf(harm, judgment)).map((each) => each.sentence))
  return [...moved, ...judged].join(' ') || 'No database was asked to move, and none is known to have.'
}

function progressOf({ begun, done }: Promotion): string {
  if (begun === undefined) return 'was never asked for'
  if (done === undefined) return `was asked for at ${clock(begun)} and never came`
  return `took ${inSeconds((done - begun) * 1000)} from ${clock(begun)}`
}
