/** Like `kubectl drain`: every evictable pod is evicted through the Eviction API, so that disruption budgets apply. */
import type { ActionStepData } from '../../../domain/evidence.ts'
import { after, seconds } from '../../../domain/units.ts'
import { demand, itemsOf, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { isEvictable } from '../../../protocols/kubernetes/pods.ts'
import { fields, list, text } from '../fields.ts'
import type { ActionContext } from './change.ts'

/** kubectl waits five seconds after a refusal. One second measures the budget's effect more precisely and costs one request per pod. */
const ASK_EVERY = seconds(1)

type Tell = (step: ActionStepData) => void

/** Resolves when no evictable pod is left on the nodes; returns the number of evicted pods. */
export async function evictAll(
  context: ActionContext,
  nodes: readonly string[],
  onStep: Tell,
  signal: AbortSignal,
): Promise<number> {
  const evicted = new Set<string>()
  const refused = new Map<string, string>()
  for (;;) {
    const pods = (await Promise.all(nodes.map((node) => podsOn(context, node, signal)))).flat()
    if (pods.length === 0) return evicted.size
    const staying = pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    await Promise.all(staying.map((pod) => evict(context, pod, evicted, refused, onStep, signal)))
    await context.clock.until(after(context.clock.now(), ASK_EVERY), signal)
  }
}

async function podsOn({ api }: ActionContext, node: string, signal: AbortSignal): Promise<readonly KubeObject[]> {
  const path = paths.allPods(`?fieldSelector=${encodeURIComponent(`spec.nodeName=${node}`)}`)
  return itemsOf(await demand(api, { method: 'GET', path, signal })).filter(isEvictable)
}

async function evict(
  { api }: ActionContext,
  pod: KubeObject,
  evicted: Set<string>,
  refused: Map<string, string>,
  onStep: Tell,
  signal: AbortSignal,
): Promise<void> {
  const { name, namespace = '', uid = '' } = pod.metadata
  const where = { pod: `${namespace}/${name}`, node: text(fields(pod.spec).nodeName) }
  const body = {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
    deleteOptions: { preconditions: { uid } },
  }
  const response = await api.request({
    method: 'POST',
    path: paths.eviction(namespace, name),
    body,
    once: true,
    signal,
  })
  // 404 and 409: the pod is gone, or another pod of the same name (StatefulSet) replaced it.
  if (response.status === 404 || response.status === 409) return
  if (response.status < 300) {
    if (!evicted.has(uid)) onStep({ is: 'evicted', ...where })
    evicted.add(uid)
    return
  }
  const problem = text(fields(response.json).message) || `the API server answered ${response.status}`
  if (response.status !== 429) throw new Error(`${where.pod} can't be evicted: ${problem}`)
  // The server itself may be busy. Only a refusal by a budget is evidence about the budget.
  if (!isBudgets(response.json)) return
  // Retried each second, recorded once per reason.
  if (refused.get(uid) !== problem) onStep({ is: 'eviction-refused', ...where, problem })
  refused.set(uid, problem)
}

/** The cause that the Eviction API returns (policy/v1 DisruptionBudgetCause). */
const isBudgets = (status: unknown): boolean =>
  list(fields(fields(status).details).causes).some((cause) => cause.reason === 'DisruptionBudget')
