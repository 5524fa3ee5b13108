/** Fold over the records that come once or a few times a run: its head, the load's life, stops, undos, audits, losses, its end. */
import type {
  Evidence,
  EvidenceOf,
  GuardrailTripped,
  Residue,
  RunStarted,
  ThresholdResult,
} from '../../domain/evidence.ts'
import { JudgeError } from './judge-error.ts'
import { createUndos, type Undos } from './undos.ts'

type Stop = EvidenceOf<'stop-requested'>
type Lined<T> = { readonly record: T; readonly line: number }

export type RunFacts = {
  add(record: Evidence, line: number): void
  readonly head: RunStarted
  readonly headLine: number
  readonly hasHead: boolean
  /** Time zero of the plan, and when the load ended; undefined when they were not seen. */
  readonly zeroAt: number | undefined
  readonly loadEndedAt: number | undefined
  readonly loadStarts: readonly Lined<EvidenceOf<'load-started'>>[]
  readonly loadEnds: readonly Lined<EvidenceOf<'load-ended'>>[]
  /** `crashed` outweighs `stopped`, `running` (no end was seen) and `completed`, over all instances. */
  readonly load: 'never' | 'running' | 'completed' | 'stopped' | 'crashed'
  readonly loadLines: readonly number[]
  readonly loadProblems: readonly string[]
  /** The script's own thresholds, as k6 told them at the end. */
  readonly thresholds: readonly ThresholdResult[]
  readonly stop: Lined<Stop> | undefined
  readonly trip: Lined<GuardrailTripped> | undefined
  readonly residue: { readonly before?: Lined<Residue>; readonly after?: Lined<Residue> }
  readonly undos: Pick<Undos, 'open' | 'unwritten'>
  readonly lost: readonly Lined<EvidenceOf<'evidence-lost'>>[]
  readonly lostCount: number
  /** Where the journal is not what its run wrote. */
  readonly doubts: readonly Lined<EvidenceOf<'evidence-doubted'>>[]
  readonly doubtCount: number
  readonly ended: Lined<EvidenceOf<'run-ended'>> | undefined
  /** Until when the load was seen to run as planned: its stop or end, else the last record. */
  readonly seenUntil: number
}

/** Losses kept word by word; the rest is counted. */
const LOST_KEPT = 50

export function createRunFacts(): RunFacts {
  let head: Lined<RunStarted> | undefined
  let zeroAt: number | undefined
  let lastAt = Number.NEGATIVE_INFINITY
  let stop: Lined<Stop> | undefined
  let trip: Lined<GuardrailTripped> | undefined
  let ended: Lined<EvidenceOf<'run-ended'>> | undefined
  let lostCount = 0
  let doubtCount = 0
  const doubts: Lined<EvidenceOf<'evidence-doubted'>>[] = []
  const lost: Lined<EvidenceOf<'evidence-lost'>>[] = []
  const residue: { before?: Lined<Residue>; after?: Lined<Residue> } = {}
  const undos = createUndos()
  const starts: Lined<EvidenceOf<'load-started'>>[] = []
  const ends: Lined<EvidenceOf<'load-ended'>>[] = []

  const add = (record: Evidence, line: number): void => {
    lastAt = Math.max(lastAt, record.at)
    switch (record.kind) {
      case 'run-started':
        head ??= { record, line }
        return
      case 'load-started': {
        zeroAt = Math.min(zeroAt ?? record.zeroAt, record.zeroAt)
        starts.push({ record, line })
        return
      }
      case 'load-ended':
        ends.push({ record, line })
        return
      case 'stop-requested':
        stop ??= { record, line }
        return
      case 'guardrail-tripped':
        trip ??= { record, line }
        return
      case 'residue':
        residue[record.when] = { record, line }
        return
      case 'undo-written':
      case 'undo-done':
        undos.add(record, line)
        return
      case 'evidence-lost':
        lostCount += 1
        if (lost.length < LOST_KEPT) lost.push({ record, line })
        return
      case 'evidence-doubted':
        doubtCount += 1
        if (doubts.length < LOST_KEPT) doubts.push({ record, line })
        return
      case 'run-ended':
        ended = { record, line }
        return
      default:
        return
    }
  }

  const loadState = (): RunFacts['load'] => {
    const outcomes = ends.map(({ record }) => record.outcome)
    if (outcomes.includes('crashed')) return 'crashed'
    if (starts.length === 0) return 'never'
    if (outcomes.includes('stopped')) return 'stopped'
    return outcomes.length < starts.length ? 'running' : 'completed'
  }
  const loadEndedAt = () => (ends.length === 0 ? undefined : Math.max(...ends.map(({ record }) => record.at)))

  return {
    add,
    get head() {
      if (!head) throw new JudgeError('there is no run-started record: what was read is not evidence of a run')
      return head.record
    },
    get headLine() {
      return head?.line ?? 1
    },
    get hasHead() {
      return head !== undefined
    },
    get zeroAt() {
      return zeroAt
    },
    get loadEndedAt() {
      return loadEndedAt()
    },
    loadStarts: starts,
    loadEnds: ends,
    get load() {
      return loadState()
    },
    get loadLines() {
      return [...starts, ...ends].map(({ line }) => line)
    },
    get loadProblems() {
      return ends.flatMap(({ record }) => record.problems)
    },
    get thresholds() {
      return ends.flatMap(({ record }) => record.thresholds ?? [])
    },
    get stop() {
      return stop
    },
    get trip() {
      return trip
    },
    residue,
    undos,
    lost,
    get lostCount() {
      return lostCount
    },
    doubts,
    get doubtCount() {
      return doubtCount
    },
    get ended() {
      return ended
    },
    get seenUntil() {
      return Math.min(stop?.record.at ?? Number.POSITIVE_INFINITY, loadEndedAt() ?? lastAt)
    },
  }
}
