/** The manifests keep what they promise: reference numbers, security, and settings that some service really reads. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseRehearsal } from '../../src/files/rehearsal.ts'

type Container = {
  name: string
  image: string
  ports: { containerPort: number }[]
  envFrom?: { configMapRef?: { name: string }; secretRef?: { name: string } }[]
  env?: { name: string; value: string }[]
  resources: { requests: Record<string, string>; limits: Record<string, string> }
  securityContext: Record<string, unknown>
  startupProbe?: Record<string, unknown>
  readinessProbe?: Record<string, unknown>
}
type Selecting = { readonly target: { readonly kind: string; readonly name: string }; readonly patch: string }
type Peer = { podSelector?: { matchLabels?: Record<string, string> } }
type KubeObject = {
  kind: string
  metadata: { name: string; namespace?: string }
  data?: Record<string, string>
  stringData?: Record<string, string>
  spec: {
    replicas: number
    strategy: unknown
    minReplicas: number
    maxReplicas: number
    metrics: unknown
    podSelector?: { matchLabels?: Record<string, string> }
    policyTypes?: string[]
    ingress?: { from?: Peer[]; ports?: { port: number }[] }[]
    egress?: { to?: Peer[]; ports?: { port: number }[] }[]
    scaleTargetRef?: { name: string }
    template: {
      spec: {
        containers: Container[]
        securityContext: Record<string, unknown>
        priorityClassName: string
        topologySpreadConstraints?: Record<string, unknown>[]
      }
    }
  }
}

const root = join(import.meta.dirname, '../..')
const manifests = join(root, 'src/platform/manifests')

function objectsIn(folder: string, keep: (file: string) => boolean = () => true): KubeObject[] {
  const files = readdirSync(folder).filter((file) => file.endsWith('.yaml') && file !== 'kustomization.yaml')
  return files
    .filter(keep)
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(folder, file), 'utf8')).map((document) => document.toJS() as KubeObject),
    )
}

const base = objectsIn(join(manifests, 'base'))
const lab = objectsIn(join(manifests, 'lab'))
const cluster = objectsIn(
  join(manifests, 'cluster'),
  (file) => file !== 'settings.yaml' && file !== 'prometheus-adapter.yaml',
)
const keda = objectsIn(join(manifests, 'keda'))
const canary = objectsIn(join(manifests, 'canary'))
const nameOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`
const workloads = base.filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
const containerOf = (object: KubeObject): Container => object.spec.template.spec.containers[0] as Container
const found = (objects: KubeObject[], name: string): KubeObject =>
  objects.find((object) => nameOf(object) === name) as KubeObject

describe('payments-api', () => {
  const deployment = found(base, 'Deployment casino/payments-api')

  it('keeps the reference numbers', () => {
    expect(deployment.spec.replicas).toBe(6)
    expect(deployment.spec.strategy).toEqual({
      type: 'RollingUpdate',
      rollingUpdate: { maxSurge: 2, maxUnavailable: 1 },
    })
    expect(containerOf(deployment).resources).toEqual({
      requests: { cpu: '300m', memory: '512Mi' },
      limits: { cpu: '1', memory: '1Gi' },
    })
    expect(containerOf(deployment).readinessProbe).toMatchObject({
      httpGet: { path: '/healthz', port: 8080 },
      periodSeconds: 5,
    })
    expect(containerOf(deployment).ports[0]?.containerPort).toBe(8080)
    const { minReplicas, maxReplicas, metrics } = found(base, 'HorizontalPodAutoscaler casino/payments-api').spec
    expect({ minReplicas, maxReplicas }).toEqual({ minReplicas: 6, maxReplicas: 60 })
    expect(metrics).toEqual([
      {
        type: 'Pods',
        pods: { metric: { name: 'rps_per_pod' }, target: { type: 'AverageValue', averageValue: '120' } },
      },
    ])
  })
})

describe.each(workloads.map((object) => [nameOf(object), object] as const))('%s', (_, object) => {
  const container = containerOf(object)

  it('is pinned, unprivileged, limited and probed', () => {
    expect(container.image).toMatch(/@sha256:[0-9a-f]{64}$/)
    expect(object.spec.template.spec.securityContext).toMatchObject({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
    expect(Object.keys(container.resources.limits)).toEqual(['cpu', 'memory'])
    expect(container.startupProbe).toMatchObject({ periodSeconds: 1 })
    expect(container.readinessProbe).toBeDefined()
    expect(object.spec.template.spec.priorityClassName).toMatch(/^casino-/)
  })

  it('names only ConfigMaps and Secrets that exist, and sets only what its service reads', () => {
    const known = variablesOf(container.image)
    for (const { configMapRef, secretRef } of container.envFrom ?? []) {
      const kind = configMapRef ? 'ConfigMap' : 'Secret'
      const name = `${kind} ${object.metadata.namespace}/${configMapRef?.name ?? secretRef?.name}`
      const keys = [...base, ...lab]
        .filter((other) => nameOf(other) === name)
        .flatMap((other) => Object.keys({ ...other.data, ...other.stringData }))
      expect(keys.length, name).toBeGreaterThan(0)
      if (known !== undefined)
        expect(
          keys.filter((key) => !known.has(key)),
          name,
        ).toEqual([])
    }
  })
})

describe('the zones', () => {
  const spreadOf = ({ spec }: KubeObject) => spec.template.spec.topologySpreadConstraints ?? []
  const deployments = workloads.filter(({ kind }) => kind === 'Deployment')

  it.each(deployments.map((each) => [nameOf(each), each] as const))(
    'take each generation of %s by itself',
    (_, each) => {
      for (const constraint of spreadOf(each)) expect(constraint.matchLabelKeys).toEqual(['pod-template-hash'])
    },
  )

  it('never hold both operators of the database', () => {
    const operator = found(base, 'Deployment casino/db-operator')
    expect(operator.spec.replicas).toBe(2)
    expect(spreadOf(operator)).toMatchObject([
      { maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'DoNotSchedule' },
    ])
  })
})

/** What the command that the keeper starts reads: the image's own. */
const OF_POSTGRES = ['POSTGRES_USER', 'POSTGRES_PASSWORD', 'POSTGRES_DB']

