/** Deletes the objects that a run made in the cluster for its load, also those of runs that died. */
import type { Clock, Undoer } from '../../../controller/ports.ts'
import { RUN_LABEL, TARGET_LABEL } from '../../../domain/labels.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import { after, seconds } from '../../../domain/units.ts'
import {
  ApiRefusal,
  find,
  itemsOf,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../../protocols/kubernetes/api.ts'
import { insist } from '../../../protocols/kubernetes/insist.ts'
import type { Deletion } from './manifests.ts'

const LOOK_EVERY = seconds(0.25)

const KINDS = [
  { apiVersion: 'batch/v1', objectKind: 'Job', plural: 'jobs' },
  { apiVersion: 'v1', objectKind: 'ConfigMap', plural: 'configmaps' },
  { apiVersion: 'v1', objectKind: 'Secret', plural: 'secrets' },
] as const

export function runnersUndoer(api: KubernetesApi, clock: Clock): Undoer {
  return {
    undo: async (undo, budgetMs) => {
      if (undo.does !== 'delete-object') throw new Error(`a load is undone by delete-object, not by ${undo.does}`)
      const path = paths.object(undo.apiVersion, undo.plural, undo.namespace, undo.name)
      const deadline = after(clock.now(), budgetMs)
      const late = () => clock.now() >= deadline
      const rest = () => clock.until(after(clock.now(), LOOK_EVERY))
      // With foreground deletion a Job stays until its pods are gone.
      const body = { kind: 'DeleteOptions', apiVersion: 'v1', propagationPolicy: 'Foreground' }
      if ((await insist(() => find(api, { method: 'DELETE', path, body }), late, rest)) === undefined)
        return 'already-gone'
      while ((await insist(() => find(api, { method: 'GET', path }), late, rest)) !== undefined) {
        if (late()) throw new Error(`${path} is still there ${budgetMs / 1000} s after its deletion.`)
        await rest()
      }
      return 'undone'
    },
    leftovers: async (target) =>
      (await made(api, target)).map(({ object, ...undo }) => ({
        run: object.metadata.labels?.[RUN_LABEL] ?? '',
        undo: { does: 'delete-object' as const, ...undo },
      })),
    residue: async (target) =>
      (await made(api, target)).map(({ object, objectKind, namespace, name }) => ({
        what: `${objectKind} ${namespace}/${name} of run ${object.metadata.labels?.[RUN_LABEL]}`,
        where: object.metadata.deletionTimestamp ? 'deleting' : 'live',
        next: `matchday heal --context ${target.context}`,
      })),
  }
}

type Found = Omit<Deletion, 'does'> & { readonly object: KubeObject }

/** All objects that runs on this target made for their load and that still exist. */
async function made(api: KubernetesApi, { load, namespace: target }: Target): Promise<readonly Found[]> {
  if (load === undefined) return []
  const selector = encodeURIComponent(`${RUN_LABEL},${TARGET_LABEL}=${target}`)
  const lists = await Promise.all(
    KINDS.map(async (kind) => {
      const path = `${paths.objects(kind.apiVersion, kind.plural, load.namespace)}?labelSelector=${selector}`
      const response = await api.request({ method: 'GET', path })
      // The role for Secrets is bound only where a target has credentials. Without it a run can have made no Secret.
      if (response.status === 404 || (response.status === 403 && kind.plural === 'secrets')) return []
      if (response.status >= 300) throw new ApiRefusal({ method: 'GET', path }, response, api)
      return itemsOf(response.json).map((object) => ({
        ...kind,
        namespace: load.namespace,
        name: object.metadata.name,
        object,
      }))
    }),
  )
  return lists.flat()
}
