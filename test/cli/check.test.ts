import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { performed } from '../support/command.ts'
import { wrongIn } from '../support/output-schema.ts'
import { type Answers, refusal, serveSmallApi } from '../support/small-api-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

type Review = { readonly spec: { readonly resourceAttributes: { readonly resource: string } } }
const web = {
  metadata: { name: 'web', namespace: 'casino' },
  spec: { template: { metadata: {}, spec: { containers: [{ name: 'c', image: `x@sha256:${'a'.repeat(64)}` }] } } },
}

/** A namespace with one Deployment whose image is pinned; these kinds may not be listed. */
const without =
  (...forbidden: readonly string[]): Answers =>
  ({ path, body }) => {
    if (path === '/version') return { gitVersion: 'v1.37.2' }
    if (path.endsWith('/namespaces/kube-system'))
      return forbidden.includes('namespaces') ? refusal(403) : { metadata: { name: 'kube-system', uid: 'u' } }
    if (path.endsWith('/selfsubjectaccessreviews'))
      return { status: { allowed: !forbidden.includes((body as Review).spec.resourceAttributes.resource) } }
    if (forbidden.some((each) => path.endsWith(`/${each}`))) return refusal(403)
    return path.endsWith('/deployments') ? { items: [web] } : path.startsWith('/apis/keda') ? undefined : { items: [] }
  }

async function check(answers: Answers, ...wants: readonly string[]) {
  const file = await serveSmallApi(answers, join(tempFolder(), 'kubeconfig'))
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"small"', '"lab"'))
  const target = ['--context', 'lab', '--kubeconfig', file, '--target', 'scenarios/targets/lab.yaml']
  return performed('check', ...target, '--want', ...wants)
}

describe('a missing permission in a check', () => {
  it('affects only its own row, and gives exit code 5 if the rest is in order', async () => {
    const { code, stdout } = await check(without('secrets', 'namespaces'), 'rotated-secrets', 'pinned-images')
    expect(stdout).toMatch(/^0 findings; not everything could be checked: 1 reason\n/)
    expect(stdout).toMatch(/permission-missing\n.*may not list secrets/)
    expect(stdout).toMatch(/\? {2}casino {2}rotated-secrets/)
    expect(stdout).toMatch(/✓ {2}casino {2}pinned-images/)
    expect(code).toBe(5)
  })

  it('does not hide failed checks elsewhere', async () => {
    const { code, stdout } = await check(without('secrets'), 'rotated-secrets', 'pinned-images', 'default-deny')
    expect(stdout).toMatch(/✗ {2}casino {2}default-deny/)
    expect(code).toBe(1)
  })

  it('is listed in the JSON with its check and the reason', async () => {
    const { stdout } = await check(without('secrets'), 'rotated-secrets', 'pinned-images', '-o', 'json')
    expect(JSON.parse(stdout)).toMatchObject({
      notMade: [
        {
          want: 'rotated-secrets',
          namespace: 'casino',
          why: 'unread',
          reason: expect.stringMatching(/may not list secrets in namespace casino/),
        },
      ],
    })
  })

  it('is not reported if everything may be read', async () => {
    const { code, stdout } = await check(without(), 'rotated-secrets', 'pinned-images')
    expect(stdout).toMatch(/^in order: 0 findings\n/)
    expect(code).toBe(0)
  })
})

describe('dry runs of pods in a check', () => {
  const refused = { kind: 'Status' as const, code: 403, message: 'denied by a policy' }
  const policed =
    (...admitted: readonly string[]): Answers =>
    (request) => {
      const { method, path, body } = request
      if (method !== 'POST' || !path.endsWith('/pods')) return without()(request)
      return admitted.some((each) => JSON.stringify(body).includes(each)) ? body : refused
    }
  const IN_ORDER = `@sha256:${'a'.repeat(64)}","resources"`

  it('name a pod that was let in, with exit code 1', async () => {
    const { code, stdout } = await check(policed('"privileged":true', IN_ORDER), 'enforced-policies')
    expect(stdout).toMatch(/policy-not-enforced.*casino\/privileged/)
    expect(code).toBe(1)
  })

  it('prove nothing where all pods are refused, with exit code 5', async () => {
    const { code, stdout } = await check(policed(), 'enforced-policies', 'pinned-images')
    expect(stdout).toMatch(/posture-unread\n.*3 refusals prove nothing/)
    expect(stdout).toMatch(/\? {2}casino {2}enforced-policies/)
    expect(code).toBe(5)
  })

  it('need a permission, whose absence affects only their row', async () => {
    const { code, stdout } = await check(without('pods'), 'enforced-policies', 'pinned-images')
    expect(stdout).toMatch(/permission-missing\n.*may not create pods in namespace casino/)
    expect(stdout).toMatch(/✓ {2}casino {2}pinned-images/)
    expect(code).toBe(5)
  })
})