/** The environment variables that a service of ours reads; undefined for others' images. */
function variablesOf(image: string): ReadonlySet<string> | undefined {
  const service = /^casino\/([a-z-]+)@/.exec(image)?.[1]
  if (service === undefined) return undefined
  const folders = [join(root, 'src/platform/services', service), join(root, 'src/platform/shared')]
  const sources = folders.flatMap((folder) =>
    readdirSync(folder).map((file) => readFileSync(join(folder, file), 'utf8')),
  )
  const source = sources.join('\n').replace(/`PSP_\$\{letter\}_(\w+)`/g, "'PSP_A_$1' 'PSP_B_$1'")
  const own = [...source.matchAll(/'([A-Z][A-Z0-9_]+)'/g)].map(([, name]) => String(name))
  return new Set([...own, ...(service === 'db-keeper' ? OF_POSTGRES : [])])
}

describe('the network', () => {
  it.each([['casino'], ['providers']])('is denied by default in %s, in both directions', (namespace) => {
    const policy = found(base, `NetworkPolicy ${namespace}/default-deny`)
    expect(policy.spec).toEqual({ podSelector: {}, policyTypes: ['Ingress', 'Egress'] })
  })
})

/** Who calls whom, as the services' own settings say; a flow that is missing in a policy is a platform that does not work. */
const flows: readonly (readonly [from: string, to: string, port: number])[] = [
  ['gateway', 'wallet', 8080],
  ['gateway', 'payments-api', 8080],
  ['gateway', 'bets', 8080],
  ['gateway', 'profile', 8080],
  ['gateway', 'promo', 8080],
  ['payments-api', 'wallet', 8080],
  ['payments-api', 'anti-fraud', 8080],
  ['payments-api', 'psp-a', 8080],
  ['payments-api', 'psp-b', 8080],
  ['payout-worker', 'wallet', 8080],
  ['payout-worker', 'psp-a', 8080],
  ['payout-worker', 'psp-b', 8080],
  ['bets', 'wallet', 8080],
  ['bets', 'game-provider', 8080],
  ['wallet', 'payments-api', 8080],
  ['wallet', 'realtime', 8080],
  ['wallet', 'wallet-db', 5432],
  ['payments-api', 'wallet-db', 5432],
  ['bets', 'wallet-db', 5432],
  ['wallet-schema', 'wallet-db', 5432],
  ['wallet-db', 'wallet-db', 5432],
  ['db-operator', 'wallet-db', 8080],
]

