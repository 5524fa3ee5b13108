/** A search with one zone less: the zone is drained before the first load, and its nodes take pods again at the end. */
import type { ClusterActions } from '../controller/ports.ts'
import type { SessionPorts, Warm } from '../controller/session.ts'
import { performAct, sessionAction } from '../controller/session-acts.ts'
import type { Act } from '../domain/action.ts'
import type { SourcePoint } from '../domain/issue.ts'
import type { ActionSpec, Rehearsal, Target } from '../domain/rehearsal.ts'
import { millis, seconds } from '../domain/units.ts'
import { admitAction } from '../plan/blast-radius.ts'
import { zoneToLose } from '../plan/zone-loss.ts'
import { BadInput } from './failure.ts'
import { say, term } from './terminal.ts'

/** Disruption budgets let the pods of a zone go one after the other, and each must be Ready elsewhere before the next. */
const IN_TIME = { withinMs: seconds(600), problem: 'the zone was not drained within 10 min' }

const draining = (zone?: string): Act => ({ kind: 'drain', nodes: zone === undefined ? {} : { zone } })

/** What preflight checks, while it is not known which zone goes. */
export const someDrain = (at: SourcePoint): ActionSpec => sessionAction(draining(), at)

export type ZoneLoss = {
  readonly zone: string
  /** Drains it. Its nodes are uncordoned when the session ends. */
  take(ports: SessionPorts, warm: Warm, target: Target, run: string): Promise<void>
}

/** @throws BadInput where there is no zone to lose, or where the blast radius of the rehearsal does not allow it */
export async function zoneLossOf(
  actions: ClusterActions,
  rehearsal: Rehearsal,
  target: Target,
  at: SourcePoint,
): Promise<ZoneLoss> {
  const inventory = await actions.inventory(target, planned(someDrain(at)))
  const zone = zoneToLose(inventory, target)
  if (zone === undefined) {
    const next = 'Compare with: kubectl get nodes -L topology.kubernetes.io/zone'
    throw new BadInput([{ at, code: 'object-missing', problem: 'the nodes are not in two zones or more.', next }])
  }
  const drain = sessionAction(draining(zone), at)
  const { targets, note, problems } = admitAction(
    planned(drain),
    { ...rehearsal, actions: [drain] },
    target,
    inventory,
    [],
  )
  if (problems.length > 0) throw new BadInput(problems)
  return {
    zone,
    take: async ({ clock, cluster }, warm, on, run) => {
      const { healing } = warm
      if (cluster === undefined || healing === undefined) return
      say(term`draining ${zone}: ${note}`)
      await performAct({ clock, actions: cluster.actions, warm, healing, target: on, run }, drain.act, {
        ...IN_TIME,
        targets,
      })
    },
  }
}

const planned = ({ name, act }: ActionSpec) => ({ name, fromMs: millis(0), act })

/** @throws BadInput */
export function refuseWithoutCluster(at: SourcePoint | undefined): void {
  if (at === undefined) return
  const next = 'Say --context NAME or --lab instead of --url, or leave withZones out.'
  throw new BadInput([{ at, code: 'no-cluster', problem: 'a zone can only be drained in a cluster.', next }])
}
