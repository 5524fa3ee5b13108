/** Actions on nodes: taint, drain and power off. */
import type { PreparedAction } from '../../../controller/ports.ts'
import type { Act } from '../../../domain/rehearsal.ts'
import { after } from '../../../domain/units.ts'
import { demand, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { type ActionContext, change, hasTaint, LOOK_EVERY, restoreOf } from './change.ts'
import { evictAll } from './drain.ts'
import type { Reversal } from './marks.ts'
import { isReady } from './settled.ts'

export const POWER_CONTROL_LABEL = 'matchday.dev/power-control'
export const POWER_FIELD = ['metadata', 'annotations', 'matchday.dev/power'] as const

type OnNodes = Extract<Act, { kind: 'taint' | 'drain' | 'power-off' }>

export async function onNodes(
  context: ActionContext,
  act: OnNodes,
  targets: readonly string[],
): Promise<PreparedAction> {
  const names = targets.map((target) => target.replace(/^Node\//, ''))
  const nodes = await Promise.all(names.map((name) => readNode(context, name)))
  const undos = nodes.flatMap((node) => undoOn(node, act) ?? [])
  return {
    undos,
    perform: async (onStep, signal) => {
      await Promise.all(undos.map((undo) => change(context, undo, signal)))
      onStep({ is: 'begun', targets })
      switch (act.kind) {
        case 'taint':
          return onStep({ is: 'done', note: `${names.length} nodes have the taint ${act.key}:${act.effect}` })
        case 'drain':
          return onStep({ is: 'done', note: `drained, ${await evictAll(context, names, onStep, signal)} pods evicted` })
        case 'power-off':
          await untilDark(context, names, signal)
          return onStep({ is: 'done', note: `${names.length} nodes are NotReady` })
      }
    },
  }
}

const readNode = ({ api }: Pick<ActionContext, 'api'>, name: string, signal?: AbortSignal): Promise<KubeObject> =>
  demand(api, { method: 'GET', path: paths.node(name), ...(signal ? { signal } : {}) }) as Promise<KubeObject>

/** Undefined if somebody else made the same change already: then it is not ours to undo. */
function undoOn(node: KubeObject, act: OnNodes): Reversal | undefined {
  const path = paths.node(node.metadata.name)
  switch (act.kind) {
    case 'taint':
      if (hasTaint(node, act.key, act.effect)) return undefined
      return { does: 'remove-taint', node: node.metadata.name, key: act.key, effect: act.effect }
    case 'drain':
      return restoreOf(node, path, ['spec', 'unschedulable'], true)
    case 'power-off':
      return restoreOf(node, path, POWER_FIELD, 'off', { kind: 'node-ready', path })
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
