/**
 * The live page as a fold over the journal, by the same lanes and the same judge as the report. Cheap at each record; `panels` and `figures` cost some
 * milliseconds and are asked for about once a second and less often, whatever the number of viewers.
 */
import type { Evidence, GeneratorHealth, RunStarted } from '../../domain/evidence.ts'
import type { Judgment } from '../../domain/verdict.ts'
import { createJudging } from '../../judge/judge.ts'
import { frameDeltas } from '../../judge/seen/frame-deltas.ts'
import { frameOf } from '../series.ts'
import { createViewing } from '../view.ts'
import { type Figure, figuresOf } from './figures.ts'
import { lastMinute } from './minute.ts'
import { createMoneySoFar } from './money.ts'
import { type Panels, panelsOf } from './panels.ts'
import { createStanding } from './standing.ts'
import { liveView } from './state.ts'

/** `over`: the journal is complete. `gone`: it is not, and nobody writes it any more. */
export type RunState = 'running' | 'over' | 'gone'

export type LiveFold = {
  add(record: Evidence, line: number): void
  /** Undefined before the first record. */
  readonly started: RunStarted | undefined
  /** The run's last record was read. */
  readonly ended: boolean
  panels(run: RunState): Panels | undefined
  figures(run: RunState): readonly Figure[]
  /** The time axis of the figures, once there are any. */
  readonly frame: ReturnType<typeof frameOf> | undefined
}

export function createLiveFold(): LiveFold {
  const judge = createJudging()
  const view = createViewing()
  const parts = { minute: lastMinute(), standing: createStanding(), money: createMoneySoFar() }
  const deltas = frameDeltas(() => started?.timeline.load.unions ?? {})
  let live: ReturnType<typeof liveView> | undefined
  let started: RunStarted | undefined
  let health: GeneratorHealth | undefined
  let judgment: Judgment | undefined
  let ended = false
  let frame: ReturnType<typeof frameOf> | undefined

  const add = (record: Evidence, line: number): void => {
    judge.add(record, line)
    view.add(record, line)
    if (record.kind === 'run-started' && started === undefined) {
      started = record
      live = liveView(record.timeline)
    }
    live?.add(record)
    switch (record.kind) {
      case 'load-frame':
        parts.minute.add(deltas(record))
        return parts.money.addFrame(record)
      case 'book-read':
        return parts.money.addBook(record)
      case 'object-seen':
        return parts.standing.add(record)
      case 'generator-health':
        health = record
        return
      case 'run-ended':
        ended = true
        return
      default:
        return
    }
  }

  return {
    add,
    get started() {
      return started
    },
    get frame() {
      return frame
    },
    get ended() {
      return ended
    },
    panels(run) {
      const seen = view.result('whole')
      if (seen === undefined || live === undefined) return undefined
      judgment ??= judge.result()
      return panelsOf({ seen, judgment, run, state: live.state, health, ...parts })
    },
    figures(run) {
      judgment = judge.result()
      const seen = view.result(run === 'running' ? 'whole' : 'seen')
      if (seen !== undefined) frame = frameOf(seen)
      return seen === undefined ? [] : figuresOf(seen, judgment)
    },
  }
}
