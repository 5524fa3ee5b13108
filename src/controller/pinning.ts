/**
 * Before releases are compared: each Deployment is held at its number of replicas and restarted, so that both releases begin with pods of the same
 * age and number. The restart is not undone; the number of replicas is restored at the end of the session.
 */
import type { Act } from '../domain/action.ts'
import type { ActionSpec } from '../domain/rehearsal.ts'
import { seconds } from '../domain/units.ts'
import { type Acting, performAct, sessionAction } from './session-acts.ts'

/** An image may have to be pulled, and an autoscaler syncs every 15 s. */
const IN_TIME = { withinMs: seconds(300), problem: 'the pods were not ready within 5 min' }

export type Pin = { readonly deployment: string; readonly replicas: number; readonly at: ActionSpec['at'] }

/** The changes to one Deployment, as actions, so that preflight checks them like those of a rehearsal. */
export const pinActions = (pins: readonly Pin[]): readonly ActionSpec[] =>
  pins.flatMap((pin) => actsOf(pin).map((act) => sessionAction(act, pin.at)))

function actsOf({ deployment, replicas }: Pin): readonly Act[] {
  const workload = { kind: 'Deployment', name: deployment } as const
  return [
    { kind: 'pin', workload, replicas },
    { kind: 'rollout', workload },
  ]
}

/** Resolves when all Deployments are ready. Rejects when one is not within five minutes, or when the session is stopped. */
export async function pinReleases(acting: Acting, pins: readonly Pin[]): Promise<void> {
  await Promise.all(
    pins.map(async (pin) => {
      for (const act of actsOf(pin)) await performAct(acting, act, IN_TIME)
    }),
  )
}
