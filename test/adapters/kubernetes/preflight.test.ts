import { describe, expect, it } from 'vitest'
import { missingObjects, preflight } from '../../../src/adapters/kubernetes/preflight.ts'
import type { MetricSource } from '../../../src/domain/rehearsal.ts'
import type { Trigger } from '../../../src/domain/trigger.ts'
import { ratio } from '../../../src/domain/units.ts'
import { everythingPair, stockPair } from '../../files/stock.ts'
import { type Answers, refusal, smallApiServer } from '../../support/small-api-server.ts'

const SELECTOR = { app: 'payout-worker' }
const NAME = 'app=payout-worker'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/casino/deployments'

const deployment = (labels: Readonly<Record<string, string>>, replicas?: number) => ({
  metadata: { name: 'payout-worker' },
  spec: { ...(replicas === undefined ? {} : { replicas }), template: { metadata: { labels } } },
})
const atZero = deployment({ ...SELECTOR, tier: 'batch' }, 0)

const named = (name: string) => ({ metadata: { name } })

const sourceIn = (namespace: string): MetricSource => ({
  namespace,
  selector: SELECTOR,
  port: 8080,
  path: '/metrics',
  metrics: ['payout_paid_total'],
})

type Review = { readonly spec: { readonly resourceAttributes: Readonly<Record<string, string | undefined>> } }
const reviewed = (body: unknown) => (body as Review).spec.resourceAttributes

/** A cluster that has and allows everything, without KEDA, and with no pod but what `more` adds. */
const roomy =
  (more: Answers): Answers =>
  (request) => {
    const { path } = request
    if (path.endsWith('/selfsubjectaccessreviews')) return { status: { allowed: true } }
    if (path.startsWith('/apis/keda.sh')) return more(request)
    if (path.endsWith('/horizontalpodautoscalers')) return more(request) ?? { items: [named('payments-api')] }
    return more(request) ?? { ...named('there'), items: [], resources: [] }
  }

/** The codes and problems of a preflight of one source whose pods are the payout workers. */
async function problems(more: Answers): Promise<readonly string[]> {
  const api = await smallApiServer(roomy(more))
  const { rehearsal, target } = stockPair()
  const issues = await preflight(api, rehearsal, { ...target, sources: { worker: sourceIn('casino') } })
  return issues.map(({ code, problem }) => `${code} ${problem}`)
}

const deployed =
  (...items: readonly object[]): Answers =>
  ({ path }) =>
    path === DEPLOYMENTS ? { items } : undefined

describe('pods', () => {
  /** What may not be done with pods by a role that may only list those of casino; metrics are read in egress. */
  async function missing(addresses: Readonly<Record<string, readonly string[]>>): Promise<readonly string[]> {
    const api = await smallApiServer((request) => {
      if (!request.path.endsWith('/selfsubjectaccessreviews')) return roomy(() => undefined)(request)
      const { verb, resource, subresource, namespace } = reviewed(request.body)
      const isPods = resource === 'pods' && subresource === undefined
      return { status: { allowed: !isPods || (verb === 'list' && namespace === 'casino') } }
    })
    const { rehearsal, target } = stockPair()
    const issues = await preflight(api, rehearsal, { ...target, addresses, sources: { psp: sourceIn('egress') } })
    return issues.flatMap(({ problem }) => /may not (\w+ pods in namespace \w+)/.exec(problem)?.[1] ?? []).sort()
  }
  const ofSources = [
    'list pods in namespace egress',
    'watch pods in namespace casino',
    'watch pods in namespace egress',
  ]

  it('need the permission to watch in namespaces of sources, and to list in namespaces where a fault selects pods', async () => {
    expect(await missing({})).toEqual([
      'list pods in namespace egress',
      'list pods in namespace providers',
      ...ofSources.slice(1),
    ])
  })

  it('need no permission if addresses take the place of a selector', async () => {
    expect(await missing({ 'psp-a': ['203.0.113.10/32'] })).toEqual(ofSources)
  })
})

