/** Live progress: on a terminal, a few lines that are repainted; elsewhere, one plain line per event and a heartbeat. */
import type { Evidence } from '../domain/evidence.ts'
import { showMeasuredPercent } from '../domain/show.ts'
import type { Timeline } from '../domain/timeline.ts'
import { type LiveState, liveView, scaled } from '../report/live/state.ts'
import { eventText } from './event-text.ts'
import { isInteractive, onStderr, say, showProgressLines, type TerminalText, term } from './terminal.ts'

const REPAINT_MS = 500
const HEARTBEAT_MS = 30_000

export type Progress = { add(record: Evidence): void; end(): void }

export function showProgress(timeline: Timeline, quiet: boolean): Progress {
  if (quiet) return { add: () => undefined, end: () => undefined }
  return isInteractive() ? painting(timeline) : lining(timeline)
}

function painting(timeline: Timeline): Progress {
  const live = liveView(timeline)
  const paint = () => showProgressLines(screen(live.state, timeline))
  const timer = setInterval(paint, REPAINT_MS)
  return {
    add: (record) => {
      live.add(record)
      const line = eventLine(record, live.state)
      if (line === undefined) return
      say(line)
      paint()
    },
    end: () => {
      clearInterval(timer)
      showProgressLines([])
    },
  }
}

function lining(timeline: Timeline): Progress {
  const live = liveView(timeline)
  const heartbeat = setInterval(() => say(term`${elapsed(live.state)} ${summaryLine(live.state)}`), HEARTBEAT_MS)
  return {
    add: (record) => {
      live.add(record)
      const line = eventLine(record, live.state)
      if (line !== undefined) say(line)
    },
    end: () => clearInterval(heartbeat),
  }
}

const elapsed = (state: LiveState): string => {
  if (state.zeroAt === undefined || state.at === undefined) return ' --:--'
  const whole = Math.max(0, Math.floor((state.at - state.zeroAt) / 1000))
  return `${String(Math.floor(whole / 60)).padStart(3, ' ')}:${String(whole % 60).padStart(2, '0')}`
}

/** Records that get a line of their own in both views. The rest is only in the journal. */
function eventLine(record: Evidence, state: LiveState): TerminalText | undefined {
  const text = eventText(record)
  return text === undefined ? undefined : term`${elapsed(state)} ${text}`
}

function sliText(name: string, counts: { good: number; bad: number; p95Ms?: number }): string {
  const attempts = counts.good + counts.bad
  const share = attempts === 0 ? 'no samples' : showMeasuredPercent(counts.good / attempts, 2)
  return `${name} ${share}${counts.p95Ms === undefined ? '' : ` p95 ${counts.p95Ms.toFixed(0)} ms`}`
}

const summaryLine = (state: LiveState): string =>
  [
    state.phase,
    `${state.achieved.toFixed(0)} of ${state.offered.toFixed(0)}/s`,
    ...[...state.slis].map(([name, counts]) => sliText(name, counts)),
    ...scaled(state).map(({ name, ready, desired }) => `${name} ${ready}/${desired}`),
  ].join(' · ')

export function screen(state: LiveState, timeline: Timeline): readonly TerminalText[] {
  const total = timeline.totalMs / 1000
  const gone = state.zeroAt === undefined || state.at === undefined ? 0 : Math.max(0, (state.at - state.zeroAt) / 1000)
  const share = Math.min(1, gone / total)
  const bar = '━'.repeat(Math.round(share * 40)).padEnd(40, '─')
  return [
    term`${elapsed(state)} ${onStderr('bold', state.phase)} ${bar} ${clockText(gone, total)}`,
    term`  load      ${state.achieved.toFixed(1)}/s of ${state.offered.toFixed(1)}/s planned${state.sockets === undefined ? '' : `, ${state.sockets} sockets`}${state.hostBusy === undefined ? '' : `, machine ${showMeasuredPercent(state.hostBusy, 0)} busy`}`,
    ...[...state.slis].slice(0, 5).map(([name, counts]) => term`  sli       ${sliText(name, counts)}`),
    ...scaled(state)
      .slice(0, 3)
      .map(({ name, ready, desired }) => term`  replicas  ${name} ${ready} ready of ${desired} wanted`),
    ...[...state.faults].slice(-2).map(([name, step]) => term`  fault     ${name}: ${step}`),
    ...[...state.actions].slice(-2).map(([name, step]) => term`  action    ${name}: ${step}`),
  ]
}

/** Time after the planned load (healing, settling of the books) is counted separately. */
function clockText(gone: number, total: number): string {
  const after = gone > total ? ` + ${(gone - total).toFixed(0)} s` : ''
  return `${Math.min(gone, total).toFixed(0)}/${total.toFixed(0)} s${after}`
}
