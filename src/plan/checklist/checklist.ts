/**
 * The release checklist, as far as a cluster can be asked: probes, budgets, priorities, spread, images, resources, security,
 * autoscalers and policies. Pure: objects come in, findings go out. What only people know is asked of them.
 */
import { selects } from '../../protocols/kubernetes/label-selector.ts'
import type { AutoscalerObject, Container, PolicyObject, Release, WorkloadObject } from './objects.ts'

/** `subject` is `Deployment/gateway`; `next` says what to do. */
export type CheckFinding = {
  readonly check: string
  readonly subject: string
  readonly problem: string
  readonly next: string
}

/** Nobody but the team can answer these; a rehearsal answers some of them with evidence. */
export const QUESTIONS: readonly string[] = [
  'Canary plan: which shares, which gates (p95, error rate, anomalies of deposits and bets), who decides?',
  'Rollback: the command, and when it was last tried (a rehearsal with rollout shows it).',
  'Feature flags for an incident: which, where, and how long until they work (a rehearsal with flag shows it)?',
  'Switch of PSP and of game provider: who does it, and how (a rehearsal with their faults shows it)?',
  'Disaster recovery: was the cutover rehearsed, and a point-in-time restore tested, this quarter?',
  'Secrets: from which manager, and when were they last rotated?',
  'Warm pool: how long until a node more is Ready?',
  'Alerts on the indicators, traces from front to provider: looked at today?',
  'Whom to call?',
]

export function checkRelease(release: Release): readonly CheckFinding[] {
  return [
    ...release.workloads.flatMap((workload) => checkWorkload(workload, release)),
    ...release.autoscalers.flatMap(checkAutoscaler),
    ...checkPolicies(release.policies),
  ]
}

type Told = readonly [check: string, problem: string, next: string]

function checkWorkload(workload: WorkloadObject, release: Release): readonly CheckFinding[] {
  const subject = `${workload.kind ?? 'Workload'}/${workload.metadata.name}`
  const pod = workload.spec?.template?.spec ?? {}
  const told = [
    ...staying(workload, release),
    ...(pod.priorityClassName ? [] : [NO_PRIORITY]),
    ...(pod.containers ?? []).flatMap((container) => checkContainer(container, pod.securityContext ?? {})),
  ]
  return told.map(([check, problem, next]) => ({ check, subject, problem, next }))
}

const NO_PRIORITY: Told = [
  'priority',
  'has no priorityClassName, so that batch work may push it out',
  'give it one above that of batch.',
]

/** What keeps a service there while pods and nodes go: replicas, a budget that lets some go and not all, and places apart. */
function staying(workload: WorkloadObject, { budgets, autoscalers }: Release): readonly Told[] {
  const { replicas = 1, template } = workload.spec ?? {}
  const scaler = autoscalers.find(({ spec }) => scales(spec?.scaleTargetRef, workload))
  const least = Math.max(replicas, scaler?.spec?.minReplicas ?? 0)
  if (least < 2) return [['replicas', 'has one replica: each restart is an outage', 'run two or more.']]
  const labels = template?.metadata?.labels ?? {}
  const budget = budgets.find(({ spec }) => spec?.selector !== undefined && selects(spec.selector, labels))
  const { topologySpreadConstraints = [], affinity } = template?.spec ?? {}
  const apart = topologySpreadConstraints.length > 0 || affinity?.podAntiAffinity !== undefined
  return [...(budget === undefined ? [NO_BUDGET] : budgetTold(budget.spec ?? {}, least)), ...(apart ? [] : [NO_SPREAD])]
}

const NO_BUDGET: Told = ['budget', 'has no PodDisruptionBudget', 'add one: a drain may take all its pods at once.']
const NO_SPREAD: Told = ['spread', 'may stand in one zone only', 'add a topologySpreadConstraint by zone.']

function budgetTold(
  {
    maxUnavailable,
    minAvailable,
  }: { readonly maxUnavailable?: number | string; readonly minAvailable?: number | string },
  replicas: number,
): readonly Told[] {
  const none = maxUnavailable === 0 || maxUnavailable === '0%' || minAvailable === '100%'
  if (!none && !(typeof minAvailable === 'number' && minAvailable >= replicas)) return []
  return [
    ['budget', 'has a budget that lets no pod go, so that no node can be drained', 'let one go: maxUnavailable: 1.'],
  ]
}

