/** One key of a ConfigMap. Metrics of the services show whether they have read it. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import { demand, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { change, restoreOf } from './change.ts'
import { CHANGED, type ChangeEnactor, type Enacting, missing } from './enactor.ts'

export const configMapPath = (namespace: string, name: string): string => `${paths.configMaps(namespace)}/${name}`

export const configMap: ChangeEnactor<ChangeOn<'config-map'>> = {
  needs: (_, { namespace }) => [{ group: '', resource: 'configmaps', namespace, verbs: CHANGED }],
  problem: ({ api, action, change: { name }, target }) => missing(api, action, configMapPath(target.namespace, name)),
  inventory: async () => ({ nodes: [], pods: [] }),
  prepare: setKey,
}

async function setKey(enacting: Enacting<ChangeOn<'config-map'>>): Promise<PreparedAction> {
  const { api, target, targets, note } = enacting
  const { name, key, value } = enacting.change
  const path = configMapPath(target, name)
  const object = (await demand(api, { method: 'GET', path })) as KubeObject
  const undo = restoreOf(object, path, ['data', key], value)
  return {
    undos: undo === undefined ? [] : [undo],
    perform: async (onStep, signal) => {
      if (undo !== undefined) await change(enacting, undo, signal)
      onStep({ is: 'begun', targets })
      onStep({ is: 'done', note: note(0) })
    },
  }
}
