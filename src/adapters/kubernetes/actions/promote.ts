/** Promotes another member: writes the wanted primary into the field that the target file names. The database's operator does the rest. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import type { Settled } from '../../../domain/evidence.ts'
import type { Issue } from '../../../domain/issue.ts'
import type { DatabaseSwitch } from '../../../domain/rehearsal.ts'
import { demand, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { change, fieldAt, restoreOf } from './change.ts'
import { type ChangeEnactor, type Checked, type Enacting, issueOf, noSuchObject, readIfAllowed } from './enactor.ts'
import { untilSettled } from './settled.ts'

type Promotion = ChangeOn<'database'>

export const databasePath = ({ apiVersion, plural, namespace, name }: DatabaseSwitch): string =>
  paths.object(apiVersion, plural, namespace, name)

export const database: ChangeEnactor<Promotion> = {
  needs: (promotion, { databases }) => {
    const known = databases[promotion.database]
    if (known === undefined) return []
    const group = known.apiVersion.includes('/') ? known.apiVersion.replace(/\/.*/, '') : ''
    return [{ group, resource: known.plural, namespace: known.namespace, verbs: ['get', 'patch'] }]
  },
  problem: whyNotPromoted,
  inventory: async () => ({ nodes: [], pods: [] }),
  prepare: promote,
}

async function whyNotPromoted({ api, action, change, target }: Checked<Promotion>): Promise<Issue | undefined> {
  const known = target.databases[change.database]
  if (known === undefined) return undefined
  const object = await readIfAllowed(api, databasePath(known))
  if (object === 'forbidden') return undefined
  if (object === 'missing') return noSuchObject(api, action, databasePath(known))
  if (fieldAt(object, known.observed.split('.')) !== undefined) return undefined
  const problem = `${databasePath(known)} does not show its primary in ${known.observed}`
  return issueOf(
    action,
    'object-missing',
    problem,
    `Is its operator running? Compare with databases in ${target.file}.`,
  )
}

async function promote(enacting: Enacting<Promotion>): Promise<PreparedAction> {
  const { api, targets, settings, note } = enacting
  const { database: name, to } = enacting.change
  const known = settings.databases[name]
  if (known === undefined) throw new Error(`${settings.file} has no database ${name}`)
  const path = databasePath(known)
  const desired = known.desired.split('.')
  const settled: Settled = { kind: 'fields-equal', path, desired, observed: known.observed.split('.') }
  const object = (await demand(api, { method: 'GET', path })) as KubeObject
  const undo = restoreOf(object, path, desired, to, settled)
  if (undo === undefined) throw new Error(`${to} is the wanted primary of ${name} already`)
  return {
    undos: [undo],
    perform: async (onStep, signal) => {
      await change(enacting, undo, signal)
      onStep({ is: 'begun', targets })
      await untilSettled(enacting, settled, () => false, signal)
      onStep({ is: 'done', note: note(0) })
    },
  }
}
