/** Asks the API server whether we may do something, without doing it. */
import type { Issue, SourcePoint } from '../../domain/issue.ts'
import { demand, type KubernetesApi, paths } from '../../protocols/kubernetes/api.ts'

export type Need = {
  readonly verb: string
  readonly group: string
  readonly resource: string
  readonly namespace: string
  readonly subresource?: string
  readonly at: SourcePoint
}

const keyOf = (need: Need): string =>
  [need.verb, need.group, need.resource, need.subresource ?? '', need.namespace].join('|')
export const unique = (needs: readonly Need[]): readonly Need[] => [
  ...new Map(needs.map((need) => [keyOf(need), need])).values(),
]

export async function permission(api: KubernetesApi, need: Need): Promise<Issue | undefined> {
  const { verb, group, resource, namespace, subresource, at } = need
  const resourceAttributes = {
    verb,
    group,
    resource,
    ...(namespace ? { namespace } : {}),
    ...(subresource ? { subresource } : {}),
  }
  const review = await demand(api, {
    method: 'POST',
    path: paths.accessReviews,
    body: { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectAccessReview', spec: { resourceAttributes } },
  })
  const status = (review as { status?: { allowed?: boolean; reason?: string } }).status
  if (status?.allowed) return undefined
  const what = `${resource}${subresource ? `/${subresource}` : ''}${group ? `.${group}` : ''}`
  return {
    at,
    code: 'permission-missing',
    problem: `context ${api.context} may not ${verb} ${what}${namespace ? ` in namespace ${namespace}` : ''}${status?.reason ? ` (${status.reason})` : ''}.`,
    next: `Grant it, then try: kubectl --context ${api.context} auth can-i ${verb} ${what}${namespace ? ` -n ${namespace}` : ''}`,
  }
}
