/** Reads once what the posture expectations need, before the load: whatever they want is not moved by a rehearsal. */
import { type PostureKind, postureKinds } from '../domain/posture.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import type { Cluster } from './ports.ts'
import { problemOf } from './problem.ts'
import type { Recorder } from './recorder.ts'

export async function readPosture(
  cluster: Cluster,
  rehearsal: Rehearsal,
  recorder: Pick<Recorder, 'record'>,
): Promise<void> {
  for (const { namespace, resource } of postureLists(rehearsal)) {
    try {
      const objects = await cluster.list(namespace, resource)
      recorder.record({ kind: 'objects-listed', namespace, resource, objects })
    } catch (error) {
      recorder.record({
        kind: 'evidence-lost',
        about: `${resource} objects of ${namespace}`,
        problem: problemOf(error),
      })
    }
  }
}

/** Each list once, however many wants need it. */
function postureLists({
  expectations,
}: Rehearsal): readonly { readonly namespace: string; readonly resource: PostureKind }[] {
  const lists = expectations.flatMap((each) =>
    each.kind !== 'posture'
      ? []
      : each.namespaces.flatMap((namespace) =>
          each.wants.flatMap((want) => postureKinds[want].map((resource) => ({ namespace, resource }))),
        ),
  )
  return [...new Map(lists.map((each) => [`${each.namespace}/${each.resource}`, each])).values()]
}
