/** The plan as text for a terminal: narrow enough for 100 columns, plain enough for a log. */

import { point } from '../domain/issue.ts'
import { showClock, showCount, showDuration } from '../domain/show.ts'
import type { Admission } from './blast-radius.ts'
import { curveSentence } from './curves.ts'
import type {
  DescribedAction,
  DescribedFault,
  DescribedObjective,
  DescribedPhase,
  DescribedTrigger,
  PlanDescription,
} from './describe.ts'

export function renderPlan(plan: PlanDescription): string {
  const length = showDuration(plan.totalMs)
  return [
    `${plan.rehearsal} on ${plan.context} (${plan.entry}), ${length}, ${showCount(plan.arrivals)} arrivals, seed ${plan.seed}`,
    plan.hypothesis,
    section('Timeline', timelineRows(plan)),
    section('Runners', plan.runners === undefined ? [] : [plan.runners]),
    section('Curves', plan.curves.map(curveSentence)),
    section(
      'Load of the script',
      plan.scenarios.map(({ sentence, model }) => `${sentence}, ${model} model`),
    ),
    section('Faults', plan.faults.flatMap(faultLines)),
    section('Actions', plan.actions.flatMap(actionLines)),
    section('Objectives', columns(plan.objectives.map(objectiveRow))),
    section('Thresholds of the script', plan.thresholds),
    section('Expected', plan.expectations),
    section('Required states', plan.reaches),
    section('Guardrails', plan.guardrails),
    section('Accepted findings', plan.accepted),
    section('Warnings', plan.warnings),
  ]
    .filter((part) => part !== '')
    .join('\n\n')
    .concat('\n')
}

const section = (title: string, lines: readonly string[]): string =>
  lines.length === 0 ? '' : [title, ...lines.map((line) => `  ${line}`)].join('\n')

/** Left-aligned columns, as wide as their widest cell. */
function columns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = rows.reduce<number[]>((all, row) => row.map((cell, i) => Math.max(all[i] ?? 0, cell.length)), [])
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

type Event = { readonly atMs: number; readonly row: readonly string[] }

function timelineRows(plan: PlanDescription): readonly string[] {
  const faults = plan.faults.flatMap(({ name, fromMs, toMs, gate, when }): Event[] => [
    ...(gate === undefined
      ? []
      : [{ atMs: gate.opensMs, row: [showClock(gate.opensMs), `? gate of ${name}`, '', `${gate.by} answers`] }]),
    ...(when === undefined
      ? [
          { atMs: fromMs, row: [showClock(fromMs), `! ${name}`, '', `for ${showDuration(toMs - fromMs)}`] },
          { atMs: toMs, row: [showClock(toMs), `! ${name} healed`] },
        ]
      : [
          ...waiting('!', name, fromMs, when),
          { atMs: toMs, row: [showClock(toMs), `! ${name} healed at the latest`] },
        ]),
  ])
  const actions = plan.actions.flatMap(({ name, fromMs, toMs, when, ends }): Event[] => {
    if (when !== undefined) {
      const end = toMs === undefined ? [] : [{ atMs: toMs, row: [showClock(toMs), `> ${name} ${ends} at the latest`] }]
      return [...waiting('>', name, fromMs, when), ...end]
    }
    const begin = {
      atMs: fromMs,
      row: [showClock(fromMs), `> ${name}`, '', toMs === undefined ? '' : `for ${showDuration(toMs - fromMs)}`],
    }
    return toMs === undefined ? [begin] : [begin, { atMs: toMs, row: [showClock(toMs), `> ${name} ${ends}`] }]
  })
  const phases = plan.phases.map((phase): Event => ({ atMs: phase.fromMs, row: phaseRow(phase) }))
  const end: Event = { atMs: plan.totalMs, row: [showClock(plan.totalMs), 'end of load'] }
  const events = [...phases, ...faults, ...actions].sort((a, b) => a.atMs - b.atMs)
  return columns([...events, end].map(({ row }) => Array.from({ length: 5 }, (_, i) => row[i] ?? '')))
}

