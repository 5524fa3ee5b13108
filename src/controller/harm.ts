/**
 * The life that faults and actions share: wait for the planned time or the trigger, check the blast radius at the last moment, start the harm, and heal it in every
 * case. Each step that is observed is a record. A missing step is a missing record, which the judge notices.
 */
import { messageOf } from '../domain/unknown.ts'
import type { Admission } from '../plan/blast-radius.ts'
import type { Healing } from './healing.ts'
import type { Clock } from './ports.ts'
import type { Recorder } from './recorder.ts'

export type HarmPorts = { readonly clock: Clock; readonly recorder: Recorder; readonly healing: Healing }

/** Steps that faults and actions have in common. */
export type HarmStep =
  | { readonly is: 'refused'; readonly problem: string }
  | { readonly is: 'failed'; readonly problem: string }
  | { readonly is: 'heal-requested' }
  | { readonly is: 'healed' }
  | { readonly is: 'heal-failed'; readonly problem: string }

export type PerformedHarm = {
  /** Waits for the planned time or the trigger. Returns false if the trigger did not come. */
  begin(): Promise<boolean>
  step(data: HarmStep): void
  /** `held`: pods held by other harms, read after the cluster has answered. */
  admit(held: ReadonlySet<string>): Promise<Admission>
  /**
   * Records the admission, starts the harm and keeps it up until it is time to heal. Every undo that it has written is in `undos`. `release`: its
   * pods are no longer held, because new pods have replaced them. Returns whether it must be undone or was kept.
   */
  hurt(admission: Admission, undos: string[], release: () => void): Promise<Ending>
}

export type Ending = 'heal' | 'kept'

/** From the start until healed. Never throws. Heals early when `signal` is aborted. */
export async function performHarm(
  ports: HarmPorts,
  harm: PerformedHarm,
  held: Set<string>,
  signal: AbortSignal,
): Promise<void> {
  try {
    if (!(await harm.begin())) return
    const admission = await harm.admit(held)
    if (admission.ok) await hurtAndHeal(ports, harm, admission, held)
    else harm.step({ is: 'refused', problem: admission.problems.map((each) => each.problem).join(' ') })
  } catch (error) {
    if (!signal.aborted) harm.step({ is: 'failed', problem: messageOf(error) })
  }
}

async function hurtAndHeal(
  ports: HarmPorts,
  harm: PerformedHarm,
  admission: Admission,
  held: Set<string>,
): Promise<void> {
  const undos: string[] = []
  const mine = admission.pods.filter((pod) => !held.has(pod))
  for (const pod of mine) held.add(pod)
  const release = () => {
    for (const pod of mine) held.delete(pod)
  }
  let ending: Ending = 'heal'
  try {
    ending = await harm.hurt(admission, undos, release)
  } finally {
    if (ending === 'kept' || (await isHealed(ports, harm, undos))) release()
  }
}

async function isHealed({ healing }: HarmPorts, harm: PerformedHarm, undos: readonly string[]): Promise<boolean> {
  harm.step({ is: 'heal-requested' })
  try {
    await healing.healMany(undos)
    harm.step({ is: 'healed' })
    return true
  } catch (error) {
    harm.step({ is: 'heal-failed', problem: messageOf(error) })
    return false
  }
}
