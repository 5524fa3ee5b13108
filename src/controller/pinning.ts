/**
 * Before releases are compared: each Deployment is held at its number of replicas and restarted, so that both releases begin with pods of the same
 * age and number. The restart is not undone; the number of replicas is restored at the end of the session.
 */
import { type Act, actWords, keptWhenDone } from '../domain/action.ts'
import type { ActionSpec, Target } from '../domain/rehearsal.ts'
import { after, millis, seconds } from '../domain/units.ts'
import { noGate } from './canary.ts'
import { deadlineAt } from './deadline.ts'
import type { Healing } from './healing.ts'
import type { Clock, ClusterActions } from './ports.ts'
import type { Warm } from './session.ts'

/** An image may have to be pulled, and an autoscaler syncs every 15 s. */
const READY_WITHIN = seconds(300)

export type Pin = { readonly deployment: string; readonly replicas: number; readonly at: ActionSpec['at'] }

type PinPorts = { readonly clock: Clock; readonly actions: ClusterActions }
type Context = PinPorts & {
  readonly warm: Warm
  readonly healing: Healing
  readonly target: Target
  readonly run: string
}

/** The changes to one Deployment, as actions, so that preflight checks them like those of a rehearsal. */
export const pinActions = (pins: readonly Pin[]): readonly ActionSpec[] =>
  pins.flatMap((pin) =>
    actsOf(pin).map((act) => ({
      name: actWords(act),
      during: '',
      atMs: millis(0),
      act,
      expect: [],
      at: pin.at,
    })),
  )

function actsOf({ deployment, replicas }: Pin): readonly Act[] {
  const workload = { kind: 'Deployment', name: deployment } as const
  return [
    { kind: 'pin', workload, replicas },
    { kind: 'rollout', workload },
  ]
}

/** Resolves when all Deployments are ready. Rejects when one is not within five minutes, or when the session is stopped. */
export async function pinReleases(
  ports: PinPorts,
  warm: Warm,
  pins: readonly Pin[],
  { target, run }: { readonly target: Target; readonly run: string },
): Promise<void> {
  const { healing } = warm
  if (healing === undefined) return
  const context = { ...ports, warm, healing, target, run }
  await Promise.all(
    pins.map(async (pin) => {
      for (const action of pinActions([pin])) await perform(context, action)
    }),
  )
}

async function perform(
  { clock, actions, warm, healing, target, run }: Context,
  { name, act }: ActionSpec,
): Promise<void> {
  const prepared = await actions.prepare(run, target, { name, fromMs: millis(0), act }, [])
  const undos: string[] = []
  for (const undo of prepared.undos) undos.push(await healing.prepare(undo))
  const late = deadlineAt(clock, after(clock.now(), READY_WITHIN), `${name}: the pods were not ready within 5 min`)
  try {
    await prepared.perform(
      (step) => warm.recorder.record({ kind: 'action-step', action: name, step }),
      AbortSignal.any([warm.stopping, late.signal]),
      noGate(name),
    )
  } finally {
    await late.end()
  }
  if (keptWhenDone(act)) for (const id of undos) await healing.keep(id)
}
