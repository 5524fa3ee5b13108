/** Both ways in which a cutover may end, as the plan in the target file has them; and whether those that lie in the cluster are these. */
import { isDeepStrictEqual } from 'node:util'
import {
  type CutoverMove,
  type CutoverMoves,
  type CutoverPlace,
  type CutoverStep,
  type CutoverStepPlan,
  cutoverSteps,
  type EndCutover,
  endsOnward,
  noWayBackFrom,
  type Switch,
} from '../../../domain/cutover.ts'
import { fields, list } from '../fields.ts'

type Ways = Pick<EndCutover, 'from' | 'to' | 'back' | 'onward' | 'noWayBackFrom'>

/** The way back of `restore` has the values that the steps write, until those of before are read. */
export function plannedWays(place: CutoverPlace): Ways {
  const last = noWayBackFrom(place)
  const isBefore = (step: CutoverStep) => !endsOnward(step, last)
  return {
    from: place.from,
    to: place.to,
    back: cutoverSteps
      .filter(isBefore)
      .toReversed()
      .map((step): CutoverMoves => ({ step, moves: wayBack(place.steps[step]), proofs: [] }))
      .filter(({ moves }) => moves.length > 0),
    onward: cutoverSteps
      .filter((step) => !isBefore(step))
      .map((step) => ({
        step,
        moves: place.steps[step].switches.map((each) => moveOf(each)),
        proofs: place.steps[step].proofs,
      })),
    ...(last === undefined ? {} : { noWayBackFrom: last }),
  }
}

function wayBack({ switches, undo }: CutoverStepPlan): readonly CutoverMove[] {
  switch (undo.kind) {
    case 'restore':
      return switches.toReversed().map((each) => moveOf(each))
    case 'switches':
      return undo.switches.map((each) => moveOf(each))
    case 'forward':
      return []
  }
}

/** In weights of 1000, so that a share of 0.1 % is exact. */
const WEIGHTS = 1000

export function moveOf(each: Switch, share = 1): CutoverMove {
  if (each.kind !== 'weights') return each
  const { namespace, route, from, to } = each
  const fresh = Math.round(share * WEIGHTS)
  return { kind: 'weights', namespace, route, backends: [from, to], weights: [WEIGHTS - fresh, fresh] }
}

/**
 * Ways that lie in the cluster may have been written by others, and `heal` may have more permissions than they. So they may say which values were there before, and
 * everything else must be as the target file has it.
 */
export function areOfPlan(found: unknown, place: CutoverPlace): found is Ways {
  const restored = (step: unknown) =>
    cutoverSteps.some((each) => each === step && place.steps[each].undo.kind === 'restore')
  const shape = (ways: unknown) => {
    const { from, to, back, onward, noWayBackFrom: last } = fields(ways)
    const kept = list(back).map((each) =>
      restored(each.step) ? { ...each, moves: list(each.moves).map(withoutValue) } : each,
    )
    return JSON.parse(JSON.stringify({ from, to, back: kept, onward, last }))
  }
  return isDeepStrictEqual(shape(found), shape(plannedWays(place)))
}

function withoutValue({ value, weights, ...move }: Readonly<Record<string, unknown>>): object {
  const pair =
    Array.isArray(weights) && weights.length === 2 && weights.every((each) => each === null || typeof each === 'number')
  const isPlain = value === null || typeof value !== 'object'
  return { ...move, values: isPlain && (weights === undefined || pair) }
}
