/** One key of a ConfigMap. Metrics of the services show whether they have read it. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { Act } from '../../../domain/rehearsal.ts'
import { demand, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { type ActionContext, change, restoreOf } from './change.ts'

export const configMapPath = (namespace: string, name: string): string => `${paths.configMaps(namespace)}/${name}`

export async function onConfigMap(
  context: ActionContext,
  act: Extract<Act, { kind: 'flag' }>,
): Promise<PreparedAction> {
  const path = configMapPath(context.target, act.configMap)
  const object = (await demand(context.api, { method: 'GET', path })) as KubeObject
  const undo = restoreOf(object, path, ['data', act.key], act.value)
  return {
    undos: undo === undefined ? [] : [undo],
    perform: async (onStep, signal) => {
      if (undo !== undefined) await change(context, undo, signal)
      onStep({ is: 'begun', targets: [`ConfigMap/${context.target}/${act.configMap}`] })
      onStep({ is: 'done', note: `${act.key} is ${JSON.stringify(act.value)}` })
    },
  }
}
