/**
 * The lab's Chaos Mesh: the same objects, responses and course of an experiment, enacted on the lab's pods. It has no state of its own:
 * what it did is in the status of the objects and in the pod network, so it may be killed at any time. Started by the owner as `main.ts
 * --lab <root>`.
 */

import type { ChaosKind, ChaosObject } from '../../protocols/chaos-mesh/objects.ts'
import { isChaosObject } from '../../protocols/chaos-mesh/objects.ts'
import type { Fields } from '../../protocols/fields.ts'
import type { ClusterClient } from '../cluster-access/cluster.ts'
import { connect } from '../cluster-access/connect.ts'
import { follow } from '../cluster-access/follow.ts'
import { startDaemon } from '../machine/daemon.ts'
import { labPaths } from '../machine/paths.ts'
import { startAdmissionServer } from './admission-server.ts'
import { ENACTED_KINDS, type EnactedKind, enacted, keyOf, keyOfSource, sourceOf } from './enacted.ts'
import type { Enactor } from './enactor.ts'
import { install } from './install.ts'
import { createNetworkAgent, type NetworkAgent } from './network-agent.ts'
import { listPath } from './paths.ts'
import { createQueue, type Queue } from './queue.ts'
import { reconcile } from './reconcile.ts'
import { createEventRecorder } from './recorder.ts'

const { root, log, run, stopping, untilDone } = startDaemon('chaos-daemon')
const paths = labPaths(root)

function followKind(cluster: ClusterClient, kind: EnactedKind, queue: Queue): Promise<void> {
  const seen = (item: Fields) => {
    const object: unknown = { ...item, kind, apiVersion: 'chaos-mesh.org/v1alpha1' }
    const key = isChaosObject(object) ? keyOf(object) : undefined
    if (key !== undefined && isChaosObject(object)) queue.seen(key, object.metadata.resourceVersion)
  }
  const replaced = (items: readonly Fields[]) => items.forEach(seen)
  return follow(() => cluster, listPath(kind), { replaced, changed: seen, removed: seen }, stopping, log)
}

/** Removes rules whose experiment was deleted while no daemon ran. */
async function releaseOrphans(cluster: ClusterClient, agent: NetworkAgent): Promise<void> {
  const found = await agent.adopt()
  const lists = await Promise.all(ENACTED_KINDS.map((kind) => sourcesOf(cluster, kind)))
  const known = lists.flat()
  for (const source of found.filter((held) => !known.includes(held))) {
    log(`removing the rules of ${source}, which no longer exists`)
    await agent.release(source)
  }
}

async function sourcesOf(cluster: ClusterClient, kind: EnactedKind): Promise<readonly string[]> {
  const { items } = await cluster.get(listPath(kind))
  return (Array.isArray(items) ? items : []).flatMap(({ metadata }: ChaosObject) => sourceOf(kind, metadata) ?? [])
}

async function serve(): Promise<void> {
  const cluster = await untilDone('kubeconfig', () => connect(root))
  const admission = await startAdmissionServer()
  await untilDone('installation', () => install(cluster, admission))
  log(`admission at ${admission.url}`)

  const agent = createNetworkAgent(`${paths.net}/agent.sock`, log, (source) => {
    const key = keyOfSource(source)
    if (key !== undefined) queue.wake(key)
  })
  const ports = { cluster, agent, runtimeSocket: paths.runtimeSocket }
  const enactors = new Map(
    ENACTED_KINDS.map((kind): readonly [ChaosKind, Enactor] => [kind, enacted[kind].createEnactor(ports)]),
  )
  const record = createEventRecorder(cluster, log)
  const enactorOf = (object: ChaosObject): Enactor => {
    const enactor = enactors.get(object.kind)
    if (enactor === undefined) throw new Error(`${object.kind} was admitted, but the lab does not enact it`)
    return enactor
  }
  const queue = createQueue((key) => reconcile({ cluster, record, enactorOf }, key), log)

  const following = ENACTED_KINDS.map((kind) => followKind(cluster, kind, queue))
  await untilDone('rules held by the pod network', () => releaseOrphans(cluster, agent))
  await Promise.all(following)
  queue.stop()
  admission.close()
  cluster.close()
}

await run(serve)
