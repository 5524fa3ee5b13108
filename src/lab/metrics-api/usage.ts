/** Processor and memory use of containers, from the runtime's counters. */

import { messageOf } from '../../domain/unknown.ts'
import { fieldsOf, listOf, numberOf, textOf } from '../machine/json.ts'
import { callSocket } from '../machine/socket-client.ts'

export type ContainerUsage = { readonly name: string; readonly cpuNanosPerSecond: number; readonly memoryBytes: number }
export type PodUsage = {
  readonly uid: string
  readonly namespace: string
  readonly name: string
  readonly node: string
  readonly containers: readonly ContainerUsage[]
}
export type Usage = { readonly atMs: number; readonly windowMs: number; readonly pods: readonly PodUsage[] }

type ContainerCount = {
  readonly id: string
  readonly name: string
  readonly cpuNanos: number
  readonly memoryBytes: number
}
type PodCount = Omit<PodUsage, 'containers'> & { readonly containers: readonly ContainerCount[] }
export type Snapshot = { readonly atMs: number; readonly pods: readonly PodCount[] }

/** The runtime's answer to `GET /pods`. Stopped containers are left out. */
export function snapshotOf(answer: unknown, atMs: number): Snapshot {
  return {
    atMs,
    pods: listOf(answer)
      .map(fieldsOf)
      .map((pod) => ({
        uid: textOf(pod.uid),
        namespace: textOf(pod.namespace),
        name: textOf(pod.name),
        node: textOf(pod.node),
        containers: listOf(pod.containers)
          .map(fieldsOf)
          .filter(({ state }) => /running/i.test(textOf(state)))
          .map((container) => ({
            id: textOf(container.id),
            name: textOf(container.name),
            cpuNanos: numberOf(container.cpuNanos),
            memoryBytes: numberOf(container.workingSetBytes),
          })),
      })),
  }
}

/**
 * Use between two snapshots. Pods with a container that only one of them has are left out, because a part of a pod is not a measurement.
 */
export function usageBetween(before: Snapshot, after: Snapshot): Usage {
  const windowMs = after.atMs - before.atMs
  const earlier = new Map(before.pods.flatMap((pod) => pod.containers.map(({ id, cpuNanos }) => [id, cpuNanos])))
  const pods = after.pods.flatMap((pod) => {
    const complete = pod.containers.length > 0 && pod.containers.every(({ id }) => earlier.has(id))
    const containers = pod.containers.map(({ id, name, cpuNanos, memoryBytes }) => ({
      name,
      cpuNanosPerSecond: (Math.max(0, cpuNanos - (earlier.get(id) ?? 0)) * 1000) / windowMs,
      memoryBytes,
    }))
    return complete && windowMs > 0 ? [{ ...pod, containers }] : []
  })
  return { atMs: after.atMs, windowMs, pods }
}

export type UsageMeter = { latest(): Usage | undefined; stop(): void }

const EVERY_MS = 3000
const STALE_AFTER_MS = 15_000

export function startUsageMeter(runtimeSocket: string, trouble: (text: string) => void): UsageMeter {
  let last: Snapshot | undefined
  let usage: Usage | undefined
  let said = ''
  const look = async (): Promise<void> => {
    try {
      const snapshot = snapshotOf(
        await callSocket(runtimeSocket, { method: 'GET', path: '/pods' }, EVERY_MS),
        Date.now(),
      )
      usage = last === undefined ? undefined : usageBetween(last, snapshot)
      last = snapshot
      said = ''
    } catch (error) {
      const problem = messageOf(error)
      if (problem !== said) trouble(`runtime: ${problem}`)
      said = problem
    }
  }
  void look()
  const timer = setInterval(() => void look(), EVERY_MS)
  return {
    latest: () => (usage !== undefined && Date.now() - usage.atMs < STALE_AFTER_MS ? usage : undefined),
    stop: () => clearInterval(timer),
  }
}
