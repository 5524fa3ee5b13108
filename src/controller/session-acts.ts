/** Performs an action during a session: its undo is written first, and it has a deadline of its own. */
import { type Act, actWords, keptWhenDone } from '../domain/action.ts'
import type { ActionSpec, Target } from '../domain/rehearsal.ts'
import { after, type Millis, millis } from '../domain/units.ts'
import { noGate } from './canary.ts'
import { deadlineAt } from './deadline.ts'
import type { Healing } from './healing.ts'
import type { Clock, ClusterActions } from './ports.ts'
import type { Warm } from './session.ts'

export type Acting = {
  readonly clock: Clock
  readonly actions: ClusterActions
  readonly warm: Warm
  readonly healing: Healing
  readonly target: Target
  readonly run: string
}

/** As in a rehearsal, so that preflight checks it. `at`: where the file asks for it. */
export const sessionAction = (act: Act, at: ActionSpec['at']): ActionSpec => ({
  name: actWords(act),
  during: '',
  atMs: millis(0),
  act,
  expect: [],
  at,
})

/**
 * `problem`: what did not happen in time. `targets`: the admitted objects, of an action that changes several. Resolves with the ids of the undos that are
 * still outstanding. Rejects when the action fails, is late or is stopped; its undos are outstanding then.
 */
export async function performAct(
  { clock, actions, warm, healing, target, run }: Acting,
  act: Act,
  {
    withinMs,
    problem,
    targets = [],
  }: { readonly withinMs: Millis; readonly problem: string; readonly targets?: readonly string[] },
): Promise<readonly string[]> {
  const name = actWords(act)
  const prepared = await actions.prepare(run, target, { name, fromMs: millis(0), act }, targets)
  const undos: string[] = []
  for (const undo of prepared.undos) undos.push(await healing.prepare(undo))
  const late = deadlineAt(clock, after(clock.now(), withinMs), `${name}: ${problem}`)
  try {
    await prepared.perform(
      (step) => warm.recorder.record({ kind: 'action-step', action: name, step }),
      AbortSignal.any([warm.stopping, late.signal]),
      noGate(name),
    )
  } finally {
    await late.end()
  }
  if (!keptWhenDone(act)) return undos
  for (const id of undos) await healing.keep(id)
  return []
}
