/** PodChaos: deletes pods, replaces the images of pods with one that does nothing, kills containers. */

import type { ChaosObject, ChaosRecord, PodChaosSpec, RecordPhase } from '../../protocols/chaos-mesh/objects.ts'
import type { Fields } from '../../protocols/fields.ts'
import { type ClusterClient, isNotFound } from '../cluster-access/cluster.ts'
import { fieldsOf, listOf, textOf, textsOf } from '../machine/json.ts'
import { callSocket } from '../machine/socket-client.ts'
import {
  type EnactedFault,
  type Enactor,
  type EnactorPorts,
  failed,
  podNotFound,
  podOf,
  type RecordOutcome,
} from './enactor.ts'
import { partsOfId, podPath } from './paths.ts'

/** Always in the lab's image store: an image that only waits. */
export const PAUSE_IMAGE = 'matchday/pause:lab'

const RUNTIME_WITHIN_MS = 5000

export const podChaos: EnactedFault = {
  problems: () => [],
  sample: { action: 'pod-kill' },
  createEnactor: createPodEnactor,
}

function createPodEnactor({ cluster, runtimeSocket }: EnactorPorts): Enactor {
  const attempt = async (atFailure: RecordPhase, act: () => Promise<RecordOutcome>): Promise<RecordOutcome> => {
    try {
      return await act()
    } catch (error) {
      return failed(atFailure, error)
    }
  }
  return {
    apply: (object, record) => attempt('Not Injected', () => apply(cluster, runtimeSocket, object, record)),
    recover: (object, record) => attempt('Injected', () => recover(cluster, object, record)),
    flush: () => {},
    release: async () => {},
  }
}

async function apply(
  cluster: ClusterClient,
  runtimeSocket: string,
  object: ChaosObject,
  record: ChaosRecord,
): Promise<RecordOutcome> {
  const spec = podChaosSpec(object)
  switch (spec.action) {
    case 'pod-kill':
      await killPod(cluster, record, spec.gracePeriod ?? 0)
      break
    case 'pod-failure':
      await failPod(cluster, object, record)
      break
    case 'container-kill':
      await killContainer(cluster, runtimeSocket, record)
      break
  }
  return { phase: 'Injected' }
}

/** A kill cannot be undone here; the pod's controller replaces it. */
async function recover(cluster: ClusterClient, object: ChaosObject, record: ChaosRecord): Promise<RecordOutcome> {
  if (podChaosSpec(object).action === 'pod-failure') await mendPod(cluster, object, record)
  return { phase: 'Not Injected' }
}

function podChaosSpec(object: ChaosObject): PodChaosSpec {
  if (object.kind !== 'PodChaos') throw new Error(`${object.kind} is not a pod fault`)
  return object.spec
}

/** A plain deletion, which does not ask disruption budgets. */
async function killPod(cluster: ClusterClient, record: ChaosRecord, gracePeriodSeconds: number): Promise<void> {
  const { namespace, pod } = partsOfId(record.id)
  await cluster.remove(podPath(namespace, pod), { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds })
}

// The part of an annotation's name after the prefix may have this length. Longer keys are shortened to the container's own part.
const KEY_MAX = 63

/** The annotation that stores a container's own image while the pod fails. */
export function imageKey(experiment: string, action: string, container: string, init: boolean): string {
  const name = `${container}-${init ? 'init' : 'normal'}`
  const key = `chaos-mesh-${experiment}-${action}-${name}-image`
  return key.length > KEY_MAX ? name : key
}

type Swap = (container: Fields, annotations: Record<string, string | null>, key: string) => Fields

const toPause: Swap = (container, annotations, key) => {
  if (typeof annotations[key] === 'string') return container
  annotations[key] = textOf(container.image)
  return { ...container, image: PAUSE_IMAGE }
}

const toOriginal: Swap = (container, annotations, key) => {
  const image = annotations[key]
  if (typeof image !== 'string') return container
  annotations[key] = null
  return { ...container, image }
}

async function failPod(cluster: ClusterClient, object: ChaosObject, record: ChaosRecord): Promise<void> {
  const pod = await podOf(cluster, record)
  if (pod === undefined) throw new Error(podNotFound(record))
  await swapImages(cluster, object, record, pod, toPause)
}

async function mendPod(cluster: ClusterClient, object: ChaosObject, record: ChaosRecord): Promise<void> {
  const pod = await podOf(cluster, record)
  if (pod === undefined) return
  try {
    await swapImages(cluster, object, record, pod, toOriginal)
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

async function swapImages(
  cluster: ClusterClient,
  object: ChaosObject,
  record: ChaosRecord,
  pod: Fields,
  swap: Swap,
): Promise<void> {
  const { namespace, pod: name } = partsOfId(record.id)
  const metadata = fieldsOf(pod.metadata)
  const spec = fieldsOf(pod.spec)
  const annotations: Record<string, string | null> = { ...textsOf(metadata.annotations) }
  const swapped = (containers: unknown, init: boolean): Fields[] =>
    listOf(containers).map((each) => {
      const container = fieldsOf(each)
      const key = imageKey(object.metadata.name, podChaosSpec(object).action, textOf(container.name), init)
      return swap(container, annotations, key)
    })
  const containers = swapped(spec.containers, false)
  const initContainers = swapped(spec.initContainers, true)
  await cluster.merge(podPath(namespace, name), {
    metadata: { annotations, resourceVersion: metadata.resourceVersion },
    spec: initContainers.length === 0 ? { containers } : { containers, initContainers },
  })
}

async function killContainer(cluster: ClusterClient, runtimeSocket: string, record: ChaosRecord): Promise<void> {
  const pod = await podOf(cluster, record)
  if (pod === undefined) throw new Error(podNotFound(record))
  const { container } = partsOfId(record.id)
  const id = runningContainer(
    await callSocket(runtimeSocket, { method: 'GET', path: '/pods' }, RUNTIME_WITHIN_MS),
    pod,
    container,
  )
  if (id === undefined) throw new Error(`container ${container} of ${record.id} is not running`)
  const path = `/containers/${encodeURIComponent(id)}/kill`
  await callSocket(runtimeSocket, { method: 'POST', path, body: { signal: 'SIGKILL' } }, RUNTIME_WITHIN_MS)
}

/** The runtime's id of a pod's running container. */
function runningContainer(listed: unknown, pod: Fields, container: string): string | undefined {
  const uid = fieldsOf(pod.metadata).uid
  const running = listOf(listed)
    .map(fieldsOf)
    .filter((each) => each.uid === uid)
    .flatMap((each) => listOf(each.containers).map(fieldsOf))
    .find(({ name, state }) => name === container && /running/i.test(textOf(state)))
  return running === undefined ? undefined : textOf(running.id)
}
