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
  const recent: LoadFrame[] = []
  const add = (record: Evidence) => {
    state.at = record.at
    switch (record.kind) {
      case 'phase-started':
        state.phase = record.phase
        return
      case 'load-started':
        state.zeroAt = record.zeroAt
        return
      case 'load-frame':
        recent.push(record)
        if (recent.length > WINDOW_FRAMES) recent.shift()
        return showFrames(state, recent, timeline)
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

function showFrames(state: LiveState, frames: readonly LoadFrame[], timeline: Timeline): void {
  const first = frames[0]
  const last = frames.at(-1)
  if (first === undefined || last === undefined || state.zeroAt === undefined) return
  const spanMs = last.at - first.at
  if (spanMs > 0) {
    state.achieved = (iterationsOf(last) - iterationsOf(first)) / (spanMs / 1000)
    const from = first.at - state.zeroAt
    const to = last.at - state.zeroAt
    state.offered =
      timeline.load.profiles.reduce((sum, each) => sum + arrivalsBetween(each.stages, from, to), 0) / (spanMs / 1000)
  }
  for (const [sli, counts] of Object.entries(last.slis)) {
    const p95Ms = quantileOf(
      frames.flatMap((frame) => frame.slis[sli]?.histogram ?? []).sort((a, b) => a[0] - b[0]),
      0.95,
    )
    state.slis.set(sli, { good: counts.good, bad: counts.bad, ...(p95Ms === undefined ? {} : { p95Ms }) })
  }
  if (last.sockets) state.sockets = last.sockets.open
}

const iterationsOf = (frame: LoadFrame): number =>
  Object.values(frame.profiles).reduce((sum, each) => sum + each.iterations, 0)
