/** The objects that request restored copies, and the Jobs of migrations: how they are created and deleted, and how those of dead runs are found. */
import type { Clock } from '../../../controller/ports.ts'
import type { ResidueItem, Undo } from '../../../domain/evidence.ts'
import { RUN_LABEL } from '../../../domain/labels.ts'
import type { MigrationPlace } from '../../../domain/migration.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import type { RestorePlace } from '../../../domain/restore.ts'
import { after, type Millis } from '../../../domain/units.ts'
import {
  demand,
  find,
  isKubeObject,
  type KubeObject,
  type KubernetesApi,
  paths,
} from '../../../protocols/kubernetes/api.ts'
import { insist } from '../../../protocols/kubernetes/insist.ts'
import { fields, text } from '../fields.ts'
import { LOOK_EVERY } from './change.ts'
import { allowed } from './leftovers.ts'

export type DeleteCopy = Extract<Undo, { does: 'delete-copy' }>

export function undoOfCopy({ copy }: RestorePlace, namespace: string): DeleteCopy {
  const { apiVersion, metadata } = fields(copy.object)
  const { name, namespace: own } = fields(metadata)
  return {
    does: 'delete-copy',
    apiVersion: text(apiVersion),
    plural: copy.plural,
    namespace: text(own) || namespace,
    name: text(name),
  }
}

export function undoOfJob({ job }: MigrationPlace, namespace: string): DeleteCopy {
  const { name, namespace: own } = fields(fields(job).metadata)
  return {
    does: 'delete-copy',
    apiVersion: 'batch/v1',
    plural: 'jobs',
    namespace: text(own) || namespace,
    name: text(name),
  }
}

export const copyPath = ({ apiVersion, plural, namespace, name }: DeleteCopy): string =>
  paths.object(apiVersion, plural, namespace, name)

export const runOf = ({ metadata }: KubeObject): string | undefined => metadata.labels?.[RUN_LABEL]

/** Only if a run created it. Another object of the same name stays. */
export async function deleteCopy(
  { api, clock }: { readonly api: KubernetesApi; readonly clock: Clock },
  undo: DeleteCopy,
  budgetMs: Millis,
): Promise<'undone' | 'already-gone'> {
  const path = copyPath(undo)
  const deadline = after(clock.now(), budgetMs)
  const late = () => clock.now() >= deadline
  const rest = () => clock.until(after(clock.now(), LOOK_EVERY))
  const look = () => insist(() => find(api, { method: 'GET', path }) as Promise<KubeObject | undefined>, late, rest)
  const object = await look()
  if (object === undefined || runOf(object) === undefined) return 'already-gone'
  const { uid } = object.metadata
  const body = { propagationPolicy: 'Foreground', preconditions: { uid } }
  await insist(() => find(api, { method: 'DELETE', path, body }), late, rest)
  for (;;) {
    const now = await look()
    if (now === undefined || now.metadata.uid !== uid) return 'undone'
    if (late()) throw new Error(`${path} was deleted and is still there`)
    await rest()
  }
}

export async function leftCopies(
  api: KubernetesApi,
  { restores = {}, migrations = {}, namespace }: Target,
): Promise<readonly { readonly undo: DeleteCopy; readonly run: string }[]> {
  const undos = [
    ...Object.values(restores).map((place) => undoOfCopy(place, namespace)),
    ...Object.values(migrations).map((place) => undoOfJob(place, namespace)),
  ]
  const found = await Promise.all(
    undos.map(async (undo) => {
      const object = await allowed(api, copyPath(undo))
      const run = isKubeObject(object) ? runOf(object) : undefined
      return run === undefined ? [] : [{ undo, run }]
    }),
  )
  return found.flat()
}

export const copiesLeft = async (api: KubernetesApi, target: Target): Promise<readonly ResidueItem[]> =>
  (await leftCopies(api, target)).map(({ undo, run }) => ({
    what: `${undo.plural === 'jobs' ? 'the Job of a migration' : 'a restored copy'} of run ${run}`,
    where: copyPath(undo),
    next: `matchday heal --context ${target.context}`,
  }))

export const createCopy = (
  api: KubernetesApi,
  undo: DeleteCopy,
  object: KubeObject,
  signal: AbortSignal,
): Promise<unknown> =>
  demand(api, { method: 'POST', path: copyPath(undo).slice(0, -`/${undo.name}`.length), body: object, signal })
