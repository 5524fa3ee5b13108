/**
 * A canary: the second Deployment gets the new template and its pods, and then a share of the requests that grows step by step. The controller
 * decides each step; this file only writes weights. A rollback restores the weights first (controller/healing.ts).
 */
import type { PreparedAction } from '../../../controller/ports.ts'
import { weightsOf } from '../../../domain/canary.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import type { Settled, Undo } from '../../../domain/evidence.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import { demand, type KubeObject } from '../../../protocols/kubernetes/api.ts'
import { whyNoRoute, whyNotBeside } from './canary-preflight.ts'
import { change, restoreOf } from './change.ts'
import { CHANGED, type ChangeEnactor, type Enacting, type Resource } from './enactor.ts'
import type { Reversal } from './marks.ts'
import { untilRolledOut, whatDiffers, whyNotRolledOut } from './release.ts'
import { type RouteBackends, routePath, weightsNow, weightsPatch } from './route-weights.ts'
import { valuesNow } from './template.ts'
import { onWorkload, REPLICAS_FIELD, workloadPath } from './workloads.ts'

type Traffic = ChangeOn<'traffic'>
type Beside = ChangeOn<'traffic' | 'mirror'>

export const traffic: ChangeEnactor<Traffic> = {
  ...onWorkload,
  needs: (wanted, target) => [...onWorkload.needs(wanted, target), ...routeNeeds(target)],
  problem: (checked) => whyNotBeside(checked, whyNoRoute),
  prepare: canary,
}

export const routeNeeds = ({ namespace }: Target): readonly Resource[] => [
  { group: 'gateway.networking.k8s.io', resource: 'httproutes', namespace, verbs: CHANGED },
  { group: '', resource: 'services', namespace, verbs: ['list'] },
]

async function canary(enacting: Enacting<Traffic>): Promise<PreparedAction> {
  const { change: wanted, api, target, targets, note } = enacting
  const path = workloadPath(wanted.workload, target)
  const route = routePath(target, wanted.canary.route)
  const read = async (each: string) => (await demand(api, { method: 'GET', path: each })) as KubeObject
  const [object, routed] = await Promise.all([read(path), read(route)])
  const obstacle = whyNotRolledOut(object, wanted) ?? whyNoRoute(routed, wanted.canary)
  if (obstacle !== undefined) throw new Error(obstacle.problem)
  const pods = podUndos(object, wanted, path)
  const weights = weightsUndo(routed, route, path, wanted)
  return {
    undos: [...pods, weights],
    perform: async (onStep, signal, gate) => {
      for (const undo of pods) await change(enacting, undo, signal)
      onStep({ is: 'begun', targets })
      await untilRolledOut(enacting, object, { kind: 'rolled-out', path }, wanted.withinMs, signal)
      if ((await gate.preview()) === 'roll-back') return
      for (const [index, share] of wanted.canary.steps.entries()) {
        const { stable, canary: fresh } = weightsOf(share)
        await change(enacting, weights, signal, (now) => weightsPatch(now, weights.backends, [stable, fresh]))
        if ((await gate.step(index + 1, share)) === 'roll-back') return
      }
      onStep({ is: 'done', note: note(0) })
    },
  }
}

/** The second Deployment gets its template and its pods. */
export function podUndos(object: KubeObject, wanted: Beside, path: string): readonly Reversal[] {
  const settled: Settled = { kind: 'rolled-out', path }
  return [
    templateUndo(object, wanted, settled),
    restoreOf(object, path, REPLICAS_FIELD, wanted.canary.replicas, settled),
  ].filter((each) => each !== undefined)
}

/** Undefined if the Deployment already has the new template. */
function templateUndo(
  object: KubeObject,
  wanted: Beside,
  settled: Settled,
): Extract<Undo, { does: 'restore-template' }> | undefined {
  const wrote = whatDiffers(object, wanted)
  if (Object.keys({ ...wrote.images, ...wrote.annotations }).length === 0) return undefined
  return { does: 'restore-template', path: settled.path, wrote, was: valuesNow(object, wrote), settled }
}

function weightsUndo(
  route: KubeObject,
  path: string,
  serves: string,
  { canary }: Traffic,
): Extract<Undo, { does: 'restore-weights' }> {
  const backends: RouteBackends = [canary.stable, canary.canary]
  const [was] = weightsNow(route, backends)
  if (was === undefined) throw new Error(`${path} has no rule with the backends ${backends.join(' and ')}`)
  const wrote = canary.steps.map(weightsOf).map(({ stable, canary: fresh }) => [stable, fresh] as const)
  return { does: 'restore-weights', path, serves, backends, wrote, was }
}
