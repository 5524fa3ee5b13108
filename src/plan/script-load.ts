/**
 * The load of a script that does not read the load plan: k6's scenarios, set from outside. Either the rehearsal's arrivals call its exported functions, or
 * the script's own scenarios are the load and the phases scale them.
 */
import { arrivalStages, exportNameOf, runnableStages } from '../domain/arrival-profile.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import type { K6Scenario, ScriptFacts } from '../domain/script.ts'
import { showCount, showDuration } from '../domain/show.ts'
import type { LoadPlan, LoadProfile, LoadStage, OutsideLoad, ShownScenario } from '../domain/timeline.ts'
import { isSome, millis, perSecond, type Some } from '../domain/units.ts'
import { curveStages } from './curve-stages.ts'
import { factorAt, factorBreaks, factorMax, isUnscaled } from './factors.ts'
import { countField, durationField, stagesField } from './script-fields.ts'
import { stagesOf } from './stages.ts'

/** k6's own default. https://grafana.com/docs/k6/latest/using-k6/scenarios/concepts/graceful-stop/ */
const GRACEFUL_STOP_MS = 30_000

export type ScriptLoad = Pick<LoadPlan, 'profiles'> & { readonly outside: OutsideLoad }

export function scriptLoad(
  rehearsal: Rehearsal,
  target: Target,
  { seed }: { readonly seed: number },
  facts: ScriptFacts,
): ScriptLoad {
  return rehearsal.load.own ? ownLoad(rehearsal, target, facts) : arrivalsLoad(rehearsal, target, seed)
}

/** How long an iteration of an unknown script may take without a drop. Up to there VUs are added as they are needed. */
const USUAL_ITERATION_S = 3
const LONGEST_ITERATION_S = 30

function arrivalsLoad(rehearsal: Rehearsal, target: Target, seed: number): ScriptLoad {
  const made = Object.entries(rehearsal.load.arrivals).map(([name, rate]) => {
    const curve = rehearsal.load.curves?.[name]
    const stages = curve
      ? curveStages(rehearsal.phases, curve, target.loadFactor, seed, name)
      : stagesOf(rehearsal, rate * target.loadFactor)
    const peak = Math.max(...stages.map(({ to }) => to))
    const scenario: K6Scenario = {
      executor: 'ramping-arrival-rate',
      exec: exportNameOf(name),
      ...arrivalStages(runnableStages(stages)),
      preAllocatedVUs: Math.ceil(peak * USUAL_ITERATION_S) + 2,
      maxVUs: Math.ceil(peak * LONGEST_ITERATION_S) + 2,
    }
    return { name, scenario, stages, endsMs: lengthOf(rehearsal), shown: [] }
  })
  return together(made)
}

type Made = {
  readonly name: string
  readonly scenario: K6Scenario
  /** Arrivals that are due, counted from the start of the load; undefined for a closed model. */
  readonly stages?: Some<LoadStage>
  readonly endsMs: number
  readonly shown: readonly ShownScenario[]
}

function together(made: readonly Made[]): ScriptLoad {
  const drains = made.map(({ scenario }) => durationField(scenario, 'gracefulStop') ?? GRACEFUL_STOP_MS)
  return {
    profiles: made.flatMap(({ name, stages }): LoadProfile[] => (stages === undefined ? [] : [{ name, stages }])),
    outside: {
      scenarios: Object.fromEntries(made.map(({ name, scenario }) => [name, scenario])),
      shown: made.flatMap(({ shown }) => shown),
      endsMs: millis(Math.max(0, ...made.map(({ endsMs }) => endsMs))),
      drainMs: millis(Math.max(0, ...drains)),
    },
  }
}

const lengthOf = ({ phases }: Pick<Rehearsal, 'phases'>): number =>
  phases.reduce((sum, { rampMs, forMs }) => sum + rampMs + forMs, 0)

/** What the scaling of one scenario needs to know. */
type Frame = {
  readonly rehearsal: Rehearsal
  readonly loadFactor: number
  /** Length of the timeline, and of the script's own load. */
  readonly totalMs: number
  readonly scriptMs: number
}

function ownLoad(rehearsal: Rehearsal, { loadFactor }: Target, { scenarios }: ScriptFacts): ScriptLoad {
  const scriptMs = Math.max(0, ...Object.values(scenarios).map((each) => endOf(each)))
  const frame = { rehearsal, loadFactor, totalMs: lengthOf(rehearsal), scriptMs }
  return together(Object.entries(scenarios).map(([name, scenario]) => scaled(name, scenario, frame)))
}

