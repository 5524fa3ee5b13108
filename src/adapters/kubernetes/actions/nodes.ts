/** Writes the same change to each of several nodes. Taint, drain and power off use it. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { NodeChange } from '../../../domain/change.ts'
import type { Issue } from '../../../domain/issue.ts'
import { after } from '../../../domain/units.ts'
import { demand, itemsOf, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { chosenNodes } from '../../../protocols/kubernetes/nodes.ts'
import { type ActionContext, change, hasTaint, LOOK_EVERY, restoreOf } from './change.ts'
import { evictAll } from './drain.ts'
import { CHANGED, type ChangeEnactor, type Checked, type Enacting, issueOf, listAt, type Resource } from './enactor.ts'
import type { Reversal } from './marks.ts'
import { isReady } from './settled.ts'

const EVICTION = { group: '', resource: 'pods', subresource: 'eviction', verbs: ['create'] }

export const nodes: ChangeEnactor<NodeChange> = {
  needs: ({ until }, _, namespaces): readonly Resource[] => [
    { group: '', resource: 'nodes', namespace: '', verbs: CHANGED },
    { group: '', resource: 'pods', namespace: '', verbs: ['list'] },
    ...(until === 'evicted' ? namespaces.map((namespace) => ({ ...EVICTION, namespace })) : []),
  ],
  problem: whyNotThese,
  // Pods of every namespace, because nodes are shared.
  inventory: async (api) => {
    const [nodes, pods] = await Promise.all([listAt(api, paths.nodes), listAt(api, paths.allPods())])
    return { nodes, pods }
  },
  prepare: writeOnEach,
}

async function whyNotThese({ api, action, change: { nodes, needs } }: Checked<NodeChange>): Promise<Issue | undefined> {
  const response = await api.request({ method: 'GET', path: paths.nodes })
  if (response.status >= 300) return undefined
  const chosen = chosenNodes(nodes, itemsOf(response.json))
  if (chosen.length === 0)
    return issueOf(
      action,
      'object-missing',
      'no node is of that zone and pool',
      'Compare with: kubectl get nodes --show-labels',
    )
  if (needs === undefined) return undefined
  const without = chosen.filter((node) => node.metadata.labels?.[needs.label] !== 'true')
  if (without.length === 0) return undefined
  const names = without.map((node) => node.metadata.name).join(', ')
  return issueOf(action, needs.code, `${needs.problem} ${names}`, needs.next)
}

async function writeOnEach(enacting: Enacting<NodeChange>): Promise<PreparedAction> {
  const { targets, note } = enacting
  const { until } = enacting.change
  const names = targets.map((target) => target.replace(/^Node\//, ''))
  const found = await Promise.all(names.map((name) => readNode(enacting, name)))
  const undos = found.flatMap((node) => undoOn(node, enacting.change) ?? [])
  return {
    undos,
    perform: async (onStep, signal) => {
      await Promise.all(undos.map((undo) => change(enacting, undo, signal)))
      onStep({ is: 'begun', targets })
      const evicted = until === 'evicted' ? await evictAll(enacting, names, onStep, signal) : 0
      if (until === 'not-ready') await untilDark(enacting, names, signal)
      onStep({ is: 'done', note: note(evicted) })
    },
  }
}

const readNode = ({ api }: Pick<ActionContext, 'api'>, name: string, signal?: AbortSignal): Promise<KubeObject> =>
  demand(api, { method: 'GET', path: paths.node(name), ...(signal ? { signal } : {}) }) as Promise<KubeObject>

/** Undefined if somebody else made the same change already: then it is not ours to undo. */
function undoOn(node: KubeObject, { writes, until }: NodeChange): Reversal | undefined {
  const path = paths.node(node.metadata.name)
  switch (writes.kind) {
    case 'taint':
      if (hasTaint(node, writes.key, writes.effect)) return undefined
      return { does: 'remove-taint', node: node.metadata.name, key: writes.key, effect: writes.effect }
    case 'field':
      return restoreOf(
        node,
        path,
        writes.field,
        writes.value,
        until === 'not-ready' ? { kind: 'node-ready', path } : undefined,
      )
  }
}

/** A node without power reports nothing. The cluster itself notices that it is NotReady. */
async function untilDark(context: ActionContext, names: readonly string[], signal: AbortSignal): Promise<void> {
  for (;;) {
    const nodes = await Promise.all(names.map((name) => readNode(context, name, signal)))
    if (!nodes.some(isReady)) return
    await context.clock.until(after(context.clock.now(), LOOK_EVERY), signal)
  }
}