describe('the capabilities of the cluster', () => {
  const node = (name: string, labels: object) => ({ metadata: { name, labels } })
  const full: Answers = (request) => {
    const { path } = request
    if (path === '/api/v1/nodes')
      return {
        items: [
          node('a', { 'topology.kubernetes.io/zone': 'zone-a', 'node.kubernetes.io/pool': 'api' }),
          node('b', { 'topology.kubernetes.io/zone': 'zone-b' }),
        ],
      }
    if (path.endsWith('/storageclasses'))
      return {
        items: [
          { metadata: { name: 'fast', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } } },
          { metadata: { name: 'slow' } },
        ],
      }
    if (path.endsWith('/ingressclasses')) return { items: [{ metadata: { name: 'nginx' } }] }
    if (path.endsWith('/namespaces/providers')) return undefined
    if (path.endsWith('/namespaces/casino')) return { kind: 'Namespace', metadata: { name: 'casino' } }
    if (path.startsWith('/apis/metrics')) return refusal(503)
    if (path.endsWith('/scaledobjects')) return { items: [] }
    return DISCOVERY.test(path)
      ? { kind: 'APIResourceList', groupVersion: path.slice(6), resources: [] }
      : without()(request)
  }
  const DISCOVERY = /^\/apis\/(metrics|custom\.metrics|chaos-mesh|keda|gateway)[^/]*\/v[^/]*$/
  /** Nothing but what Kubernetes itself has. */
  const bare =
    (...forbidden: readonly string[]): Answers =>
    (request) =>
      DISCOVERY.test(request.path) || request.path.includes('/gatewayclasses')
        ? undefined
        : without(...forbidden)(request)

  async function provided(answers: Answers, ...more: readonly string[]) {
    const file = await serveSmallApi(answers, join(tempFolder(), 'kubeconfig'))
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"small"', '"nowhere"'))
    const { code, stdout, stderr } = await performed('check', '--context', 'nowhere', '--kubeconfig', file, ...more)
    return { code, stdout, stderr }
  }
  const states = (stdout: string): Readonly<Record<string, string>> => {
    const { provisions } = JSON.parse(stdout) as { provisions: { item: string; state: string; sentence: string }[] }
    return Object.fromEntries(provisions.map(({ item, state, sentence }) => [item, `${state}: ${sentence}`]))
  }

  it('are shown without a target file, with a hint how to get one', async () => {
    const { code, stdout, stderr } = await provided(full, '-o', 'json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('`matchday init` writes one') })
    expect(wrongIn('check', JSON.parse(stdout))).toEqual([])
    expect(states(stdout)).toEqual({
      zones: 'there: zone-a, zone-b.',
      'node pools': 'there: api; 1 of 2 nodes have none.',
      'storage class': 'there: fast (default), slow.',
      'way in': 'there: ingress class nginx.',
      'metrics API': 'missing: metrics.k8s.io/v1beta1 does not answer (503).',
      'custom metrics API': 'there: custom.metrics.k8s.io/v1beta2 is served.',
      'Chaos Mesh': 'there: chaos-mesh.org/v1alpha1 is served.',
      KEDA: 'there: keda.sh/v1alpha1 is served.',
    })
  })

  it('are listed as missing with their use, which is not a failure', async () => {
    const { code, stdout } = await provided(bare())
    expect(code).toBe(0)
    for (const item of ['zones', 'node pools', 'storage class', 'way in', 'metrics API', 'Chaos Mesh', 'KEDA'])
      expect(stdout).toMatch(new RegExp(`– {2}${item} `))
    expect(stdout).toContain('install Chaos Mesh')
  })

  it('are unknown if they may not be listed, and the others are still shown', async () => {
    const { code, stdout } = await provided(bare('nodes', 'storageclasses', 'ingressclasses'), '-o', 'json')
    expect(code).toBe(0)
    expect(states(stdout)).toMatchObject({
      zones: 'unknown: Nodes may not be listed with this login.',
      'storage class': 'unknown: Storage classes may not be listed with this login.',
      'way in': 'unknown: Classes of Ingresses or Gateways may not be listed with this login.',
      KEDA: expect.stringContaining('missing'),
    })
  })

  it('are shown with the namespaces of a target file', async () => {
    const file = await serveSmallApi(full, join(tempFolder(), 'kubeconfig'))
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"small"', '"lab"'))
    const target = ['--kubeconfig', file, '--target', 'scenarios/targets/lab.yaml', '-o', 'json']
    const { stdout, stderr } = await performed('check', '--context', 'lab', ...target)
    expect(stderr).toBe('')
    expect(states(stdout)).toMatchObject({
      'namespace casino': 'there: is there.',
      'namespace providers': 'missing: is not there.',
    })
  })

  it('are shown beside a missing credential of the load, with its line and without its value', async () => {
    const file = await serveSmallApi(full, join(tempFolder(), 'kubeconfig'))
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('"small"', '"lab"'))
    const lab = readFileSync('scenarios/targets/lab.yaml', 'utf8').trimEnd()
    const target = join(tempFolder(), 'lab.yaml')
    const publish = '  publish:\n    grafana: {url: https://127.0.0.1:9, bearer: {env: MATCHDAY_TEST_UNSET}}\n'
    writeFileSync(target, `${lab}\n  credentials:\n    TOKEN: {env: MATCHDAY_TEST_UNSET}\n${publish}`)
    const { code, stdout } = await performed('check', '--context', 'lab', '--kubeconfig', file, '--target', target)
    expect(stdout).toContain(`${target}:${lab.split('\n').length + 2} credential-missing`)
    expect(stdout).toContain('credential TOKEN: the environment variable MATCHDAY_TEST_UNSET is not set.')
    expect(stdout).toContain(`${target}:${lab.split('\n').length + 4} credential-missing`)
    expect(stdout).toContain('publish.grafana: the environment variable MATCHDAY_TEST_UNSET is not set.')
    expect(code).not.toBe(0)
  })
})
