/** The load factor of the phases as a function of time: a straight line during each ramp, level after it. */
import type { Rehearsal } from '../domain/rehearsal.ts'

type Phases = Pick<Rehearsal, 'phases'>
type Piece = { readonly fromMs: number; readonly toMs: number; readonly from: number; readonly to: number }

function piecesOf({ phases }: Phases): readonly Piece[] {
  let at = 0
  let before = 0
  return phases.flatMap(({ rampMs, forMs, factor }) => {
    const ramp = { fromMs: at, toMs: at + rampMs, from: before, to: factor }
    const level = { fromMs: at + rampMs, toMs: at + rampMs + forMs, from: factor, to: factor }
    at = level.toMs
    before = factor
    return rampMs > 0 ? [ramp, level] : [level]
  })
}

/** At a jump, the factor before it or after it. */
export function factorAt(phases: Phases, atMs: number, side: 'after' | 'before'): number {
  const pieces = piecesOf(phases)
  const piece = pieces.find(({ toMs }) => (side === 'after' ? atMs < toMs : atMs <= toMs))
  if (piece === undefined) return pieces.at(-1)?.to ?? 0
  return piece.from + ((piece.to - piece.from) * (atMs - piece.fromMs)) / Math.max(1, piece.toMs - piece.fromMs)
}

/** Moments at which the factor bends or jumps. */
export const factorBreaks = (phases: Phases): readonly number[] => piecesOf(phases).map(({ toMs }) => toMs)

export const factorMax = ({ phases }: Phases): number => Math.max(...phases.map(({ factor }) => factor))

/** Whether the load is 1x from the first moment to the last. */
export const isUnscaled = ({ phases }: Phases, loadFactor: number): boolean =>
  loadFactor === 1 && phases.every(({ rampMs, factor }, index) => factor === 1 && (index > 0 || rampMs === 0))