describe('every flow', () => {
  const named = (selector: Peer['podSelector']): string => selector?.matchLabels?.['app.kubernetes.io/name'] ?? ''
  const policiesOf = (name: string): KubeObject[] =>
    base.filter(({ kind, spec }) => kind === 'NetworkPolicy' && named(spec.podSelector) === name)

  it.each(flows)('%s to %s:%i is allowed by egress and ingress policies', (from, to, port) => {
    const out = policiesOf(from).flatMap(({ spec }) => spec.egress ?? [])
    const into = policiesOf(to).flatMap(({ spec }) => spec.ingress ?? [])
    const lets = (peers: Peer[] | undefined, other: string, ports: { port: number }[] | undefined): boolean =>
      (peers ?? []).some(({ podSelector }) => named(podSelector) === other) &&
      (ports ?? []).some((each) => each.port === port)
    expect(out.some(({ to: peers, ports }) => lets(peers, to, ports))).toBe(true)
    expect(into.some(({ from: peers, ports }) => lets(peers, from, ports))).toBe(true)
  })

  it('of a service is in this list, and no policy allows others', () => {
    const allowed = base
      .filter(({ kind, metadata }) => kind === 'NetworkPolicy' && metadata.namespace === 'casino')
      .flatMap(({ spec }) =>
        (spec.egress ?? []).flatMap(({ to }) =>
          (to ?? []).map(({ podSelector }) => `${named(spec.podSelector)} to ${named(podSelector)}`),
        ),
      )
      .filter((flow) => !flow.startsWith(' to') && !flow.endsWith(' to '))
    expect(allowed.sort()).toEqual(flows.map(([from, to]) => `${from} to ${to}`).sort())
  })
})

describe('autoscalers', () => {
  it.each([['base', base] as const, ['lab', lab] as const, ['cluster', cluster] as const])(
    'begin at the replicas that %s asks for',
    (_, objects) => {
      const scalers = objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler')
      expect(scalers.map(({ metadata }) => metadata.name).sort()).toEqual(['gateway', 'payments-api', 'realtime'])
      for (const { metadata, spec } of scalers) {
        const deployment = found(objects, `Deployment casino/${metadata.name}`)
        expect([metadata.name, spec.minReplicas]).toEqual([metadata.name, deployment.spec.replicas])
      }
    },
  )
})

