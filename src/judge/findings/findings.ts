/** Findings: how they are made, which cause leads, and what to do next. A cause is stable: pipelines match on it. */
import type { Finding } from '../../domain/verdict.ts'

/** In the order of telling power: what stands first explains what follows, and makes the summary. */
const causes = {
  'not-healed': 'Run `matchday heal` for this target, then look at the cluster before the next rehearsal.',
  'evidence-changed':
    'Judge the journal as its run wrote it (a copy, an artifact of the pipeline), or run the rehearsal again.',
  'run-stopped': 'Mend what stopped the run, then run it again.',
  'run-incomplete': 'Run `matchday heal` if a fault was under way, then run the rehearsal again.',
  'load-missing': 'Look at the k6 log in the run folder: the load never started.',
  'load-crashed': 'Look at the k6 log in the run folder, and run the scenario alone with `k6 run`.',
  'generator-starved':
    'Give the generator more CPU (another machine, fewer neighbours) or lower the load factor in the target file.',
  'fault-unproven':
    'Check the selector of the chaos file and the witness: metric, source, and that it has traffic before the fault.',
  'fault-not-recovered':
    'Look at the chaos object and at the witness after healing; allow more time in the last phase.',
  'action-not-done': 'Look at why the action was refused or not done; without it, what it was to show is not known.',
  'double-charge':
    'Take the named keys or buckets to both books: an unknown charge must be voided or confirmed before the second provider is asked.',
  'duplicate-booking':
    'Take the named keys to the ledger: the idempotency key must be unique in it, in the same transaction as the booking.',
  'promotion-lost-writes':
    'Let the primary wait for its standby before it acknowledges (synchronous replication), and promote only a standby that has all of it.',
  'split-brain': 'Fence the old primary before another one is promoted: it must not take writes once it lost its role.',
  'events-lost':
    'Write the event into the outbox in the same transaction as the booking, and deliver it until the other side has confirmed it.',
  unreconciled: 'Compare the two books bucket by bucket; look for charges that were never booked or voided.',
  'ledger-unbalanced': 'Find the booking whose debit and credit differ: each must be written in one transaction.',
  'forgery-accepted':
    'Check the signature over the bytes as received, and its age, before anything else is done with a message.',
  unsettled:
    'Look at what is pending: the outbox, the sweeper of unknown charges and the webhooks must drain by themselves.',
  'failover-missing': 'Check that calls time out, that the breaker opens, and that the second provider is configured.',
  'failover-late':
    'Shorten the time-out to the provider or let the breaker open earlier; both must fit below the budget.',
  'breaker-missing':
    'Let a breaker open after some failures in a row, and let single trials find out when the callee is back.',
  'time-out-missing':
    'Give each call a time-out below that of its caller, and bound what may wait for it (slots, queue).',
  'retry-storm':
    'Bound retries (a budget for all, jitter, none beneath a breaker that is open), and retry in one layer only.',
  'no-redundancy': 'Run at least two replicas, on different nodes, of whatever others wait for.',
  'zone-concentrated': 'Add a topology spread constraint over zones to the pod template (maxSkew 1).',
  'headroom-missing':
    'Keep room for the loss of a zone: a higher maximum for the autoscaler, and nodes (or a warm pool) in each of the other zones.',
  'budget-missing': 'Give the app a PodDisruptionBudget, so that a drain waits until the replacement is Ready.',
  'budget-blocks':
    'Let the budget allow at least one disruption (maxUnavailable: 1), or run one replica more than it wants healthy.',
  'autoscaler-blind':
    'Scale on a metric that the load moves (requests per pod, p95, queue lag) and check that the metrics API has a value for it.',
  'autoscaler-capped': 'Raise maxReplicas, or the capacity of a pod, to what the peak asks for.',
  'autoscaler-late':
    'Scale on the metric that the load moves (requests per pod) rather than on CPU, and check that nodes have room.',
  'autoscaler-flapping': 'Lengthen the stabilisation window for scaling down, or smooth the metric over a longer time.',
  'scale-down-late': 'Shorten the stabilisation window (KEDA: the cooldown), or find out what keeps the metric high.',
  'queue-scaler-late':
    'Check the query of the trigger against what waits in the queue, its polling interval, and that the worker can be scheduled.',
  'backlog-growing': 'Give the queue more workers, or find out what keeps those that are there from their work.',
  'budget-violated': 'Check maxUnavailable of the budget and of the Deployment, and what took the pods down.',
  'too-few-survivors': 'Run more replicas, spread over zones and nodes, so that the loss leaves enough of them.',
  'spread-not-restored':
    'Add a topology spread constraint; pods do not move back by themselves, so a rollout or the descheduler must follow the healing.',
  'early-errors-at-rollout':
    'Let the readiness probe ask what serving takes (port open, pools filled, caches warm), and give it the time that this takes.',
  'errors-at-shutdown':
    'On SIGTERM stop being ready, go on serving until routers have forgotten the pod (some seconds), finish what is under way, then end.',
  'drain-missing':
    'On SIGTERM stop being ready and go on serving for some seconds (or sleep in a preStop hook), until routers have forgotten the pod.',
  'slow-termination':
    'Handle SIGTERM: a shell as the first process does not pass it on, and open connections must be closed.',
  'rollout-stuck': 'Look at the new pods: image, configuration, readiness, and whether a node has room for them.',
  'ready-but-failing': 'Let the readiness probe fail when the pod cannot do its work, so that it gets none.',
  'sockets-not-drained':
    'On SIGTERM send the players away one by one over some seconds, each with the advice to reconnect.',
  'routing-not-sticky':
    'Give the ingress a cookie affinity (or the Service a session affinity), so that a player returns to the pod that knows the session.',
  'sessions-lost': 'Look at the sticky routing and at how clients come back: another pod must take the session over.',
  'reconnect-storm': 'Let clients wait a random time before they come back, and admit connections at a bounded rate.',
  'connection-avalanche':
    'Bound the pool of each pod so that all pods together stay below the limit, or put a pooler before the server.',
  'promotion-slow':
    'Look at what took long: detection, promotion, or clients that kept connections to the old primary.',
  'recovery-late': 'Look for breakers that stay open, pools that stay full, and retries that keep the platform busy.',
  disturbed: 'Look at the windows of this SLI in the report: what went wrong while the harm lasted.',
  'action-late': 'Look at the steps of the action in the report, and allow more time if the cluster needs it.',
  'policy-missing':
    'Give the namespace a NetworkPolicy that selects every pod (podSelector: {}) for ingress and egress and allows nothing; what is needed, others add.',
  'egress-unbounded':
    'List in the NetworkPolicy whom these pods may call: pods by selector, providers by the addresses of an egress gateway.',
  'secret-unrotated':
    'Rotate the secret, and say by the annotation matchday.dev/rotate-within (90d) how old its data may get; an external manager does both.',
  'image-unpinned': 'Name the image by its digest (name@sha256:…), so that what was tested is what runs.',
  'pod-privileged':
    'Keep to the Pod Security Standard "restricted": non-root, no escalation, all capabilities dropped, seccomp RuntimeDefault, nothing of the host.',
  'root-writable': 'Set readOnlyRootFilesystem: true, and give what must be written a volume.',
  'limits-missing':
    'Give each container requests for CPU and memory, and limits, so that one cannot starve its neighbours.',
  'priority-missing': 'Give the pods a priorityClassName: when nodes run short, something else goes first.',
  'probe-missing':
    'Give each container that serves a readiness probe, and a startup probe where a liveness probe could end a slow start.',
  'grace-too-short': 'Give the pod more time to end than its preStop hook takes, and what is under way besides.',
  'single-replica': 'Run at least two replicas of whatever others wait for, with a PodDisruptionBudget.',
  'spread-missing': 'Add a topology spread constraint over zones to the pod template (maxSkew 1).',
  'autoscaler-on-cpu':
    'Scale on what the load moves (requests per pod, p95, sockets, queue lag); CPU follows too late.',
  'autoscaler-pinned': 'Let the maximum of the autoscaler be above its minimum.',
  'slo-missed': 'Look at the windows of this objective in the report: the phase or fault that spent the budget.',
  'ledger-unproven': 'Let the load run to its end, so that the client knows the outcome of each operation.',
  'evidence-lost': 'Look at the named source; the run must be repeated once it can be read.',
  'posture-unread': 'Let matchday list the objects (docs/how-to/rbac.yaml), or want less.',
  'no-evidence': 'Check that the scenario, the target file and the rehearsal use the same names.',
  'slo-unproven': 'Run longer or with more load: `matchday plan` shows how many attempts the proof takes.',
  'slo-warning': 'The objective held only at its ceiling; find out what made responses slower than the target.',
  'fault-escaped':
    'Pods were born during the fault and were not covered: plan the fault after the ramp, or cover them by mode: all.',
  'residue-before': 'Something was left by an earlier run; `matchday heal` removes it.',
} as const satisfies Readonly<Record<string, string>>