describe('an autoscaler with an expectation', () => {
  const SCALED = '/apis/keda.sh/v1alpha1/namespaces/casino/scaledobjects'
  const told = async (answers: Answers): Promise<readonly string[]> => {
    const { rehearsal, target } = everythingPair()
    const expectations = rehearsal.expectations.filter(({ kind }) => kind === 'autoscaler' || kind === 'keda')
    expect(expectations).toHaveLength(2)
    const api = await smallApiServer(roomy(answers))
    const issues = await preflight(api, { ...rehearsal, expectations, actions: [] }, { ...target, sources: {} })
    return issues.map(({ at, code, problem }) => `${at.line} ${code} ${problem}`)
  }
  const keda: Answers = ({ path }) => {
    if (path === SCALED) return { items: [named('payout-worker')] }
    return path.startsWith('/apis/keda.sh') ? { resources: [] } : undefined
  }

  it('is accepted if it exists', async () => {
    expect(await told(keda)).toEqual([])
  })

  it('is reported as missing before the load', async () => {
    const without: Answers = (request) =>
      /scaledobjects$|autoscalers$/.test(request.path) ? { items: [named('another')] } : keda(request)
    expect(await told(without)).toEqual([
      expect.stringMatching(/^72 object-missing .*no HorizontalPodAutoscaler payments-api/),
      expect.stringMatching(/^73 object-missing .*no ScaledObject payout-worker/),
      expect.stringMatching(/^96 object-missing .*no HorizontalPodAutoscaler payments-api/),
    ])
  })

  it('is required by a plan in which it must reach its maximum', async () => {
    const { rehearsal, target } = everythingPair()
    const planned = async (...names: readonly string[]) => {
      const api = await smallApiServer(
        roomy(({ path }) => (path.endsWith('autoscalers') ? { items: names.map(named) } : undefined)),
      )
      return (await missingObjects(api, rehearsal, target)).map(({ at, code }) => `${at.line} ${code}`)
    }
    expect(await planned('payments-api')).toEqual([])
    expect(await planned('another')).toEqual(['96 object-missing'])
  })

  it('is required by a plan whose trigger waits for it, and so is the Deployment of a trigger', async () => {
    const { rehearsal, target } = everythingPair()
    const at = { file: 'a.yaml', line: 7, column: 1 }
    const waits: readonly Trigger[] = [
      { kind: 'autoscaler', autoscaler: 'orders', at },
      { kind: 'rollout', deployment: 'orders', share: ratio(0.5), at },
    ]
    const faults = rehearsal.faults.flatMap((fault) => waits.map((trigger) => ({ ...fault, when: { trigger } })))
    const planned = async (name: string) => {
      const listed: Answers = ({ path }) =>
        /autoscalers$|deployments$/.test(path) ? { items: [named(name)] } : undefined
      const api = await smallApiServer(roomy(listed))
      const missing = await missingObjects(api, { ...rehearsal, reaches: [], faults: faults.slice(0, 2) }, target)
      return missing.map(({ problem }) => problem)
    }
    expect(await planned('orders')).toEqual([])
    expect(await planned('another')).toEqual([
      expect.stringContaining('has no HorizontalPodAutoscaler orders'),
      expect.stringContaining('has no Deployment orders'),
    ])
  })

  it('is not reported as missing if it may not be read', async () => {
    const closed: Answers = (request) =>
      /scaledobjects$|autoscalers$/.test(request.path) ? refusal(403) : keda(request)
    expect(await told(closed)).toEqual([])
  })
})

describe('a release', () => {
  const told = async (wallet: unknown): Promise<readonly string[]> => {
    const { rehearsal, target } = everythingPair()
    const actions = rehearsal.actions.filter(({ act }) => act.kind === 'release')
    expect(actions).toHaveLength(1)
    const api = await smallApiServer(roomy(({ path }) => (path === `${DEPLOYMENTS}/wallet` ? wallet : undefined)))
    const issues = await preflight(api, { ...rehearsal, expectations: [], actions }, { ...target, sources: {} })
    return issues.map(({ at, code, problem }) => `${at.line} ${code} ${problem}`)
  }
  const wallet = (name: string, image: string, spec: object = {}) => ({
    metadata: { name: 'wallet' },
    spec: {
      ...spec,
      template: { metadata: { annotations: { 'checksum/config': '3f1c' } }, spec: { containers: [{ name, image }] } },
    },
  })

  it.each<[string, unknown, readonly string[]]>([
    ['of another image', wallet('wallet', 'registry.example/wallet:1'), []],
    ['that may not be read', refusal(403), []],
    ['of a Deployment that is not there', refusal(404), ['61 object-missing']],
    ['of a container that is not there', wallet('purse', 'registry.example/wallet:1'), ['61 object-missing']],
    ['of what runs already', wallet('wallet', 'registry.example/wallet:2'), ['61 release-changes-nothing']],
    ['that is paused', wallet('wallet', 'registry.example/wallet:1', { paused: true }), ['61 rollout-paused']],
  ])('%s is checked before the load', async (_, object, issues) => {
    expect((await told(object)).map((each) => each.split(' ').slice(0, 2).join(' '))).toEqual(issues)
  })
})

describe('a source that no pod matches', () => {
  it('is accepted when its Deployment is scaled to 0, as KEDA does without work', async () => {
    expect(await problems(deployed(deployment({ app: 'wallet' }, 3), atZero))).toEqual([])
  })

  it.each([
    ['no Deployment has its labels', [deployment({ app: 'wallet' }, 0)]],
    ['its Deployment wants pods that are not there', [deployment(SELECTOR, 2)]],
    ['its Deployment says no number, which means one', [deployment(SELECTOR)]],
    ['there is no Deployment at all', []],
  ])('is reported when %s', async (_, deployments) => {
    expect(await problems(deployed(...deployments))).toEqual([
      `source-matches-nothing source worker: no pod in namespace casino has ${NAME}.`,
    ])
  })

  it('is reported if Deployments may not be read, because absence is not success', async () => {
    const refused: Answers = ({ path }) => (path === DEPLOYMENTS ? refusal(403) : undefined)
    expect(await problems(refused)).toHaveLength(1)
  })

  it('is not checked if pods match', async () => {
    const pods: Answers = ({ path, query }) =>
      path.endsWith('/casino/pods') && query.get('labelSelector') === NAME
        ? { items: [{ metadata: { name: 'payout-worker-1' } }] }
        : undefined
    expect(await problems(pods)).toEqual([])
  })
})
