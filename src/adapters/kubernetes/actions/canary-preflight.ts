/** Preflight of a canary: finds what would block it, before anything is changed. */
import type { Canary } from '../../../domain/canary.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import type { Issue } from '../../../domain/issue.ts'
import { itemsOf, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { type Checked, issueOf, noSuchObject, readIfAllowed } from './enactor.ts'
import { type Obstacle, whyNotRolledOut } from './release.ts'
import { isMirrored, rulesWith } from './route-mirrors.ts'
import { routePath, shownWeights, type Weights, weightsNow } from './route-weights.ts'
import { ownerOf, workloadPath } from './workloads.ts'

type CheckedCanary = Checked<ChangeOn<'traffic' | 'mirror'>>
type WhyNoRoute = (route: KubeObject, canary: Canary) => Obstacle | undefined

/** Why no second Deployment could take part. A missing permission is reported by the permission check. */
export async function whyNotBeside(checked: CheckedCanary, whyNot: WhyNoRoute): Promise<Issue | undefined> {
  const { api, action, change, target } = checked
  const path = workloadPath(change.workload, target.namespace)
  const object = await readIfAllowed(api, path)
  if (object === 'missing') return noSuchObject(api, action, path)
  const unfit = object === 'forbidden' ? undefined : whyNotRolledOut(object, change)
  const found = unfit ?? (await autoscaled(checked)) ?? (await missingService(checked))
  if (found !== undefined) return issueOf(action, found.code, found.problem, found.next)
  return routeIssue(checked, whyNot)
}

async function routeIssue(
  { api, action, change: { canary }, target }: CheckedCanary,
  whyNot: WhyNoRoute,
): Promise<Issue | undefined> {
  const path = routePath(target.namespace, canary.route)
  const route = await readIfAllowed(api, path)
  if (route === 'forbidden') return undefined
  if (route === 'missing') return noSuchObject(api, action, path)
  const found = whyNot(route, canary)
  return found && issueOf(action, found.code, found.problem, found.next)
}

/** Why this route cannot split requests between both releases. */
export function whyNoRoute(route: KubeObject, { route: named, stable, canary }: Canary): Obstacle | undefined {
  const name = `HTTPRoute ${named}`
  const all = weightsNow(route, [stable, canary])
  const [first] = all
  if (first === undefined)
    return {
      code: 'object-missing',
      problem: `${name} has no rule with both backends ${stable} and ${canary}`,
      next: `Add ${canary} to backendRefs with weight: 0.`,
    }
  if (all.some((each) => shownWeights(each) !== shownWeights(first)))
    return {
      code: 'weights-differ',
      problem: `rules of ${name} have different weights: ${all.map(shownWeights).join(', ')}`,
      next: 'Give the rules the same weights, or split the route.',
    }
  return takesPart(name, canary, first)
}

/** Why requests of this route cannot be copied. */
export function whyNoMirror(route: KubeObject, canary: Canary): Obstacle | undefined {
  const name = `HTTPRoute ${canary.route}`
  if (rulesWith(route, canary.stable).length === 0)
    return {
      code: 'object-missing',
      problem: `${name} has no rule with the backend ${canary.stable}`,
      next: `Add ${canary.stable} to backendRefs, or correct the action.`,
    }
  if (isMirrored(route, canary.canary))
    return {
      code: 'mirrored-already',
      problem: `${name} already copies requests to ${canary.canary}`,
      next: 'Remove its RequestMirror filter, or wait until the other rehearsal is over.',
    }
  const [weights] = weightsNow(route, [canary.stable, canary.canary])
  return weights && takesPart(name, canary.canary, weights)
}

/** A backend without a weight has 1, and gets requests before its first step. */
function takesPart(name: string, backend: string, weights: Weights): Obstacle | undefined {
  if (weights[1] === 0) return undefined
  return {
    code: 'canary-serves-already',
    problem: `${name} already sends requests to ${backend}: its weights are ${shownWeights(weights)}`,
    next: `Write weight: 0 for ${backend} in backendRefs.`,
  }
}

async function missingService({ api, change: { canary }, target }: CheckedCanary): Promise<Obstacle | undefined> {
  const { status, json } = await api.request({ method: 'GET', path: paths.services(target.namespace) })
  if (status >= 300) return undefined
  const names = new Set(itemsOf(json).map(({ metadata }) => metadata.name))
  const missing = [canary.stable, canary.canary].find((name) => !names.has(name))
  if (missing === undefined) return undefined
  const problem = `the cluster of context ${api.context} has no Service ${missing} in ${target.namespace}`
  return { code: 'object-missing', problem, next: 'Deploy it first, or correct the action.' }
}

/** An autoscaler would set the number of pods itself. */
async function autoscaled({ api, change: { workload }, target }: CheckedCanary): Promise<Obstacle | undefined> {
  const owner = await ownerOf(api, workload, target.namespace)
  return (
    owner && {
      code: 'workload-autoscaled',
      problem: `${workload.kind} ${workload.name} is scaled by the autoscaler ${owner.metadata.name}, which would set its pods itself`,
      next: 'Deploy the autoscaler of the new release after the canary.',
    }
  )
}