describe('overlays', () => {
  const defects = join(root, 'test/canary/defects')
  const names = readdirSync(defects)
  const resourcesOf = (name: string): readonly string[] => {
    const { resources = [] } = parse(readFileSync(join(defects, name, 'kustomization.yaml'), 'utf8')) as {
      resources?: string[]
    }
    return resources
  }
  /** Patches by selector, which tell objects of one region from those of the other. */
  const selectingOf = (name: string): readonly Selecting[] => {
    const { patches = [] } = parse(readFileSync(join(defects, name, 'kustomization.yaml'), 'utf8')) as {
      patches?: Partial<Selecting>[]
    }
    return patches.flatMap(({ target, patch }) =>
      target === undefined || patch === undefined ? [] : [{ target, patch }],
    )
  }
  const patchesOf = (name: string) => objectsIn(join(defects, name), (file) => !resourcesOf(name).includes(file))
  const overlays = [
    ['lab', lab] as const,
    ['cluster', cluster] as const,
    ['region/small', objectsIn(join(manifests, 'region/small'))] as const,
    ['region/west', objectsIn(join(manifests, 'region/west'))] as const,
    ['region/east', objectsIn(join(manifests, 'region/east'), (file) => file !== 'own.yaml')] as const,
    ...names.map((name) => [name, patchesOf(name)] as const),
  ]
  const existing = [...base, ...keda, ...canary]

  it('are at least 24 defects, each in the README', () => {
    const readme = readFileSync(join(root, 'src/platform/README.md'), 'utf8')
    expect(names.length).toBeGreaterThanOrEqual(24)
    expect(
      overlays.filter(
        ([name, patches]) =>
          names.includes(name) &&
          patches.length === 0 &&
          resourcesOf(name).length === 0 &&
          selectingOf(name).length === 0,
      ),
    ).toEqual([])
    expect(names.filter((name) => !readme.includes(`\n| \`${name}\` |`))).toEqual([])
  })

  it.each(names.filter((name) => resourcesOf(name).length > 0))('%s adds only objects that do not exist', (name) => {
    const added = objectsIn(join(defects, name), (file) => resourcesOf(name).includes(file))
    expect(added.length).toBeGreaterThan(0)
    expect(added.map(nameOf).filter((object) => existing.map(nameOf).includes(object))).toEqual([])
  })

  it.each(names.filter((name) => selectingOf(name).length > 0))(
    '%s selects objects and settings that exist',
    (name) => {
      for (const { target, patch } of selectingOf(name)) {
        const chosen = base.filter(
          ({ kind, metadata }) => kind === target.kind && RegExp(`^(${target.name})$`).test(metadata.name),
        )
        expect(chosen).not.toEqual([])
        const set = (parse(patch) as { path: string; value?: { name?: string } }[]).flatMap(({ path, value }) =>
          path.startsWith('/data/') ? path.slice('/data/'.length) : (value?.name ?? []),
        )
        for (const { metadata } of chosen) {
          const image = { 'psp-a': 'psp', 'psp-b': 'psp', 'wallet-db': 'db-keeper' }[metadata.name] ?? metadata.name
          expect(set.filter((variable) => !variablesOf(`casino/${image}@`)?.has(variable))).toEqual([])
        }
      }
    },
  )

  it.each(overlays.filter(([, patches]) => patches.length > 0))(
    '%s changes only objects and containers that exist',
    (_, patches) => {
      for (const patch of patches) {
        const target = existing.find((object) => nameOf(object) === nameOf(patch))
        expect(target, nameOf(patch)).toBeDefined()
        const containers = patch.spec?.template?.spec?.containers ?? []
        for (const { name, env } of containers) {
          const container = target?.spec.template.spec.containers.find((other) => other.name === name)
          expect(container, `${nameOf(patch)} container ${name}`).toBeDefined()
          expect(
            (env ?? []).filter(({ name: variable }) => !variablesOf(container?.image ?? '')?.has(variable)),
            nameOf(patch),
          ).toEqual([])
        }
      }
    },
  )

  it('keep the capacity of the lab: the peak needs the pods that the rehearsal asks for, and the base load keeps the minimum', () => {
    const settings = found(lab, 'ConfigMap casino/payments-api').data ?? {}
    const perPod = Number(settings.PSP_SLOTS) / 0.105
    const { minReplicas, metrics } = found(lab, 'HorizontalPodAutoscaler casino/payments-api').spec
    const target = Number((metrics as { pods: { target: { averageValue: string } } }[])[0]?.pods.target.averageValue)
    const { baseRate, peakRate, atLeast } = stockPeak()
    const confirmations = 4
    expect(perPod * minReplicas).toBeGreaterThan(baseRate * 1.5)
    // One pod fewer is outside the HPA's tolerance of 10 %, so that the last pod does not come by chance.
    expect((peakRate + confirmations) / (atLeast - 1)).toBeGreaterThan(target * 1.15)
    expect(atLeast).toBeGreaterThan(minReplicas)
    expect(perPod * atLeast).toBeGreaterThan(peakRate * 1.5)
    // Within the HPA's tolerance of 10 %, so that the base load keeps the minimum.
    expect((baseRate + confirmations) / minReplicas).toBeLessThanOrEqual(target * 1.1)
  })
})

/**
 * Deposits a second of the stock rehearsal at 1x and at its peak, and the pods it asks of the autoscaler there: the manifests
 * are sized for that file and no other.
 */
function stockPeak(): { readonly baseRate: number; readonly peakRate: number; readonly atLeast: number } {
  const parsed = parseRehearsal(
    { read: (path) => readFileSync(path, 'utf8') },
    'scenarios/psp-down-at-peak.rehearsal.yaml',
  )
  if (!parsed.ok) throw new Error('the stock rehearsal does not parse')
  const baseRate = parsed.value.load.arrivals.deposit ?? 0
  const asked = parsed.value.expectations.find(({ kind }) => kind === 'autoscaler')
  const atLeast = asked?.kind === 'autoscaler' ? asked.atLeast : 0
  return { baseRate, peakRate: baseRate * Math.max(...parsed.value.phases.map((phase) => phase.factor)), atLeast }
}