const startOf = (scenario: K6Scenario): number => durationField(scenario, 'startTime') ?? 0

/** k6's default for executors with a number of iterations. */
const MAX_DURATION_MS = 600_000

function endOf(scenario: K6Scenario): number {
  const stages = stagesField(scenario)
  const lasts =
    stages.length > 0
      ? stages.reduce((sum, { durationMs }) => sum + durationMs, 0)
      : (durationField(scenario, 'duration') ?? durationField(scenario, 'maxDuration') ?? MAX_DURATION_MS)
  return startOf(scenario) + lasts
}

function scaled(name: string, scenario: K6Scenario, frame: Frame): Made {
  switch (scenario.executor) {
    case 'constant-arrival-rate':
    case 'ramping-arrival-rate':
      return openScenario(name, scenario, frame)
    case 'constant-vus':
    case 'ramping-vus':
      return closedScenario(name, scenario, frame)
    default:
      return iterations(name, scenario, frame)
  }
}

/** A constant scenario that lasts to the end of the script's load lasts to the end of the timeline. All others keep their own times. */
function ownEnd(scenario: K6Scenario, { scriptMs, totalMs }: Frame): number {
  const end = endOf(scenario)
  const isConstant = scenario.executor.startsWith('constant-')
  return isConstant && end >= scriptMs ? totalMs : Math.min(end, totalMs)
}

/** The level of a scenario in its own time, as stages from its start: a rate in arrivals per second, or a number of VUs. */
function levelsOf(scenario: K6Scenario, lastsMs: number, unit: number): readonly LoadStage[] {
  const constant = countField(scenario, 'rate') ?? countField(scenario, 'vus')
  if (scenario.executor.startsWith('constant-')) {
    const level = perSecond((constant ?? 1) / unit)
    return [{ durationMs: millis(lastsMs), from: level, to: level }]
  }
  let before = (countField(scenario, 'startRate') ?? countField(scenario, 'startVUs') ?? 0) / unit
  return stagesField(scenario).map(({ durationMs, target }) => {
    const stage = { durationMs: millis(durationMs), from: perSecond(before), to: perSecond(target / unit) }
    before = target / unit
    return stage
  })
}

/** The levels times the factor of the phases, between all moments at which one of the two bends; straight lines between them. */
function scaledLevels(
  levels: readonly LoadStage[],
  startMs: number,
  endMs: number,
  frame: Frame,
): readonly LoadStage[] {
  let at = startMs
  const own = [startMs, ...levels.map(({ durationMs }) => (at += durationMs))]
  const breaks = [...own, ...factorBreaks(frame.rehearsal), endMs].filter((at) => at >= startMs && at <= endMs)
  const times = [...new Set(breaks)].sort((a, b) => a - b)
  return times.slice(1).map((to, index) => {
    const from = times[index] ?? startMs
    const level = (at: number, side: 'after' | 'before') =>
      perSecond(levelIn(levels, at - startMs, side) * factorAt(frame.rehearsal, at, side) * frame.loadFactor)
    return { durationMs: millis(to - from), from: level(from, 'after'), to: level(to, 'before') }
  })
}

/** The level at a moment; where it jumps, the one before or after. */
function levelIn(levels: readonly LoadStage[], atMs: number, side: 'after' | 'before'): number {
  let start = 0
  for (const { durationMs, from, to } of levels) {
    const end = start + durationMs
    if (atMs < end || (side === 'before' && atMs === end))
      return from + ((to - from) * (atMs - start)) / Math.max(durationMs, 1)
    start = end
  }
  return levels.at(-1)?.to ?? 0
}

const idle = (durationMs: number): readonly LoadStage[] =>
  durationMs > 0 ? [{ durationMs: millis(durationMs), from: perSecond(0), to: perSecond(0) }] : []

