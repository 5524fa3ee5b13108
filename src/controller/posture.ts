/** Reads once, before the load, what the posture checks need. A rehearsal does not change any of it. */
import { asCutover } from '../domain/action.ts'
import { regionKinds } from '../domain/cutover.ts'
import type { DialReach } from '../domain/effects.ts'
import { type PostureKind, type PostureWant, postureKinds } from '../domain/posture.ts'
import type { Rehearsal, Target } from '../domain/rehearsal.ts'
import { messageOf } from '../domain/unknown.ts'
import type { Cluster } from './ports.ts'
import type { Recorder } from './recorder.ts'

export async function readPosture(
  cluster: Cluster,
  rehearsal: Rehearsal,
  target: Target,
  recorder: Pick<Recorder, 'record'>,
): Promise<void> {
  const lists = rehearsal.expectations.flatMap((each) =>
    each.kind === 'posture' ? postureLists(each.namespaces, each.wants) : [],
  )
  for (const { namespace, resource } of once([...lists, ...regionLists(rehearsal, target)])) {
    try {
      const objects = await cluster.list(namespace, resource, dialReachOf(target))
      recorder.record({ kind: 'objects-listed', namespace, resource, objects })
    } catch (error) {
      const about = `${resource} objects of ${namespace}`
      recorder.record({ kind: 'evidence-lost', about, problem: messageOf(error), of: 'objects-listed' })
    }
  }
}

/** Both regions of a cutover are compared with each other. */
const regionLists = ({ actions }: Rehearsal, { cutovers = {} }: Target): readonly PostureList[] =>
  actions.flatMap(({ act }) => {
    const cutover = asCutover(act)
    const place = cutover && cutovers[cutover.plan]
    if (place === undefined) return []
    return [place.from, place.to].flatMap(({ namespace }) => regionKinds.map((resource) => ({ namespace, resource })))
  })

export type PostureList = { readonly namespace: string; readonly resource: PostureKind }

/** Reads each list once, however many checks need it. */
export const postureLists = (namespaces: readonly string[], wants: readonly PostureWant[]): readonly PostureList[] =>
  once(
    namespaces.flatMap((namespace) =>
      wants.flatMap((want) => postureKinds[want].map((resource) => ({ namespace, resource }))),
    ),
  )

/** What a target file names beside a namespace: the namespaces of its sources and books, and endpoints outside the cluster. */
export const dialReachOf = ({ namespace, sources, books, endpoints = {} }: Target): DialReach => ({
  namespaces: [
    ...new Set([
      namespace,
      ...Object.values(sources).map((each) => each.namespace),
      ...books.map((each) => each.namespace),
    ]),
  ],
  endpoints: Object.entries(endpoints).flatMap(([name, all]) => all.map((each) => ({ name, ...each }))),
})

const once = (lists: readonly PostureList[]): readonly PostureList[] => [
  ...new Map(lists.map((each) => [`${each.namespace}/${each.resource}`, each])).values(),
]
