/** An action of a session: its undo is written first, and it has a time of its own. */
import { type Act, actWords, keptWhenDone } from '../domain/action.ts'
import type { Target } from '../domain/rehearsal.ts'
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

/** `problem` tells what did not happen in time. Resolves with its undos that are still owed; rejects when it failed, was late or was stopped. */
export async function performAct(
  { clock, actions, warm, healing, target, run }: Acting,
  act: Act,
  { withinMs, problem }: { readonly withinMs: Millis; readonly problem: string },
): Promise<readonly string[]> {
  const name = actWords(act)
  const prepared = await actions.prepare(run, target, { name, fromMs: millis(0), act }, [])
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
