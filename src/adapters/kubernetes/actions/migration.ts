/**
 * The schema change of a release: a Job that the target file describes, created before the pods are replaced. The Job is deleted with the release; the schema
 * stays, because a rollback of code can rarely undo it. So pods of the old release must work with it.
 */
import type { ChangeOn } from '../../../domain/change.ts'
import type { ActionStepData } from '../../../domain/evidence.ts'
import type { Issue } from '../../../domain/issue.ts'
import { RUN_LABEL } from '../../../domain/labels.ts'
import type { MigrationPlace } from '../../../domain/migration.ts'
import type { Target } from '../../../domain/rehearsal.ts'
import { showDuration } from '../../../domain/show.ts'
import { after } from '../../../domain/units.ts'
import { demand, type KubeObject } from '../../../protocols/kubernetes/api.ts'
import { insist } from '../../../protocols/kubernetes/insist.ts'
import { conditionsOf, fields } from '../fields.ts'
import { LOOK_EVERY, merged } from './change.ts'
import { copyPath, createCopy, type DeleteCopy, undoOfJob } from './copies.ts'
import { type Checked, type Enacting, issueOf, type Resource, readIfAllowed } from './enactor.ts'

type Release = ChangeOn<'pod-template'>
export type PlannedMigration = { readonly place: MigrationPlace; readonly undo: DeleteCopy }

export function planMigration({ migration }: Release, target: Target): PlannedMigration | undefined {
  if (migration === undefined) return undefined
  const place = target.migrations?.[migration.run]
  if (place === undefined) throw new Error(`${target.file} does not describe the migration ${migration.run}`)
  return { place, undo: undoOfJob(place, target.namespace) }
}

export function migrationNeeds(change: Release, target: Target): readonly Resource[] {
  const planned = planMigration(change, target)
  if (planned === undefined) return []
  return [{ group: 'batch', resource: 'jobs', namespace: planned.undo.namespace, verbs: ['create', 'get', 'delete'] }]
}

/** An existing Job of the same name would be mistaken for ours. */
export async function whyNotMigrated({ api, action, change, target }: Checked<Release>): Promise<Issue | undefined> {
  const planned = planMigration(change, target)
  if (planned === undefined) return undefined
  const path = copyPath(planned.undo)
  const found = await readIfAllowed(api, path)
  if (found === 'missing' || found === 'forbidden') return undefined
  const problem = `${path} exists already, and the Job of the migration would have the same name`
  return issueOf(action, 'object-exists', problem, 'Delete it, or give the Job of the target file another name.')
}

/** Creates the Job and waits until it is complete. Throws if it fails, or is not complete in its time. */
export async function migrate(
  enacting: Enacting<Release>,
  { place, undo }: PlannedMigration,
  onStep: (step: ActionStepData) => void,
  signal: AbortSignal,
): Promise<void> {
  const { api, clock, run, change } = enacting
  const { migration } = change
  if (migration === undefined) return
  const job = merged(place.job, { metadata: { labels: { [RUN_LABEL]: run } } }) as KubeObject
  const deadline = after(clock.now(), migration.withinMs)
  await createCopy(api, undo, job, signal)
  onStep({ is: 'migration-begun', migration: migration.run, job: undo.name })
  const rest = () => clock.until(after(clock.now(), LOOK_EVERY), signal)
  const read = () => demand(api, { method: 'GET', path: copyPath(undo), signal }) as Promise<KubeObject>
  for (;;) {
    const object = await insist(read, () => signal.aborted, rest)
    const conditions = conditionsOf(fields(object.status)).filter(({ status }) => status === 'True')
    if (conditions.some(({ type }) => type === 'Complete'))
      return onStep({ is: 'migration-done', migration: migration.run })
    const failed = conditions.find(({ type }) => type === 'Failed')
    if (failed !== undefined)
      throw new Error(`the Job ${undo.name} of the migration failed: ${failed.message || failed.reason}`)
    if (clock.now() >= deadline)
      throw new Error(
        `the Job ${undo.name} of the migration was not complete within ${showDuration(migration.withinMs)}`,
      )
    await rest()
  }
}
