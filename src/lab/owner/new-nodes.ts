// The machines behind Karpenter's decisions. Karpenter's KWOK provider answers a NodeClaim with a Node object and no machine. Here a kubelet of
// the lab is started under the name of that object, and stopped when Karpenter deletes it. So the decision is Karpenter's, and the node runs pods.
import { rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../domain/unknown.ts'
import type { Credentials } from '../control-plane/credentials.ts'
import { type LabPaths, SOCKET_PATH_MAX_BYTES } from '../machine/paths.ts'
import type { LabNetwork } from '../machine/state.ts'
import { kubeletArguments, prepareNode } from '../nodes/kubelet.ts'
import { identityOf, type NodeObject } from '../nodes/launched.ts'
import { unmountBelow } from '../pod-network/namespaces.ts'
import type { LabNode } from '../topology/node-table.ts'
import { askOwner } from './client.ts'
import type { Crew } from './crew.ts'
import { kubeletName } from './names.ts'
import type { Roster } from './roster.ts'
import { releaseSharedMemory } from './shared-memory.ts'

export type NewNodes = {
  /** A Node object that is none of the lab's nodes. True if it is one now, and its kubelet starts. */
  found(object: NodeObject): boolean
  /** The Node object is gone. True if its machine goes too; nodes that the lab booted with stay. */
  gone(name: string): boolean
}

export type NewNodesParts = {
  readonly paths: LabPaths
  readonly kubelet: string
  readonly crew: Pick<Crew, 'add' | 'remove'>
  readonly roster: Roster
  readonly credentials: Pick<Credentials, 'admit' | 'files'>
  readonly network: LabNetwork
  readonly note: (text: string) => void
}

export function createNewNodes(parts: NewNodesParts): NewNodes {
  const { roster, note } = parts
  // What is done to a node is done one after the other: it may go while its kubelet is being started.
  const joined = new Map<string, Promise<void>>()
  const wanted = new Set<string>()
  const refused = new Set<string>()

  const later = (name: string, work: () => Promise<void>) => {
    const done = (joined.get(name) ?? Promise.resolve()).then(work)
    joined.set(name, done)
    return done
  }
  const refuse = (name: string, why: string) => {
    if (!refused.has(name)) note(`node ${name} gets no machine: ${why}`)
    refused.add(name)
    return false
  }
  return {
    found(object) {
      const identity = identityOf(object)
      if (identity === undefined || joined.has(identity.name)) return false
      const tooLong = longName(parts.paths, identity.name)
      if (tooLong) return refuse(identity.name, tooLong)
      const node = roster.join(identity)
      if (node === undefined) return refuse(identity.name, 'the lab has all the nodes that it can have')
      wanted.add(node.name)
      void later(node.name, () => startWhile(() => wanted.has(node.name), node, parts))
      return true
    },
    gone(name) {
      refused.delete(name)
      if (!joined.has(name)) return false
      if (!wanted.delete(name)) return true
      void later(name, async () => {
        await stop(name, parts).catch((error: unknown) => note(`node ${name} did not leave: ${messageOf(error)}`))
        joined.delete(name)
        roster.leave(name)
      })
      return true
    },
  }
}

const RETRY_MS = 1_000

/** The runtime may be restarting. Tried again until it works or the node is gone. */
async function startWhile(isWanted: () => boolean, node: LabNode, parts: NewNodesParts): Promise<void> {
  while (isWanted()) {
    try {
      return await start(node, parts)
    } catch (error) {
      parts.note(`node ${node.name} does not join: ${messageOf(error)}`)
      await sleep(RETRY_MS)
    }
  }
}

async function start(node: LabNode, { paths, kubelet, crew, credentials, note }: NewNodesParts): Promise<void> {
  await credentials.admit(node)
  prepareNode(node, paths, credentials.files)
  await askOwner(paths.runtimeSocket, 'POST', `/nodes/${node.name}/join`, node)
  crew.add(kubeletName(node.name), [kubelet, ...kubeletArguments(node, paths, credentials.files)])
  note(`node ${node.name} joins in ${node.zone}`)
}

async function stop(name: string, { paths, crew, network, note }: NewNodesParts): Promise<void> {
  await crew.remove(kubeletName(name))
  await askOwner(paths.runtimeSocket, 'POST', `/nodes/${name}/leave`)
  const folder = paths.node(name).root
  releaseSharedMemory(folder)
  unmountBelow(network, folder)
  rmSync(folder, { recursive: true, force: true })
  note(`node ${name} left`)
}

function longName(paths: LabPaths, name: string): string | undefined {
  const over = Buffer.byteLength(`${paths.node(name).kubeletRoot}/pod-resources/kubelet.sock`) - SOCKET_PATH_MAX_BYTES
  return over > 0
    ? `its name is ${over} bytes too long for the sockets of a kubelet. Give its NodePool a shorter name.`
    : undefined
}
