/**
 * What the client had seen acknowledged when a restore asked for its named point, or when a cutover read the book of the new region: the copy, or that book,
 * must hold at least as many.
 */
import type { ActionStep, OperationCounts } from '../../domain/evidence.ts'

export type PointsSeen = {
  add(record: ActionStep, operations: ReadonlyMap<string, OperationCounts>): void
  /** By operation; undefined when the action named no point. */
  of(action: string): ReadonlyMap<string, number> | undefined
}

const isPoint = (step: ActionStep['step']): boolean =>
  (step.is === 'restore-step' && step.step === 'point-asked') || (step.is === 'region-book' && step.region === 'new')

export function createPointsSeen(): PointsSeen {
  const points = new Map<string, ReadonlyMap<string, number>>()
  return {
    add({ action, step }, operations) {
      if (!isPoint(step)) return
      points.set(action, new Map([...operations].map(([name, { acknowledged }]) => [name, acknowledged])))
    },
    of: (action) => points.get(action),
  }
}