export type Cause = keyof typeof causes
export const causeNames = Object.keys(causes) as readonly Cause[]

const rank = new Map(Object.keys(causes).map((cause, index) => [cause, index]))
const weights = { breach: 0, gap: 1, warning: 2 } as const

/** Lines shown with a finding; more of them prove no more. */
const LINES_MAX = 20

export function finding(
  weight: Finding['weight'],
  cause: Cause,
  subject: string,
  sentence: string,
  lines: readonly (number | undefined)[],
): Finding {
  return { weight, cause, subject, sentence, next: causes[cause], evidence: evidenceLines(lines) }
}

export function evidenceLines(lines: readonly (number | undefined)[]): readonly number[] {
  const known = new Set(lines.filter((line) => line !== undefined))
  return [...known].sort((a, b) => a - b).slice(0, LINES_MAX)
}

/** Breaches before gaps before warnings, then by telling power, then by name: the same for the same evidence, always. */
export function sortFindings(findings: readonly Finding[]): readonly Finding[] {
  const order = (each: Finding) => rank.get(each.cause) ?? rank.size
  return [...findings].sort(
    (a, b) =>
      weights[a.weight] - weights[b.weight] ||
      order(a) - order(b) ||
      compare(a.subject, b.subject) ||
      compare(a.sentence, b.sentence),
  )
}

/** By code units, so that no locale changes the order. */
export const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
