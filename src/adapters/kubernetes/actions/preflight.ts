/**
 * Checks before anything is touched: the permissions of the actions, the existence of their objects, and that no controller would revert the change.
 */
import { changeOf } from '../../../domain/action.ts'
import type { Issue } from '../../../domain/issue.ts'
import type { Rehearsal, Target } from '../../../domain/rehearsal.ts'
import type { KubernetesApi } from '../../../protocols/kubernetes/api.ts'
import { type Need, unique } from '../permission.ts'
import { enactorOf } from './enactors.ts'

/** Exactly the verbs that the actions need: one PATCH per change, the reads for it, and the search for marks. */
export const actionNeeds = ({ actions, blastRadius }: Rehearsal, target: Target): readonly Need[] =>
  unique(
    actions.flatMap(({ act, at }) => {
      const change = changeOf(act)
      return enactorOf(change)
        .needs(change, target, blastRadius.namespaces)
        .flatMap(({ verbs, ...resource }) => verbs.map((verb) => ({ ...resource, verb, at })))
    }),
  )

export async function actionProblems(
  api: KubernetesApi,
  { actions }: Rehearsal,
  target: Target,
): Promise<readonly Issue[]> {
  const found = await Promise.all(
    actions.map((action) => {
      const change = changeOf(action.act)
      return enactorOf(change).problem({ api, action, change, target })
    }),
  )
  return found.filter((each) => each !== undefined)
}