function openScenario(name: string, scenario: K6Scenario, frame: Frame): Made {
  const start = Math.min(startOf(scenario), frame.totalMs)
  const end = ownEnd(scenario, frame)
  const unit = (durationField(scenario, 'timeUnit') ?? 1000) / 1000
  const levels = levelsOf(scenario, end - start, unit)
  const same = isUnscaled(frame.rehearsal, frame.loadFactor) && end === endOf(scenario)
  const stages = same ? levels : scaledLevels(levels, start, end, frame)
  const due = [...idle(start), ...stages]
  const more = Math.max(1, factorMax(frame.rehearsal) * frame.loadFactor)
  const vus = (field: string) =>
    Math.ceil((countField(scenario, field) ?? countField(scenario, 'preAllocatedVUs') ?? 1) * more)
  const {
    rate: _rate,
    duration: _duration,
    startRate: _startRate,
    timeUnit: _unit,
    stages: _stages,
    ...kept
  } = scenario
  const changed: K6Scenario = isSome(stages)
    ? {
        ...kept,
        executor: 'ramping-arrival-rate',
        ...arrivalStages(runnableStages(stages)),
        preAllocatedVUs: vus('preAllocatedVUs'),
        maxVUs: vus('maxVUs'),
      }
    : scenario
  const peak = Math.max(0, ...stages.map(({ from, to }) => Math.max(from, to)))
  const sentence = `${name}: ${scenario.executor}, up to ${Number(peak.toFixed(2))}/s ${spanText(start, end, scenario)}`
  return {
    name,
    scenario: same ? scenario : changed,
    ...(isSome(due) ? { stages: due } : {}),
    endsMs: end,
    shown: [{ name, model: 'open', sentence, warnings: [] }],
  }
}

function closedScenario(name: string, scenario: K6Scenario, frame: Frame): Made {
  const start = Math.min(startOf(scenario), frame.totalMs)
  const end = ownEnd(scenario, frame)
  const stages = scaledLevels(levelsOf(scenario, end - start, 1), start, end, frame)
  const same = isUnscaled(frame.rehearsal, frame.loadFactor) && end === endOf(scenario)
  const { vus: _vus, duration: _duration, startVUs: _startVus, stages: _stages, ...kept } = scenario
  const whole = (level: number) => Math.round(level)
  const changed: K6Scenario = {
    ...kept,
    executor: 'ramping-vus',
    startVUs: whole(stages[0]?.from ?? 0),
    stages: stages.flatMap(({ durationMs, from, to }, index) => {
      const jump = index > 0 && stages[index - 1]?.to !== from ? [{ duration: '0s', target: whole(from) }] : []
      return [...jump, { duration: `${durationMs}ms`, target: whole(to) }]
    }),
  }
  const peak = Math.max(0, ...stages.map(({ from, to }) => Math.max(from, to)))
  const sentence = `${name}: ${scenario.executor}, up to ${showCount(Math.round(peak))} VUs ${spanText(start, end, scenario)}`
  return {
    name,
    scenario: same ? scenario : changed,
    endsMs: end,
    shown: [{ name, model: 'closed', sentence, warnings: [] }],
  }
}

/** A number of iterations: nothing to scale, but it must end with the timeline. */
function iterations(name: string, scenario: K6Scenario, frame: Frame): Made {
  const start = Math.min(startOf(scenario), frame.totalMs)
  const end = Math.min(endOf(scenario), frame.totalMs)
  const vus = countField(scenario, 'vus') ?? 1
  const count = countField(scenario, 'iterations') ?? 1
  const each = scenario.executor === 'per-vu-iterations' ? ' each' : ''
  const sentence = `${name}: ${scenario.executor}, ${showCount(vus)} VUs, ${showCount(count)} iterations${each} ${spanText(start, end, scenario)}`
  const isScaled = !isUnscaled(frame.rehearsal, frame.loadFactor)
  const warnings = isScaled
    ? [`${name} is not scaled by the phases: ${scenario.executor} has a fixed number of iterations.`]
    : []
  const changed = { ...scenario, maxDuration: `${Math.max(1000, end - start)}ms` }
  return { name, scenario: changed, endsMs: end, shown: [{ name, model: 'closed', sentence, warnings }] }
}

function spanText(start: number, end: number, scenario: K6Scenario): string {
  return `from ${showDuration(millis(start))} to ${showDuration(millis(end))}${endNote(end, scenario)}`
}

/** Iterations have a longest time, not an end. */
function endNote(end: number, scenario: K6Scenario): string {
  const own = endOf(scenario)
  const says = `the script says ${showDuration(millis(own))}`
  if (end > own) return ` (${says}; it goes on to the end of the timeline)`
  return end === own || scenario.executor.endsWith('-iterations') ? '' : ` (${says}; the timeline ends before)`
}
