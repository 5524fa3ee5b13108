/**
 * Databases that move: which of their pods is Ready, who was made primary and when, and how long the client's own answers were bad (RTO).
 * What was lost (RPO) is the ledger's to say; the judgment's sentence about it stands in the caption.
 */
import type { PodSeen } from '../../domain/cluster.ts'
import type { ActionStep, ObjectSeen, RunStarted } from '../../domain/evidence.ts'
import type { HarmCost, Judgment, ReactionResult } from '../../domain/verdict.ts'
import type { Chart, Row, Span } from '../chart.ts'
import type { Harm } from '../harms.ts'
import type { Drawing, LaneOf } from '../lane.ts'
import { clock, inSeconds } from '../words.ts'
import { type Flags, flags } from './flags.ts'

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
  const isMember = memberOf([...databases, ...promotions.map((each) => each.to)])
  return {
    take: {
      'object-seen': ({ object, change }: ObjectSeen, at) => {
        if (object.resource === 'Pod' && isMember(object)) takeMember(members, object, change === 'deleted', at)
      },
      'action-step': ({ action, step }: ActionStep, at) => {
        const promotion = promotions.find((each) => each.action === action)
        if (promotion && step.is === 'begun') promotion.begun ??= at
        if (promotion && step.is === 'done') promotion.done ??= at
      },
    },
    charts: (drawing) => (databases.length === 0 ? [] : [chartOf(promotions, members, drawing)]),
  }
}

const promotionsIn = ({ timeline }: RunStarted): readonly Promotion[] =>
  timeline.actions.flatMap(({ name, act }) =>
    act.kind === 'promote' ? [{ action: name, database: act.database, to: act.to }] : [],
  )

/** Those that the rehearsal moves, or expects to move when something else breaks. */
function databasesIn({ rehearsal, timeline }: RunStarted): readonly string[] {
  const expected = [...rehearsal.faults, ...rehearsal.actions].flatMap(({ expect }) =>
    expect.flatMap((each) => (each.kind === 'promotes' ? [each.database] : [])),
  )
  const moved = timeline.actions.flatMap(({ act }) => (act.kind === 'promote' ? [act.database] : []))
  return [...new Set([...moved, ...expected])]
}

/** Pods of a StatefulSet carry its name and a number, and the members of one database its name and their own: `wallet-db-a-0`. */
const memberOf =
  (names: readonly string[]) =>
  ({ name, app }: PodSeen): boolean =>
    names.some((each) => name === each || app === each || name.startsWith(`${each}-`) || app.startsWith(`${each}-`))

function takeMember(members: Map<string, Flags>, pod: PodSeen, deleted: boolean, at: number): void {
  const known = members.get(pod.name) ?? flags()
  members.set(pod.name, known)
  known.set(at, [deleted ? 'gone' : pod.ready && !pod.deleting ? 'Ready' : 'not Ready'])
}

function chartOf(promotions: readonly Promotion[], members: ReadonlyMap<string, Flags>, drawing: Drawing): Chart {
  const { seconds } = drawing
  const pods = [...members]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, life]): Row => ({ name, spans: life.spans(seconds).map(memberSpan) }))
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
      ...promotions.map((each) => roleRow(each, seconds)),
      ...(outages.length === 0 ? [] : [{ name: 'RTO', spans: outages }]),
    ],
  }
}

function memberSpan({ from, to, flags: [state = ''] }: { from: number; to: number; flags: readonly string[] }): Span {
  return { from, to, look: state === 'Ready' ? 'good' : state === 'gone' ? 'neutral' : 'bad', text: state }
}

function roleRow({ to, database, begun, done }: Promotion, seconds: number): Row {
  const spans: Span[] = []
  if (begun !== undefined)
    spans.push({ from: begun, to: Math.min(seconds, done ?? seconds), look: 'warn', text: `promoting ${to}` })
  if (done !== undefined && done < seconds)
    spans.push({ from: done, to: seconds, look: 'good', text: `${to} is primary` })
  return { name: `${database} role`, spans }
}

type Judged = { readonly reactions: readonly ReactionResult[]; readonly costs: readonly HarmCost[] }

const judgedOf = ({ kind, name }: Harm, { faults, actions }: Judgment): Judged | undefined =>
  kind === 'fault' ? faults.find((each) => each.fault === name) : actions.find((each) => each.action === name)

const promotes = (judged: Judged | undefined): readonly ReactionResult[] =>
  judged?.reactions.filter((each) => each.kind === 'promotes') ?? []

/** From the first bad answer to the last one, of the harm by which the database moved. */
function outageOf(harm: Harm, { judgment, seconds }: Drawing): readonly Span[] {
  const judged = judgedOf(harm, judgment)
  if (harm.begun === undefined || judged === undefined || promotes(judged).length === 0) return []
  const first = Math.min(...judged.costs.map((each) => each.detectMs ?? Number.POSITIVE_INFINITY))
  const last = Math.max(...judged.costs.map((each) => each.recoverMs ?? 0))
  const from = harm.begun + first / 1000
  if (!Number.isFinite(first) || last <= first || from >= seconds) return []
  return [{ from, to: harm.begun + last / 1000, look: 'bad', text: `${harm.letter} ${inSeconds(last - first)}` }]
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
