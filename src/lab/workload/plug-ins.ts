/**
 * Pods may be Ready before the lab's own APIs serve: the chaos kinds with their admission, and the metrics for autoscalers. A rehearsal
 * that started earlier would judge the boot of the lab.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../domain/unknown.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { withCluster } from '../cluster-access/connect.ts'
import { fieldsOf, listOf, textOf } from '../machine/json.ts'
import { LabError } from '../machine/lab-error.ts'

const BUDGET_MS = 60_000
const LOOK_EVERY_MS = 200

const PODCHAOS = '/apis/chaos-mesh.org/v1alpha1/namespaces/default/podchaos'

/** A fault that admission accepts and that is never stored, because it is sent as a dry run. */
const harmless = {
  apiVersion: 'chaos-mesh.org/v1alpha1',
  kind: 'PodChaos',
  metadata: { name: 'plug-in-check', namespace: 'default' },
  spec: { action: 'pod-kill', mode: 'one', selector: { namespaces: ['default'] } },
}

/** Resolves when all of them serve. @throws LabError naming the API that does not serve in time, with its last answer */
export const untilPlugInsServe = (root: string, signal?: AbortSignal): Promise<void> =>
  withCluster(root, async (cluster) => {
    await untilServed('chaos-daemon', () => cluster.create(`${PODCHAOS}?dryRun=All`, harmless), signal)
    for (const name of ['v1beta2.custom.metrics.k8s.io', 'v1beta1.metrics.k8s.io']) {
      await untilServed('metrics-api', () => requireAvailable(cluster, name), signal)
    }
  })

const requireAvailable = async (cluster: ClusterClient, name: string): Promise<void> =>
  requireCondition(await cluster.get(`/apis/apiregistration.k8s.io/v1/apiservices/${name}`), 'Available')

/** Repeats `ask` until it succeeds. @throws LabError with the last error; `next` is for components without a log of their own */
export async function untilServed(
  component: string,
  ask: () => Promise<unknown>,
  signal?: AbortSignal,
  next = `read logs/${component}.log in the lab's folder.`,
): Promise<void> {
  const deadline = Date.now() + BUDGET_MS
  for (;;) {
    signal?.throwIfAborted()
    try {
      await ask()
      return
    } catch (cause) {
      if (Date.now() > deadline) {
        const words = messageOf(cause)
        throw new LabError({
          code: 'lab-plug-in-silent',
          problem: `${component} does not serve after ${BUDGET_MS / 1000} s: ${words}`,
          next,
          cause,
        })
      }
      await sleep(LOOK_EVERY_MS, undefined, signal ? { signal } : {})
    }
  }
}

/** @throws Error with the object's own message when the condition is not True */
export function requireCondition(object: unknown, type: string): void {
  const conditions = listOf(fieldsOf(fieldsOf(object).status).conditions).map(fieldsOf)
  const found = conditions.find((each) => each.type === type)
  if (found?.status !== 'True') throw new Error(textOf(found?.message) || `not ${type} yet`)
}