/** Armed, and its deadline. */
function waiting(mark: string, name: string, fromMs: number, { byMs, forMs }: DescribedTrigger): readonly Event[] {
  const long = forMs === undefined ? '' : `for ${showDuration(forMs)}`
  return [
    { atMs: fromMs, row: [showClock(fromMs), `? ${name} armed`, '', `until ${showClock(byMs)}`] },
    { atMs: byMs, row: [showClock(byMs), `${mark} ${name} at the latest`, '', long] },
  ]
}

const beginLines = ({ fromMs, when }: DescribedFault | DescribedAction): readonly string[] =>
  when === undefined
    ? []
    : [
        `begins between ${showClock(fromMs)} and ${showClock(when.byMs)}, when ${when.sentence}`,
        'without that it is not performed, and the run is inconclusive',
      ]

function phaseRow({
  name,
  fromMs,
  rampEndMs,
  toMs,
  factor,
  rates,
  sockets,
  arrivals,
}: DescribedPhase): readonly string[] {
  const ramp = rampEndMs > fromMs ? `ramp ${showDuration(rampEndMs - fromMs)}, ` : ''
  const perSecond = Object.entries(rates).map(([profile, rate]) => `${profile} ${Number(rate.toFixed(2))}/s`)
  const open = sockets === undefined ? [] : [`${showCount(sockets)} sockets`]
  return [
    showClock(fromMs),
    name,
    `${factor}x`,
    `${ramp}for ${showDuration(toMs - rampEndMs)}`,
    [[...perSecond, ...open].join(', '), `${showCount(arrivals)} arrivals`].filter((part) => part !== '').join('; '),
  ]
}

function faultLines(fault: DescribedFault): readonly string[] {
  const details = [
    ...beginLines(fault),
    `creates ${fault.creates} from ${fault.apply}`,
    `proven when ${fault.witness}`,
    ...fault.expects.map((sentence) => `expected: ${sentence}`),
    ...countedLines(fault),
  ]
  return [`${fault.name} (${fault.phase})`, ...details.map((line) => `  ${line}`)]
}

function actionLines(action: DescribedAction): readonly string[] {
  const details = [
    ...beginLines(action),
    action.does,
    ...(action.steps === undefined ? [] : [`steps: ${action.steps.sentence}`]),
    action.undone,
    ...action.expects.map((sentence) => `expected: ${sentence}`),
    ...countedLines(action),
  ]
  return [`${action.name} (${action.phase})`, ...details.map((line) => `  ${line}`)]
}

/** The blast radius: what it counts, and which harms are counted together. */
function countedLines({ overlaps, admission, when }: DescribedFault | DescribedAction): readonly string[] {
  const together =
    overlaps.length === 0
      ? []
      : [
          `${when === undefined ? 'runs' : 'may run'} together with ${overlaps.join(', ')}; the blast radius counts them as one`,
        ]
  const counted =
    admission === undefined ? ['blast radius not counted: no cluster was asked'] : admissionLines(admission)
  return [...together, ...counted]
}

function admissionLines({ ok, note, targets, pods, problems }: Admission): readonly string[] {
  const verdict = ok ? 'admitted' : 'REFUSED'
  const reasons = problems.flatMap(({ at, code, problem, next }) => [
    `${point(at)} ${code}`,
    `  ${problem}`,
    `  Next: ${next}`,
  ])
  return [
    `${verdict}: ${note}`,
    ...targets.map((target) => `  ${target}`),
    ...pods.map((pod) => `  ${pod}`),
    ...reasons,
  ]
}

function objectiveRow({
  sentence,
  expected,
  needed,
  badAllowed,
  slo,
  provable,
  counted,
}: DescribedObjective): readonly string[] {
  const rare = slo.kind === 'availability' ? 'bad' : 'slow or bad'
  if (expected === undefined)
    return [
      sentence,
      // Sockets and indicators of the script's own metrics have no arrivals.
      counted ?? 'the script decides how many',
      `proven by ${showCount(needed)} without one ${rare}`,
    ]
  const samples = `${showCount(expected)} samples`
  if (!provable) return [sentence, samples, `NOT PROVABLE: takes ${showCount(needed)} without one ${rare}`]
  return [sentence, samples, `proven with up to ${showCount(badAllowed ?? 0)} ${rare}`]
}
