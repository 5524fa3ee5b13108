/** What the lab's daemon cannot do truthfully and therefore refuses. Each kind of fault says it of itself. */

import type { ChaosObject } from '../../protocols/chaos-mesh/objects.ts'
import type { OtherKind } from '../../protocols/chaos-mesh/other-kinds.ts'
import { ENACTED_KINDS, enacted, isEnacted, titleOf } from './enacted.ts'

/** Of a kind that matchday only names. */
export const refusedByLab = ({ kind, reason, instead }: OtherKind): string =>
  `the lab does not enact ${kind}: ${reason}; ${instead}`

/** The reasons for the user; empty when the lab enacts the object as Chaos Mesh would. */
export function labProblems(object: ChaosObject): readonly string[] {
  const { kind } = object
  if (!isEnacted(kind)) {
    const titles = ENACTED_KINDS.map(titleOf)
    return [`the lab does not enact ${kind}; it enacts ${titles.slice(0, -1).join(', ')} and ${titles.at(-1)}`]
  }
  const remote = object.spec.remoteCluster ? ['spec.remoteCluster: the lab has no other cluster to act in'] : []
  return [...remote, ...enacted[kind].problems(object)]
}
