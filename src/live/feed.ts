/**
 * What viewers are shown, made once for all of them: the lines of events as they come, the tables about once a second, and the charts as often as
 * their cost allows. The journal is the only source, so that a new viewer, or a server that is started again, shows the same.
 */
import type { Evidence } from '../domain/evidence.ts'
import { roles } from '../domain/people.ts'
import type { Instant } from '../domain/units.ts'
import { plotArea } from '../report/draw/chart-svg.ts'
import { eventWords } from '../report/live/event-words.ts'
import type { Figure } from '../report/live/figures.ts'
import { createLiveFold, type RunState } from '../report/live/fold.ts'
import { clock } from '../report/words.ts'

export type Line = { readonly seq: number; readonly json: string }

export type Feed = {
  add(entries: readonly { readonly line: number; readonly record: Evidence }[]): void
  /** The last journal line that was added. */
  readonly seq: number
  /** Events after this journal line, at most as many as the page keeps. */
  linesAfter(seq: number): readonly Line[]
  /** JSON, and a number that grows whenever it changes. */
  readonly panels: { readonly version: number; readonly json: string }
  /** JSON of the charts that changed after a version; undefined if none did. */
  figuresAfter(version: number): { readonly version: number; readonly json: string } | undefined
  readonly name: string
  readonly roles: readonly string[]
  readonly ended: boolean
  /** Makes tables, and charts if they are due. `now` in ms of any steady clock. */
  draw(run: RunState, now: number): void
}

const LINES_KEPT = 2000
/** Charts take at most this share of a core, so that a long run is drawn less often and not at a higher price. */
const SHARE_OF_CORE = 0.01
const CHARTS_EVERY_MS = 1000

export function createFeed(): Feed {
  const fold = createLiveFold()
  const lines: Line[] = []
  const figures = new Map<string, { readonly version: number; readonly key: string; readonly json: string }>()
  let zeroAt: Instant | undefined
  let seq = 0
  let panels = { version: 0, json: '' }
  let version = 0
  let chartsDueAt = 0
  let state: RunState | undefined

  const addLine = (record: Evidence, line: number): void => {
    const words = eventWords(record)
    if (words === undefined) return
    const at = zeroAt === undefined || record.at < zeroAt ? '–' : clock((record.at - zeroAt) / 1000)
    const said = record.kind === 'note' || record.kind === 'decision'
    lines.push({ seq: line, json: JSON.stringify({ seq: line, at, ...words, said }) })
    if (lines.length > LINES_KEPT) lines.shift()
  }

  const drawCharts = (run: RunState, now: number): void => {
    const began = performance.now()
    const drawn = fold.figures(run)
    version += 1
    for (const each of drawn) keep(each, version)
    chartsDueAt = now + Math.max(CHARTS_EVERY_MS, (performance.now() - began) / SHARE_OF_CORE)
  }
  const keep = (figure: Figure, version: number): void => {
    const key = figure.svg + figure.caption
    if (figures.get(figure.id)?.key !== key) figures.set(figure.id, { version, key, json: JSON.stringify(figure) })
  }

  return {
    add(entries) {
      for (const { line, record } of entries) {
        fold.add(record, line)
        if (record.kind === 'load-started') zeroAt ??= record.zeroAt
        addLine(record, line)
        seq = line
      }
    },
    get seq() {
      return seq
    },
    linesAfter: (after) => lines.slice(lines.findLastIndex((each) => each.seq <= after) + 1),
    get panels() {
      return panels
    },
    figuresAfter(after) {
      const newer = [...figures.values()].filter((each) => each.version > after)
      if (newer.length === 0) return undefined
      const frame = JSON.stringify({ ...plotArea, ...fold.frame })
      return {
        version,
        json: `{"frame":${frame},"figures":[${newer.map(({ json }) => json).join(',')}]}`,
      }
    },
    get name() {
      return fold.started === undefined ? '' : `${fold.started.rehearsal.name} · ${fold.started.run}`
    },
    roles,
    get ended() {
      return fold.ended
    },
    draw(run, now) {
      // Whatever the charts cost: the last picture is complete.
      if (now >= chartsDueAt || run !== state) drawCharts(run, now)
      const made = fold.panels(run)
      if (made === undefined) return
      const json = JSON.stringify({ ...made, open: run === 'running' })
      if (json !== panels.json) panels = { version: panels.version + 1, json }
      state = run
    },
  }
}
