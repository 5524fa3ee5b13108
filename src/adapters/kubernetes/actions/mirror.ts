/**
 * A shadow release: the second Deployment gets the new template and its pods, and then copies of requests. The mirror is switched on and off in turn.
 * The controller decides how long each window lasts. The undo removes the filter.
 */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import { demand, type KubeObject } from '../../../protocols/kubernetes/api.ts'
import { podUndos, routeNeeds } from './canary.ts'
import { whyNoMirror, whyNotBeside } from './canary-preflight.ts'
import { change } from './change.ts'
import type { ChangeEnactor, Enacting } from './enactor.ts'
import { untilRolledOut, whyNotRolledOut } from './release.ts'
import { mirrorPatch, type RemoveMirror, withoutMirror } from './route-mirrors.ts'
import { routePath } from './route-weights.ts'
import { onWorkload, workloadPath } from './workloads.ts'

type Mirrored = ChangeOn<'mirror'>

export const mirror: ChangeEnactor<Mirrored> = {
  ...onWorkload,
  needs: (wanted, target) => [...onWorkload.needs(wanted, target), ...routeNeeds(target)],
  problem: (checked) => whyNotBeside(checked, whyNoMirror),
  prepare: shadow,
}

async function shadow(enacting: Enacting<Mirrored>): Promise<PreparedAction> {
  const { change: wanted, api, target, targets, note } = enacting
  const { canary } = wanted
  const path = workloadPath(wanted.workload, target)
  const route = routePath(target, canary.route)
  const read = async (each: string) => (await demand(api, { method: 'GET', path: each })) as KubeObject
  const [object, routed] = await Promise.all([read(path), read(route)])
  const obstacle = whyNotRolledOut(object, wanted) ?? whyNoMirror(routed, canary)
  if (obstacle !== undefined) throw new Error(obstacle.problem)
  const pods = podUndos(object, wanted, path)
  const undo: RemoveMirror = {
    does: 'remove-mirror',
    path: route,
    stable: canary.stable,
    backend: canary.canary,
    share: Math.max(...canary.steps),
  }
  return {
    undos: [...pods, undo],
    perform: async (onStep, signal, gate) => {
      for (const each of pods) await change(enacting, each, signal)
      onStep({ is: 'begun', targets })
      await untilRolledOut(enacting, object, { kind: 'rolled-out', path }, wanted.withinMs, signal)
      if ((await gate.preview()) === 'roll-back') return
      for (const [index, share] of canary.steps.entries()) {
        await change(enacting, undo, signal, (now) => (share > 0 ? mirrorPatch(now, undo) : withoutMirror(now, undo)))
        if ((await gate.step(index + 1, share)) === 'roll-back') return
      }
      onStep({ is: 'done', note: note(0) })
    },
  }
}
