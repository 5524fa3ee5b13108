/**
 * Two releases of one Deployment cannot run side by side. Before a block of one of them, the other one is taken back and this one is rolled out. The
 * template that was deployed is the release without a roll-out, and stands again at the end of the session.
 */
import { type Act, actWords } from '../domain/action.ts'
import type { ActionSpec, RollOut } from '../domain/rehearsal.ts'
import { millis, seconds } from '../domain/units.ts'
import { type Acting, performAct } from './session-acts.ts'

export type ComparedSide = 'a' | 'b'
export type RollOuts = { readonly [S in ComparedSide]?: RollOut }

/** Pods of the template before get their grace period after every pod runs the new one. */
const OLD_PODS_LEAVE = seconds(120)

/** Each template once, as actions, so that preflight checks them like those of a rehearsal. */
export const rollOutActions = ({ a, b }: RollOuts): readonly ActionSpec[] =>
  [...new Set([a, b])].flatMap((each) => {
    if (each === undefined) return []
    const act = actOf(each)
    return [{ name: actWords(act), during: '', atMs: millis(0), act, expect: [], at: each.at }]
  })

const actOf = ({ deployment, images, annotations, withinMs }: RollOut): Act => ({
  kind: 'release',
  shape: 'rolling',
  workload: { kind: 'Deployment', name: deployment },
  images,
  annotations,
  withinMs,
  backWithinMs: withinMs,
})

/** Lets a side serve. Resolves with whether pods were replaced, so that they are cold. Rejects when one was not rolled out or taken back. */
export type LetServe = (side: ComparedSide) => Promise<boolean>

export function createRollOuts(acting: Acting, rollOuts: RollOuts): LetServe {
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
