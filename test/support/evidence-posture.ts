/** Objects of a namespace whose posture is as it should be; each test bends one of them. */
import { type DialSeen, type DryRunSeen, triedPods } from '../../src/domain/effects.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type {
  ContainerSeen,
  NetworkPolicySeen,
  PostureKind,
  PostureObject,
  ProbeSeen,
  SecretSeen,
  ServiceSeen,
  WorkloadSeen,
} from '../../src/domain/posture.ts'
import { instant, millis, seconds } from '../../src/domain/units.ts'
import { named } from './evidence-cluster.ts'
import { START } from './evidence-rehearsal.ts'

export const DAY_MS = 24 * 3_600_000

export const probe = (asks: string, periodS: number, failures = 3): ProbeSeen => ({
  asks,
  periodMs: seconds(periodS),
  timeoutMs: seconds(1),
  failures,
})

export const container = (changes: Partial<ContainerSeen> = {}): ContainerSeen => ({
  name: 'main',
  image: `casino/wallet@sha256:${'a1'.repeat(32)}`,
  init: false,
  requests: ['cpu', 'memory'],
  limits: ['cpu', 'memory'],
  readiness: true,
  liveness: true,
  startup: true,
  readinessProbe: probe('GET /healthz :8080', 5),
  livenessProbe: probe('GET /livez :8080', 10),
  hostPorts: [],
  security: {
    privileged: false,
    mayEscalate: false,
    nonRoot: true,
    readOnlyRoot: true,
    seccomp: 'RuntimeDefault',
    added: [],
    dropped: ['ALL'],
  },
  ...changes,
})

export const dryRun = (
  tried: DryRunSeen['tried'],
  outcome: DryRunSeen['outcome'] = tried === 'in-order' ? 'accepted' : 'refused',
): DryRunSeen => ({
  resource: 'DryRun',
  ...named(tried),
  tried,
  outcome,
  said: outcome === 'accepted' || outcome === 'corrected' ? '' : `words about ${tried}`,
})

export const dial = (from: string, to: string, changes: Partial<DialSeen> = {}): DialSeen => ({
  resource: 'Dial',
  ...named(`${from} to ${to}:8080`),
  from,
  to,
  port: 8080,
  allowed: false,
  outcome: 'failed',
  said: '',
  ...changes,
})

export const workload = (name: string, changes: Partial<WorkloadSeen> = {}): WorkloadSeen => ({
  resource: 'Workload',
  ...named(name),
  workloadKind: 'Deployment',
  replicas: 3,
  labels: { app: name },
  graceMs: seconds(30),
  rollout: { unavailable: 0, surge: 1, written: 'maxUnavailable 25%, maxSurge 25%' },
  priorityClass: 'casino-money',
  spreadOver: ['topology.kubernetes.io/zone'],
  hostNamespaces: [],
  volumes: ['configMap'],
  containers: [container()],
  ...changes,
})

export const service = (name: string, selector = { app: name }): ServiceSeen => ({
  resource: 'Service',
  ...named(name),
  selector,
})

export const policy = (name: string, changes: Partial<NetworkPolicySeen> = {}): NetworkPolicySeen => ({
  resource: 'NetworkPolicy',
  ...named(name),
  selector: {},
  governs: ['ingress', 'egress'],
  egress: [],
  ingress: [],
  ...changes,
})

/** With an empty `limit` nothing says how old it may get. */
export const secret = (name: string, ageDays: number, limit = '90d'): SecretSeen => ({
  resource: 'Secret',
  ...named(name),
  changedAt: instant(START - ageDays * DAY_MS),
  ...(limit === '' ? {} : { rotateWithin: { text: limit, ...(limit === '90d' ? { ms: millis(90 * DAY_MS) } : {}) } }),
})

export const budgetFor = (name: string): PostureObject => ({
  resource: 'PodDisruptionBudget',
  ...named(name),
  healthy: 3,
  wantedHealthy: 2,
  expected: 3,
  allowed: 1,
  selector: { app: name },
})

const scalerOn = (...metrics: readonly string[]): PostureObject => ({
  resource: 'HorizontalPodAutoscaler',
  ...named('payments-api'),
  of: 'payments-api',
  min: 3,
  max: 9,
  current: 3,
  desired: 3,
  metrics: metrics.map((metric) => ({ metric, target: 10 })),
  conditions: [],
})
export const scaler = scalerOn

/** What the cluster lists where everything is well. */
export const healthyPosture: Readonly<Record<PostureKind, readonly PostureObject[]>> = {
  Workload: [workload('wallet'), workload('payments-api')],
  Service: [service('wallet'), service('payments-api')],
  NetworkPolicy: [
    policy('default-deny'),
    policy('wallet', {
      selector: { matchLabels: { app: 'wallet' } },
      egress: [{ to: [{ kind: 'pods' }, { kind: 'block', cidr: '10.0.0.0/8', except: [] }], ports: ['TCP/5432'] }],
    }),
  ],
  Secret: [secret('psp-credentials', 30)],
  PodDisruptionBudget: [budgetFor('wallet'), budgetFor('payments-api')],
  HorizontalPodAutoscaler: [scalerOn('Resource/cpu', 'Pods/rps_per_pod')],
  ScaledObject: [],
  DryRun: triedPods.map((tried) => dryRun(tried)),
  Dial: [dial('wallet', 'payments-api', { allowed: true, outcome: 'connected' }), dial('payments-api', 'wallet')],
}

/** Records of the lists, half a second after the run began; a kind that is undefined was not read. */
export const listed = (
  changes: Partial<Record<PostureKind, readonly PostureObject[] | undefined>> = {},
  namespace = 'casino',
): Evidence[] =>
  Object.entries({ ...healthyPosture, ...changes }).flatMap(([resource, objects]) =>
    objects === undefined
      ? []
      : [
          {
            kind: 'objects-listed',
            at: instant(START + 500),
            namespace,
            resource: resource as PostureKind,
            objects,
          },
        ],
  )
