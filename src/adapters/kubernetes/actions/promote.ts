/** Promotes another member: writes the wanted primary into the field that the target file names. The database's operator does the rest. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { Settled } from '../../../domain/evidence.ts'
import type { Act, DatabaseSwitch, Target } from '../../../domain/rehearsal.ts'
import { demand, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { type ActionContext, change, restoreOf } from './change.ts'
import { untilSettled } from './settled.ts'

export const databasePath = ({ apiVersion, plural, namespace, name }: DatabaseSwitch): string =>
  paths.object(apiVersion, plural, namespace, name)

export async function onDatabase(
  context: ActionContext,
  { database, to }: Extract<Act, { kind: 'promote' }>,
  target: Target,
): Promise<PreparedAction> {
  const known = target.databases[database]
  if (known === undefined) throw new Error(`${target.file} has no database ${database}`)
  const path = databasePath(known)
  const desired = known.desired.split('.')
  const settled: Settled = { kind: 'fields-equal', path, desired, observed: known.observed.split('.') }
  const object = (await demand(context.api, { method: 'GET', path })) as KubeObject
  const undo = restoreOf(object, path, desired, to, settled)
  if (undo === undefined) throw new Error(`${to} is the wanted primary of ${database} already`)
  return {
    undos: [undo],
    perform: async (onStep, signal) => {
      await change(context, undo, signal)
      onStep({ is: 'begun', targets: [`Database/${database}`] })
      await untilSettled(context, settled, () => false, signal)
      onStep({ is: 'done', note: `${to} is the primary of ${database}` })
    },
  }
}
