/**
 * Blocks of a session: a fold over their records, their frames and the health of their load generators. It is used live by the controller, which must
 * know whether a block is void, and by the judge of a stored session.
 */
import { arrivalsBy } from '../../domain/arrivals.ts'
import type { BlockEnded, BlockResult, BlockStarted } from '../../domain/blocks.ts'
import type { Evidence, GeneratorHealth, LoadFrame } from '../../domain/evidence.ts'
import type { Unions } from '../../domain/indicators.ts'
import type { LoadStage } from '../../domain/timeline.ts'
import { type Instant, instant } from '../../domain/units.ts'
import { createWindows, type Windows } from '../seen/windows.ts'

export type Blocks = {
  add(record: Evidence): void
  /** In the order in which they started. */
  all(): readonly BlockResult[]
  of(block: string): BlockResult | undefined
}

type Life = {
  readonly started: BlockStarted
  ended?: BlockEnded
  /** By profile, over the whole block. */
  profiles: LoadFrame['profiles']
  lastFrameAt?: number
  longestHoleMs: number
  fullMs: number
  watchedMs: number
}

export function createBlocks(): Blocks {
  // All blocks of a session are of one rehearsal.
  let unions: Unions = {}
  const counts = createWindows(() => unions)
  const lives = new Map<string, Life>()

  const open = (started: BlockStarted) => {
    const { block, zeroAt, settleMs, measuredMs, load } = started
    unions = load.unions
    lives.set(block, { started, profiles: {}, longestHoleMs: 0, fullMs: 0, watchedMs: 0 })
    const fromAt = zeroAt + settleMs
    counts.open({ kind: 'block', name: block, fromAt, toAt: fromAt + measuredMs, instance: block })
  }

  return {
    add(record) {
      switch (record.kind) {
        case 'block-started':
          return open(record)
        case 'load-frame': {
          counts.add(record)
          const life = lives.get(record.instance)
          if (life) noteFrame(life, record)
          return
        }
        case 'generator-health': {
          const life = lives.get(record.instance)
          if (life) noteHealth(life, record)
          return
        }
        case 'block-ended': {
          const life = lives.get(record.block)
          if (life) life.ended = record
          return
        }
        default:
          return
      }
    },
    all: () => [...lives.values()].map((life) => resultOf(life, counts)),
    of: (block) => {
      const life = lives.get(block)
      return life && resultOf(life, counts)
    },
  }
}

const fromOf = ({ zeroAt, settleMs }: BlockStarted): number => zeroAt + settleMs
const toOf = (started: BlockStarted): number => fromOf(started) + started.measuredMs

function noteFrame(life: Life, frame: LoadFrame): void {
  const since = Math.max(life.lastFrameAt ?? life.started.zeroAt, fromOf(life.started))
  const until = Math.min(frame.at, toOf(life.started))
  life.longestHoleMs = Math.max(life.longestHoleMs, until - since)
  life.lastFrameAt = frame.at
  life.profiles = frame.profiles
}

/** The machine has less than a twentieth of itself left: as for a whole run (`load/generator.ts`). */
const HOST_FULL = 0.95
/** One record a second. */
const HEALTH_MS = 1000

function noteHealth(life: Life, { at, hostBusy }: GeneratorHealth): void {
  if (at <= fromOf(life.started) || at > toOf(life.started)) return
  life.watchedMs += HEALTH_MS
  if (hostBusy >= HOST_FULL) life.fullMs += HEALTH_MS
}

function resultOf(life: Life, counts: Windows): BlockResult {
  const { started, ended } = life
  const { block, of, pair } = started
  const reasons = ended === undefined ? [] : voidReasons(life, ended, counts.frames('block', block))
  return {
    block,
    of,
    ...(pair === undefined ? {} : { pair }),
    state: ended === undefined ? 'running' : reasons.length > 0 ? 'void' : 'measured',
    reasons,
    machineFull: life.watchedMs > 0 && life.fullMs > life.watchedMs / 2,
    fromAt: at(fromOf(started)),
    toAt: at(toOf(started)),
    slis: Object.fromEntries(counts.sums('block', block)),
  }
}

const at = (moment: number): Instant => instant(moment)

/** A frame comes every second; a hole of three loses a tenth of a block of 30 s. */
const HOLE_MS = 3000
/** Arrivals that never ran were perhaps the slow ones. More than this share of them and the block proves nothing. */
const NEVER_RAN = 0.01

function voidReasons(life: Life, ended: BlockEnded, frames: number): readonly string[] {
  const reasons: string[] = []
  if (ended.outcome !== 'completed') {
    const why = ended.problems[0] === undefined ? '' : `: ${ended.problems[0]}`
    reasons.push(`its load generator ${ended.outcome === 'stopped' ? 'was stopped' : 'crashed'}${why}`)
  }
  if (frames === 0) reasons.push('nothing was measured in it')
  if (life.longestHoleMs > HOLE_MS)
    reasons.push(`its load generator reported nothing for ${(life.longestHoleMs / 1000).toFixed(1)} s`)
  if (ended.outcome === 'completed') reasons.push(...starvedProfiles(life))
  return reasons
}

/** Open model: arrivals that were due by the plan and did not run. */
function starvedProfiles({ started, profiles }: Life): readonly string[] {
  return started.load.profiles.flatMap(({ name, stages }) => {
    const due = dueOf(stages)
    const { iterations, dropped } = profiles[name] ?? { iterations: 0, dropped: 0 }
    // k6 rounds the last arrival of a plan down.
    const neverRan = Math.max(dropped, due - iterations - 1)
    if (neverRan <= Math.max(1, NEVER_RAN * due)) return []
    return [`its load generator was starved: ${neverRan} of ${due} arrivals of ${name} never ran`]
  })
}

const dueOf = (stages: readonly LoadStage[]): number => Math.floor(arrivalsBy(stages, Number.POSITIVE_INFINITY) + 1e-6)
