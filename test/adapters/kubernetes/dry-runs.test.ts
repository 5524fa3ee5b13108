import { describe, expect, it } from 'vitest'
import { tryPods } from '../../../src/adapters/kubernetes/dry-runs.ts'
import type { DryRunSeen } from '../../../src/domain/effects.ts'
import { refusal, smallApiServer } from '../../support/small-api-server.ts'

type Container = { name: string; image: string; resources?: object; securityContext: { privileged?: boolean } }
type Pod = { metadata: { labels: object }; spec: { containers: Container[] } }
type Answer = (pod: Pod) => unknown

const IMAGE = `127.0.0.1:5000/shop/orders:v7@sha256:${'b'.repeat(64)}`
const template = { metadata: { labels: { app: 'orders' } }, spec: { containers: [{ name: 'c', image: IMAGE }] } }
const orders = { metadata: { name: 'orders', namespace: 'shop' }, spec: { template } }

async function tried(answer: Answer, deployments: readonly unknown[] = [orders]) {
  const asked: { request: string; dryRun: string | null; pod: Pod }[] = []
  const api = await smallApiServer(({ method, path, query, body }) => {
    if (path.endsWith('/deployments')) return { items: deployments }
    asked.push({ request: `${method} ${path}`, dryRun: query.get('dryRun'), pod: body as Pod })
    return answer(body as Pod)
  })
  return { runs: await tryPods(api, 'shop'), asked }
}
const outcomes = (runs: readonly DryRunSeen[]) => runs.map((run) => `${run.tried} ${run.outcome}`)
const refused = (code: number, message: string) => ({ ...refusal(code), apiVersion: 'v1', status: 'Failure', message })
const containersOf = (asked: readonly { pod: Pod }[]) => asked.flatMap(({ pod }) => pod.spec.containers)
const corrected =
  (change: (container: Container) => object): Answer =>
  (pod) => ({ ...pod, spec: { containers: pod.spec.containers.map((each) => ({ ...each, ...change(each) })) } })

describe('dry runs of pods', () => {
  it('create nothing, and differ from a pod that is in order in one thing each', async () => {
    const { runs, asked } = await tried((pod) => pod)
    expect(outcomes(runs)).toEqual([
      'in-order accepted',
      'privileged accepted',
      'latest-tag accepted',
      'without-limits accepted',
    ])
    expect(asked.map(({ request, dryRun }) => [request, dryRun])).toEqual(
      Array(4).fill(['POST /api/v1/namespaces/shop/pods', 'All']),
    )
    const containers = containersOf(asked)
    expect(containers.filter((each) => each.securityContext.privileged)).toHaveLength(1)
    expect(containers.filter((each) => each.image.endsWith(':latest'))).toHaveLength(1)
    expect(containers.filter((each) => each.resources === undefined)).toHaveLength(1)
  })

  it('carry the labels and the image repository of a pod of the namespace', async () => {
    const { asked } = await tried((pod) => pod)
    expect(asked.map(({ pod }) => pod.metadata.labels)).toEqual(Array(4).fill({ app: 'orders' }))
    expect(new Set(containersOf(asked).map(({ image }) => image))).toEqual(
      new Set([`127.0.0.1:5000/shop/orders@sha256:${'b'.repeat(64)}`, '127.0.0.1:5000/shop/orders:latest']),
    )
  })

  it('name an image that no registry has where the namespace has no Deployment', async () => {
    const { asked } = await tried((pod) => pod, [])
    expect(containersOf(asked).every(({ image }) => image.startsWith('registry.invalid/'))).toBe(true)
  })

  it.each([
    [403, 'pods "matchday-tried-x" is forbidden: violates PodSecurity "restricted:latest": privileged'],
    [422, 'ValidatingAdmissionPolicy "limits" denied request: limits are missing'],
    [400, 'admission webhook "validate.kyverno.svc" denied the request'],
    [418, 'admission webhook "own.code" denied the request'],
  ])('are refused by a policy (%i), with its message', async (code, message) => {
    const { runs } = await tried(() => refused(code, message))
    expect(runs).toHaveLength(4)
    for (const run of runs) expect(run).toMatchObject({ outcome: 'refused', said: message })
  })

  it.each([
    [401, 'Unauthorized'],
    [403, 'pods is forbidden: User "ann" cannot create resource "pods" in API group "" in the namespace "shop"'],
    [403, 'pods "matchday-tried-x" is forbidden: exceeded quota: pods, requested: pods=1'],
    [400, 'admission webhook "inject.mesh" does not support dry run'],
    [404, 'namespaces "shop" not found'],
    [500, 'etcdserver: request timed out'],
  ])('are unanswered where the answer says nothing about the pod (%i %s)', async (code, message) => {
    const { runs } = await tried(() => refused(code, message))
    for (const run of runs) expect(run).toMatchObject({ outcome: 'unanswered', said: message })
  })

  it.each<[string, (container: Container) => object]>([
    ['privileged', () => ({ securityContext: { privileged: false } })],
    ['latest-tag', ({ image }) => ({ image: image.replace(':latest', `@sha256:${'c'.repeat(64)}`) })],
    ['without-limits', () => ({ resources: { limits: { cpu: '1', memory: '1Gi' } } })],
  ])('are corrected where admission takes the flaw out: %s', async (which, change) => {
    const { runs } = await tried(corrected(change))
    expect(outcomes(runs).filter((each) => each.endsWith('corrected'))).toEqual([`${which} corrected`])
  })

  it('are accepted where a LimitRange gives a limit for memory alone', async () => {
    const { runs } = await tried(corrected(() => ({ resources: { limits: { memory: '1Gi' } } })))
    expect(outcomes(runs)).toContain('without-limits accepted')
  })
})
