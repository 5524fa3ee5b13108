/** The reductions, and the reference platform's own manifests through them and through the rules: what it promises it keeps. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { networkPolicySeen, secretSeen, serviceSeen, workloadSeen } from '../../../src/adapters/kubernetes/posture.ts'
import { listPosture } from '../../../src/adapters/kubernetes/posture-lists.ts'
import { hpaSeen } from '../../../src/adapters/kubernetes/snapshots.ts'
import type { BudgetSeen } from '../../../src/domain/cluster.ts'
import { type PostureKind, type PostureObject, readingWants } from '../../../src/domain/posture.ts'
import { instant } from '../../../src/domain/units.ts'
import { judgeWant } from '../../../src/judge/posture/posture.ts'
import { createObjectsListed } from '../../../src/judge/seen/listed.ts'
import type { ApiRequest, KubeObject, KubernetesApi } from '../../../src/protocols/kubernetes/api.ts'

const metadata = { name: 'wallet', namespace: 'casino', uid: 'u-1' }

describe('the recorded posture of a workload', () => {
  const pod = {
    terminationGracePeriodSeconds: 45,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'wallet',
        image: 'casino/wallet:1.2',
        resources: { requests: { cpu: '1' }, limits: { memory: '1Gi' } },
        lifecycle: { preStop: { exec: { command: ['sh', '-c', 'sleep 5'] } } },
        securityContext: { runAsUser: 0, capabilities: { drop: ['ALL'] } },
        ports: [{ containerPort: 8080 }, { containerPort: 9000, hostPort: 9000 }],
      },
    ],
  }
  const seen = (changes: object) =>
    workloadSeen('Deployment', {
      metadata,
      spec: { template: { metadata: { labels: { app: 'wallet' } }, spec: { ...pod, ...changes } } },
    })

  it('is the effective setting: containers inherit from the pod, and then come the defaults of Kubernetes', () => {
    const [container] = seen({}).containers
    expect(seen({})).toMatchObject({ replicas: 1, graceMs: 45_000, labels: { app: 'wallet' }, hostNamespaces: [] })
    expect(container).toMatchObject({ requests: ['cpu'], limits: ['memory'], preStopMs: 5000, hostPorts: [9000] })
    expect(container?.security).toEqual({
      privileged: false,
      mayEscalate: true,
      nonRoot: true,
      readOnlyRoot: false,
      user: 0,
      seccomp: 'RuntimeDefault',
      added: [],
      dropped: ['ALL'],
    })
  })

  it('names the Secrets of the environment, by key and as a whole, each once', () => {
    const env = [
      { name: 'A', value: 'plain' },
      { name: 'B', valueFrom: { secretKeyRef: { name: 'psp', key: 'b' } } },
      { name: 'C', valueFrom: { secretKeyRef: { name: 'psp', key: 'c' } } },
      { name: 'D', valueFrom: { configMapKeyRef: { name: 'settings', key: 'd' } } },
    ]
    const envFrom = [{ secretRef: { name: 'database' } }, { configMapRef: { name: 'settings' } }]
    expect(seen({ containers: [{ name: 'a', env, envFrom }] }).containers[0]?.secretEnv).toEqual(['database', 'psp'])
    expect(seen({}).containers[0]).not.toHaveProperty('secretEnv')
  })

  it('counts a sidecar as a serving container, and an init container not', () => {
    const initContainers = [{ name: 'migrate' }, { name: 'proxy', restartPolicy: 'Always' }]
    expect(seen({ initContainers }).containers.map(({ name, init }) => [name, init])).toEqual([
      ['migrate', true],
      ['proxy', false],
      ['wallet', false],
    ])
  })

  it.each([
    [
      'a constraint over its own pods',
      { topologySpreadConstraints: [{ topologyKey: 'zone', labelSelector: { matchLabels: { app: 'wallet' } } }] },
      ['zone'],
    ],
    [
      'anti-affinity to its own pods',
      {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { podAffinityTerm: { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'wallet' } } } },
            ],
          },
        },
      },
      ['zone'],
    ],
    [
      'anti-affinity to others',
      {
        affinity: {
          podAntiAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'db' } } },
            ],
          },
        },
      },
      [],
    ],
  ])('is spread by %s', (_, changes, over) => {
    expect(seen(changes).spreadOver).toEqual(over)
  })
})

describe('the recorded posture of a NetworkPolicy', () => {
  it.each([
    [{ podSelector: {} }, ['ingress'], []],
    [{ podSelector: {}, egress: [{}] }, ['ingress', 'egress'], [{ to: [], ports: [] }]],
    [
      {
        podSelector: {},
        policyTypes: ['Egress'],
        egress: [
          {
            to: [{ podSelector: {} }, { ipBlock: { cidr: '10.0.0.0/8' } }],
            ports: [
              { port: 53, protocol: 'UDP' },
              { port: 1, endPort: 9 },
            ],
          },
        ],
      },
      ['egress'],
      [{ to: [{ kind: 'pods' }, { kind: 'block', cidr: '10.0.0.0/8', except: [] }], ports: ['UDP/53', 'TCP/1-9'] }],
    ],
  ])('%j applies to %j', (spec, governs, egress) => {
    expect(networkPolicySeen({ metadata, spec })).toMatchObject({ governs, egress })
  })
})

describe('the recorded posture of a Secret', () => {
  const created = '2026-01-01T00:00:00Z'
  const managed = (time: string, ...owned: readonly string[]) => ({
    time,
    fieldsV1: Object.fromEntries(owned.map((each) => [each, {}])),
  })
  const seen = (more: object) => secretSeen({ metadata: { ...metadata, creationTimestamp: created, ...more } })

  it('is the time of the last change of its data, not of an annotation', () => {
    const managedFields = [
      managed('2026-03-01T00:00:00Z', 'f:data'),
      managed('2026-02-01T00:00:00Z', 'f:data', 'f:type'),
      managed('2026-05-01T00:00:00Z', 'f:metadata'),
    ]
    expect(seen({ managedFields }).changedAt).toBe(Date.parse('2026-03-01T00:00:00Z'))
    expect(seen({}).changedAt).toBe(Date.parse(created))
  })

  it.each([
    ['90d', 90 * 24 * 3_600_000],
    ['12h', 12 * 3_600_000],
    ['soon', undefined],
    ['0d', undefined],
  ])('has a maximum age of "%s"', (written, ms) => {
    const { rotateWithin } = seen({ annotations: { 'matchday.dev/rotate-within': written } })
    expect(rotateWithin).toEqual({ text: written, ...(ms === undefined ? {} : { ms }) })
  })

  it('never holds its content: only metadata is requested', async () => {
    const asked: ApiRequest[] = []
    const api: KubernetesApi = {
      context: 'x',
      server: 'https://x',
      request: (request) => {
        asked.push(request)
        const item = { metadata: { ...metadata }, data: { password: 'c2VjcmV0' } }
        return Promise.resolve({ status: 200, text: '', json: { items: [item] } })
      },
      exec: () => Promise.resolve({ output: '' }),
      watch: () => Promise.resolve(),
    }
    const seenOnes = await listPosture(api, 'casino', 'Secret')
    expect(asked.map(({ accept }) => accept)).toEqual([
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1',
    ])
    expect(JSON.stringify(seenOnes)).not.toContain('c2VjcmV0')
  })
})

describe('the manifests of the reference platform', () => {
  const base = 'src/platform/manifests/base'
  const objects = readdirSync(base)
    .filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(base, file), 'utf8')).map((each) => each.toJS() as KubeObject),
    )
    .filter(({ metadata: { namespace } }) => namespace === 'casino')
  const of = (...kinds: readonly string[]) => objects.filter(({ kind }) => kinds.includes(kind ?? ''))
  const budget = ({ metadata, spec }: KubeObject): BudgetSeen => ({
    resource: 'PodDisruptionBudget',
    namespace: 'casino',
    name: metadata.name,
    uid: '',
    healthy: 0,
    wantedHealthy: 0,
    expected: 0,
    allowed: 0,
    selector: (spec as { selector: { matchLabels: Record<string, string> } }).selector.matchLabels,
  })
  // kustomize puts the annotation on; its presence in the patch is what the manifests' own test holds.
  const annotated = (each: KubeObject): KubeObject => ({
    ...each,
    metadata: { ...each.metadata, annotations: { 'matchday.dev/rotate-within': '90d' } },
  })
  const lists: Record<PostureKind, readonly PostureObject[]> = {
    Workload: of('Deployment', 'StatefulSet').map((each) => workloadSeen(each.kind ?? '', each)),
    Service: of('Service').map(serviceSeen),
    NetworkPolicy: of('NetworkPolicy').map(networkPolicySeen),
    Secret: of('Secret').map((each) => secretSeen(annotated(each))),
    PodDisruptionBudget: of('PodDisruptionBudget').map(budget),
    HorizontalPodAutoscaler: of('HorizontalPodAutoscaler').map(hpaSeen),
    ScaledObject: [],
    DryRun: [],
    Dial: [],
  }
  const judged = (changes: Partial<Record<PostureKind, readonly PostureObject[]>>) => {
    const listed = createObjectsListed()
    for (const [resource, all] of Object.entries({ ...lists, ...changes }))
      listed.add(
        {
          kind: 'objects-listed',
          at: instant(0),
          namespace: 'casino',
          resource: resource as PostureKind,
          objects: all,
        },
        1,
      )
    return readingWants.flatMap((want) => judgeWant('casino', want, listed.of('casino')).findings)
  }

  it('are all recorded', () => {
    for (const kind of ['Workload', 'Service', 'NetworkPolicy', 'Secret'] as const)
      expect(lists[kind].length, kind).toBeGreaterThan(4)
  })

  it('pass every check', () => {
    expect(judged({}).map(({ cause, subject, sentence }) => `${cause} ${subject}: ${sentence}`)).toEqual([])
  })

  it('do not pass with one careless workload', () => {
    const careless = workloadSeen('Deployment', {
      metadata: { name: 'careless', namespace: 'casino', uid: 'u' },
      spec: {
        replicas: 3,
        template: {
          metadata: { labels: { app: 'careless' } },
          spec: { containers: [{ name: 'main', image: 'casino/careless' }] },
        },
      },
    })
    expect(new Set(judged({ Workload: [...lists.Workload, careless] }).map(({ cause }) => cause))).toEqual(
      new Set([
        'image-unpinned',
        'pod-privileged',
        'root-writable',
        'limits-missing',
        'priority-missing',
        'budget-missing',
        'spread-missing',
      ]),
    )
  })
})
