/**
 * Two releases of one Deployment cannot run side by side. Before a block of one release, the other one is taken back and this one is rolled out. A release without
 * `rollOut` is the template that was deployed before the session. That template is restored at the end of the session.
 */
import type { Act } from '../domain/action.ts'
import type { ActionSpec, RollOut } from '../domain/rehearsal.ts'
import { millis, seconds } from '../domain/units.ts'
import { type Acting, performAct, sessionAction } from './session-acts.ts'

export type ComparedSide = 'a' | 'b'
export type RollOuts = { readonly [S in ComparedSide]?: RollOut }

/** The grace period of the old pods begins only when the new ones are Ready. */
const OLD_PODS_LEAVE = seconds(120)

/** Each template once, as actions, so that preflight checks them like those of a rehearsal. */
export const rollOutActions = ({ a, b }: RollOuts): readonly ActionSpec[] =>
  [...new Set([a, b])].flatMap((each) => (each === undefined ? [] : [sessionAction(actOf(each), each.at)]))

const actOf = ({ deployment, images, annotations, withinMs }: RollOut): Act => ({
  kind: 'release',
  shape: 'rolling',
  workload: { kind: 'Deployment', name: deployment },
  images,
  annotations,
  withinMs,
  backWithinMs: withinMs,
})

/** Deploys the release of a side. Resolves with whether pods were replaced: then they are cold. Rejects when a release was not rolled out, or not taken back. */
export type DeploySide = (side: ComparedSide) => Promise<boolean>

export function createRollOuts(acting: Acting, rollOuts: RollOuts): DeploySide {
  let serving: RollOut | undefined
  let undos: readonly string[] = []
  return async (side) => {
    const wanted = rollOuts[side]
    if (wanted === serving) return false
    await acting.healing.healMany(undos)
    serving = undefined
    undos = []
    if (wanted === undefined) return true
    const withinMs = millis(wanted.withinMs + OLD_PODS_LEAVE)
    undos = await performAct(acting, actOf(wanted), { withinMs, problem: 'its old pods did not leave in time' })
    serving = wanted
    return true
  }
}
