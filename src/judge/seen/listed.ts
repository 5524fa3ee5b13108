/** What was listed of each namespace, and where in the journal that stands. */
import type { EvidenceOf } from '../../domain/evidence.ts'
import type { PostureKind, PostureObject } from '../../domain/posture.ts'
import type { Instant } from '../../domain/units.ts'

type Lists = { readonly [K in PostureKind]?: readonly Extract<PostureObject, { resource: K }>[] }

/** A kind that is missing was not read. */
export type NamespaceListed = {
  readonly lists: Lists
  readonly lines: ReadonlyMap<PostureKind, number>
  readonly at: Instant
}

export type ObjectsListedSeen = {
  add(record: EvidenceOf<'objects-listed'>, line: number): void
  of(namespace: string): NamespaceListed | undefined
}

export function createObjectsListed(): ObjectsListedSeen {
  const namespaces = new Map<string, NamespaceListed>()
  return {
    add({ namespace, resource, objects, at }, line) {
      const before = namespaces.get(namespace)
      namespaces.set(namespace, {
        lists: { ...before?.lists, [resource]: objects },
        lines: new Map([...(before?.lines ?? []), [resource, line]]),
        at,
      })
    },
    of: (namespace) => namespaces.get(namespace),
  }
}