const scales = (
  ref: { readonly kind?: string; readonly name?: string } | undefined,
  { kind, metadata }: WorkloadObject,
): boolean => ref?.kind === kind && ref?.name === metadata.name

function checkContainer(container: Container, ofPod: NonNullable<Container['securityContext']>): readonly Told[] {
  const { name, image = '', ports = [], readinessProbe, livenessProbe, resources, securityContext = {} } = container
  const missing = (['cpu', 'memory'] as const).filter((resource) => resources?.requests?.[resource] === undefined)
  const serves = ports.length > 0
  const rules: readonly (readonly [boolean, ...Told])[] = [
    [
      serves && readinessProbe === undefined,
      'probes',
      `${name} has no readiness probe`,
      'it gets traffic before it can answer.',
    ],
    [
      serves && livenessProbe === undefined,
      'probes',
      `${name} has no liveness probe`,
      'a hung process is never restarted.',
    ],
    [
      !image.includes('@sha256:'),
      'image',
      `${name} runs ${image}, which may be another one tomorrow`,
      'pin it by digest.',
    ],
    [
      missing.length > 0,
      'resources',
      `${name} requests no ${missing.join(' and no ')}`,
      'the scheduler places it blindly.',
    ],
    [resources?.limits?.memory === undefined, 'resources', `${name} has no memory limit`, 'one leak takes the node.'],
    [securityContext.privileged === true, 'security', `${name} is privileged`, 'drop it.'],
    [
      (securityContext.runAsNonRoot ?? ofPod.runAsNonRoot) !== true,
      'security',
      `${name} may run as root`,
      'set runAsNonRoot: true.',
    ],
    [
      securityContext.readOnlyRootFilesystem !== true,
      'security',
      `${name} can write its root file system`,
      'set readOnlyRootFilesystem: true.',
    ],
    [
      (securityContext.seccompProfile ?? ofPod.seccompProfile) === undefined,
      'security',
      `${name} has no seccomp profile`,
      'set seccompProfile: {type: RuntimeDefault}.',
    ],
    [
      securityContext.capabilities?.drop?.includes('ALL') !== true,
      'security',
      `${name} keeps capabilities`,
      'set capabilities: {drop: [ALL]}.',
    ],
  ]
  return rules.flatMap(([broken, ...told]) => (broken ? [told] : []))
}

function checkAutoscaler({ metadata, spec }: AutoscalerObject): readonly CheckFinding[] {
  const subject = `HorizontalPodAutoscaler/${metadata.name}`
  const metrics = spec?.metrics ?? []
  const onCpu = metrics.length > 0 && metrics.every(({ type }) => type === 'Resource' || type === 'ContainerResource')
  const fixed = spec?.maxReplicas !== undefined && spec.maxReplicas <= (spec.minReplicas ?? 1)
  return [
    ...(onCpu
      ? [
          {
            check: 'autoscaling',
            subject,
            problem: 'looks at CPU and memory only, so that it scales after players have noticed',
            next: 'scale on requests per second, latency or queue lag.',
          },
        ]
      : []),
    ...(fixed ? [{ check: 'autoscaling', subject, problem: 'can scale nowhere', next: 'raise maxReplicas.' }] : []),
  ]
}

function checkPolicies(policies: readonly PolicyObject[]): readonly CheckFinding[] {
  return (['Ingress', 'Egress'] as const)
    .filter((direction) => !policies.some((policy) => deniesByDefault(policy, direction)))
    .map((direction) => ({
      check: 'network',
      subject: 'NetworkPolicy',
      problem: `no policy denies ${direction.toLowerCase()} by default`,
      next: `add one for all pods (podSelector: {}) with policyTypes: [${direction}] and no rules.`,
    }))
}

function deniesByDefault({ spec = {} }: PolicyObject, direction: 'Ingress' | 'Egress'): boolean {
  const { podSelector = {}, policyTypes = ['Ingress'] } = spec
  const everyPod =
    Object.keys(podSelector.matchLabels ?? {}).length === 0 && (podSelector.matchExpressions ?? []).length === 0
  const rules = direction === 'Ingress' ? spec.ingress : spec.egress
  return everyPod && policyTypes.includes(direction) && (rules ?? []).length === 0
}
