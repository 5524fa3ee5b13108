/** Agenda against actual: when each phase, fault and action was planned, and when it really was. For runs that people followed. */
import type { Judgment } from '../../domain/verdict.ts'
import { type Html, html } from '../escape/html.ts'
import { biteOf, type DrawnHarm } from '../harms.ts'
import type { RunView } from '../view.ts'
import { clock, inSeconds, type Look } from '../words.ts'
import { cell, row, rowHead, section, table } from './markup.ts'

/** A smaller difference counts as on time: a fault is requested at its time, and the cluster needs a moment to inject it. */
const ON_TIME_SECONDS = 1

export function agenda(_: Judgment, view: RunView): Html {
  const { gameday } = view.started.rehearsal
  if (gameday === undefined && view.people.timeline.length === 0) return html``
  const rows = [...view.phases.map((phase) => phaseRow(phase, view)), ...view.harms.map((harm) => harmRow(harm, view))]
  const box = gameday?.timeboxMs === undefined ? [] : [boxRow(gameday.timeboxMs / 1000, view.seconds)]
  const heads = ['what', 'planned', 'actual', 'difference']
  return section('agenda', 'Agenda against actual', table(heads, [...rows, ...box], 'Agenda against actual'))
}

const span = (from: number, to: number | undefined): string =>
  `${clock(from)}${to === undefined ? '' : `–${clock(to)}`}`

function phaseRow({ name, from, to }: RunView['phases'][number], { phasesBegun, seconds }: RunView): Html {
  const begun = phasesBegun.get(name)
  const actual = begun === undefined ? '–' : span(begun, Math.min(to - from + begun, seconds))
  const words = begun === undefined ? (['never began', 'warn'] as const) : lateness(begun - from)
  return row([rowHead(`phase ${name}`), cell(span(from, to)), cell(actual), cell(words[0], words[1])])
}

function harmRow(harm: DrawnHarm, { seconds }: RunView): Html {
  const { kind, letter, name, planned, problem } = harm
  const bite = biteOf(harm, seconds)
  const words =
    bite === undefined
      ? ([problem ?? 'never began', 'warn'] as const)
      : lateness(bite[0] - planned.from, lengthOf(harm))
  return row([
    rowHead(`${kind} ${letter} ${name}`),
    cell(span(planned.from, planned.to)),
    cell(bite === undefined ? '–' : span(bite[0], bite[1])),
    cell(words[0], words[1]),
  ])
}

/** By how much it lasted longer or shorter than planned. */
function lengthOf({ planned, begun, healed }: DrawnHarm): number {
  if (planned.to === undefined || begun === undefined || healed === undefined) return 0
  return healed - begun - (planned.to - planned.from)
}

function lateness(late: number, longer = 0): readonly [words: string, look: Look] {
  const told = [
    ...(Math.abs(late) < ON_TIME_SECONDS ? [] : [`${inSeconds(Math.abs(late) * 1000)} ${late > 0 ? 'late' : 'early'}`]),
    ...(Math.abs(longer) < ON_TIME_SECONDS
      ? []
      : [`${inSeconds(Math.abs(longer) * 1000)} ${longer > 0 ? 'longer' : 'shorter'}`]),
  ]
  return told.length === 0 ? ['on time', 'good'] : [told.join(', '), 'warn']
}

function boxRow(box: number, seconds: number): Html {
  const over = seconds - box
  const words = over > 0 ? ([`${clock(over)} over`, 'warn'] as const) : ([`${clock(-over)} left`, 'good'] as const)
  return row([rowHead('time box'), cell(`0:00–${clock(box)}`), cell(span(0, seconds)), cell(words[0], words[1])])
}
