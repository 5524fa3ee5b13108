/** The state shown during a run, on the terminal and on the live page, folded from the journal's records: phase, load, SLIs, replicas, faults, actions. */
import { arrivalsBetween } from '../../domain/arrivals.ts'
import type { Evidence, LoadFrame } from '../../domain/evidence.ts'
import { quantileOf } from '../../domain/statistics.ts'
import type { Timeline } from '../../domain/timeline.ts'
import type { Instant } from '../../domain/units.ts'

export type LiveState = {
  phase: string
  zeroAt?: Instant
  at?: Instant
  offered: number
  achieved: number
  slis: Map<string, { good: number; bad: number; p95Ms?: number }>
  sockets?: number
  replicas: Map<string, { ready: number; desired?: number }>
  faults: Map<string, string>
  actions: Map<string, string>
  hostBusy?: number
}

export const newLiveState = (): LiveState => ({
  phase: 'starting',
  offered: 0,
  achieved: 0,
  slis: new Map(),
  replicas: new Map(),
  faults: new Map(),
  actions: new Map(),
})

/** The last frames, so that rates are smoothed over five seconds. */
const WINDOW_FRAMES = 5

export function liveView(timeline: Timeline): { readonly state: LiveState; add(record: Evidence): void } {
  const state = newLiveState()
  /** Of each instance of the load generator. */
  const recent = new Map<string, LoadFrame[]>()
  const add = (record: Evidence) => {
    state.at = record.at
    switch (record.kind) {
      case 'phase-started':
        state.phase = record.phase
        return
      case 'load-started':
        if (state.zeroAt === undefined || record.zeroAt < state.zeroAt) state.zeroAt = record.zeroAt
        return
      case 'load-frame':
        recent.set(record.instance, [...(recent.get(record.instance) ?? []), record].slice(-WINDOW_FRAMES))
        return showFrames(state, [...recent.values()], timeline)
      case 'object-seen': {
        const { object } = record
        if (object.resource === 'HorizontalPodAutoscaler') setReplicas(state, object.of, { desired: object.desired })
        if (object.resource === 'Deployment') setReplicas(state, object.name, { ready: object.ready })
        return
      }
      case 'fault-step':
        if (record.step.is !== 'coverage') state.faults.set(record.fault, record.step.is)
        return
      case 'action-step':
        if (record.step.is === 'evicted' || record.step.is === 'eviction-refused')
          state.actions.set(record.action, `${record.step.is} ${record.step.pod}`)
        else state.actions.set(record.action, record.step.is)
        return
      case 'generator-health':
        state.hostBusy = record.hostBusy
        return
      default:
        return
    }
  }
  return { state, add }
}

function setReplicas(state: LiveState, name: string, change: { ready?: number; desired?: number }): void {
  state.replicas.set(name, { ready: 0, ...state.replicas.get(name), ...change })
}

/** Only autoscaled deployments are shown: they have a wanted number besides the ready one. */
export const scaled = (
  state: LiveState,
): readonly { readonly name: string; readonly ready: number; readonly desired: number }[] =>
  [...state.replicas].flatMap(([name, { ready, desired }]) => (desired === undefined ? [] : [{ name, ready, desired }]))

/** `all`: the frames of each instance; their counts add up. */
function showFrames(state: LiveState, all: readonly (readonly LoadFrame[])[], timeline: Timeline): void {
  const ends = all.flatMap((frames) => {
    const [first, last] = [frames[0], frames.at(-1)]
    return first === undefined || last === undefined ? [] : [{ first, last }]
  })
  const spans = ends.filter(({ first, last }) => last.at > first.at)
  const [span] = spans
  if (state.zeroAt === undefined) return
  if (span !== undefined) {
    const perSecond = ({ first, last }: typeof span) =>
      (iterationsOf(last) - iterationsOf(first)) / ((last.at - first.at) / 1000)
    state.achieved = spans.reduce((sum, each) => sum + perSecond(each), 0)
    const from = span.first.at - state.zeroAt
    const to = span.last.at - state.zeroAt
    state.offered =
      timeline.load.profiles.reduce((sum, each) => sum + arrivalsBetween(each.stages, from, to), 0) /
      ((to - from) / 1000)
  }
  const frames = all.flat()
  for (const sli of new Set(ends.flatMap(({ last }) => Object.keys(last.slis)))) {
    const sumOf = (field: 'good' | 'bad') => ends.reduce((sum, { last }) => sum + (last.slis[sli]?.[field] ?? 0), 0)
    const p95Ms = quantileOf(
      frames.flatMap((frame) => frame.slis[sli]?.histogram ?? []).sort((a, b) => a[0] - b[0]),
      0.95,
    )
    state.slis.set(sli, { good: sumOf('good'), bad: sumOf('bad'), ...(p95Ms === undefined ? {} : { p95Ms }) })
  }
  const open = ends.flatMap(({ last }) => last.sockets?.open ?? [])
  if (open.length > 0) state.sockets = open.reduce((sum, each) => sum + each, 0)
}

const iterationsOf = (frame: LoadFrame): number =>
  Object.values(frame.profiles).reduce((sum, each) => sum + each.iterations, 0)
