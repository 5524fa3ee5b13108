/** Preflight of a canary: finds what would block it, before anything is changed. */
import type { Canary } from '../../../domain/canary.ts'
import type { ChangeOn } from '../../../domain/change.ts'
import type { Issue } from '../../../domain/issue.ts'
import { itemsOf, type KubeObject, paths } from '../../../protocols/kubernetes/api.ts'
import { type Checked, issueOf, noSuchObject, readIfAllowed } from './enactor.ts'
import { type Obstacle, whyNotRolledOut } from './release.ts'
import { routePath, shownWeights, type Weights, weightsNow } from './route-weights.ts'
import { ownerOf, workloadPath } from './workloads.ts'

type CheckedCanary = Checked<ChangeOn<'traffic'>>

/** A missing permission is reported by the permission check. */
export async function whyNoCanary(checked: CheckedCanary): Promise<Issue | undefined> {
  const { api, action, change, target } = checked
  const path = workloadPath(change.workload, target.namespace)
  const object = await readIfAllowed(api, path)
  if (object === 'missing') return noSuchObject(api, action, path)
  const unfit = object === 'forbidden' ? undefined : whyNotRolledOut(object, change)
  const found = unfit ?? (await autoscaled(checked)) ?? (await missingService(checked))
  if (found !== undefined) return issueOf(action, found.code, found.problem, found.next)
  return routeIssue(checked)
}

async function routeIssue({ api, action, change: { canary }, target }: CheckedCanary): Promise<Issue | undefined> {
  const path = routePath(target.namespace, canary.route)
  const route = await readIfAllowed(api, path)
  if (route === 'forbidden') return undefined
  if (route === 'missing') return noSuchObject(api, action, path)
  const found = whyNoRoute(route, canary)
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
