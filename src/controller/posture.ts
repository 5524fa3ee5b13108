/** Reads once, before the load, what the posture checks need. A rehearsal does not change any of it. */
import { type PostureKind, type PostureWant, postureKinds } from '../domain/posture.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import { messageOf } from '../domain/unknown.ts'
import type { Cluster } from './ports.ts'
import type { Recorder } from './recorder.ts'

export async function readPosture(
  cluster: Cluster,
  rehearsal: Rehearsal,
  recorder: Pick<Recorder, 'record'>,
): Promise<void> {
  const lists = rehearsal.expectations.flatMap((each) =>
    each.kind === 'posture' ? postureLists(each.namespaces, each.wants) : [],
  )
  for (const { namespace, resource } of once(lists)) {
    try {
      const objects = await cluster.list(namespace, resource)
      recorder.record({ kind: 'objects-listed', namespace, resource, objects })
    } catch (error) {
      const about = `${resource} objects of ${namespace}`
      recorder.record({ kind: 'evidence-lost', about, problem: messageOf(error), of: 'objects-listed' })
    }
  }
}

export type PostureList = { readonly namespace: string; readonly resource: PostureKind }

/** Reads each list once, however many checks need it. */
export const postureLists = (namespaces: readonly string[], wants: readonly PostureWant[]): readonly PostureList[] =>
  once(
    namespaces.flatMap((namespace) =>
      wants.flatMap((want) => postureKinds[want].map((resource) => ({ namespace, resource }))),
    ),
  )

const once = (lists: readonly PostureList[]): readonly PostureList[] => [
  ...new Map(lists.map((each) => [`${each.namespace}/${each.resource}`, each])).values(),
]
