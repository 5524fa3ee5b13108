/**
 * The one table of causes: the evidence that a rule needs, what missing evidence means, whether a starved machine excuses it, and the next step. A
 * cause is stable, because pipelines match on it. A new cause needs a row here, a rule in `judge`, and a sentence in docs/glossary.md.
 */
import type { EvidenceKind } from './evidence.ts'

export type CauseRow = {
  /** Records that the rule reads. Without all of them there can be no breach with this cause. */
  readonly needs: readonly EvidenceKind[]
  /**
   * The meaning of missing evidence. `inconclusive`: the rule reports a gap. `unnamed`: the cause is not reported; another rule reports the loss.
   * `itself`: this cause reports the missing evidence.
   */
  readonly missing: 'inconclusive' | 'unnamed' | 'itself'
  /**
   * Whether a starved machine excuses it. `excused`: it concerns times, rates or shares, which a full machine alone can spoil. `unless-pods-taken`:
   * excused only if no pod was evicted, deleted or killed. `stands`: money, objects, and events that did not happen at all.
   */
  readonly starved: 'excused' | 'unless-pods-taken' | 'stands'
  /**
   * Whether lost evidence excuses it. `excused`: missing records of what it needs can make a breach that was none. `totals`: it is judged by totals,
   * which survive a hole; only the last frames of the load matter. `stands`: it is shown by a record that exists, or is no breach.
   */
  readonly lost: 'excused' | 'totals' | 'stands'
  readonly next: string
}

const RUN = ['stop-requested', 'run-ended'] as const
const HEALING = ['undo-written', 'undo-done', 'residue', 'run-ended'] as const
const LOAD_ENDS = ['load-started', 'load-ended'] as const
const LOAD = ['load-frame'] as const
const GENERATOR = ['generator-health', 'load-frame'] as const
const HARMS = ['fault-step', 'action-step'] as const
/** What a release did, and which images its pods ran. */
const RELEASE = ['action-step', 'object-seen'] as const
/** The same, with its pods' counters and configuration. */
const RELEASED = [...RELEASE, 'sample'] as const
/** The steps of a canary, and what both releases counted in them. */
const CANARY = ['action-step', 'sample'] as const
const STEPS = ['action-step'] as const
/** A release with a schema change, and what clients saw before it and after its rollback. */
const ROLLED_BACK = ['action-step', 'load-frame'] as const
/** The windows of a mirror, with the books and what the clients saw in them. */
const SHADOW = ['action-step', 'load-frame'] as const
/** The steps of a restore with both books, and the operations that the client had seen acknowledged. */
const RESTORE = ['action-step', 'load-frame'] as const
/** The steps of a cutover, and the writes or reads of the clients. */
const CUTOVER = ['action-step', 'load-frame'] as const
const SCRAPES = ['sample'] as const
/** Who takes writes: the members of a database, or regions in a cutover. */
const WRITERS = ['sample', 'action-step'] as const
/** Both regions as they are deployed, or two readings that must be equal. */
const DRIFT = ['objects-listed', 'action-step'] as const
const MOVED = ['action-step', 'sample'] as const
const CALLS = ['sample', 'load-frame'] as const
const OBJECTS = ['object-seen'] as const
const EDGES = ['object-seen', 'load-frame'] as const
const ANSWERED = ['sample', 'object-seen'] as const
const LISTS = ['objects-listed'] as const
/** What people wrote, and what it was about. */
const NOTES = ['note', ...HARMS] as const
const BOOKS = ['book-read', 'keys-read'] as const
/** The client's totals against the books. */
const MONEY = ['book-read', 'keys-read', 'load-frame'] as const
const ALERTS = ['alerts-read', ...HARMS] as const
/** What was pushed to clients, on both sides. */
const DELIVERIES = ['receipts-told', 'deliveries-read'] as const
const NOTHING = [] as const

/** Ordered by how much a cause explains: earlier ones explain later ones and make the summary. */
export const causes = {
  'not-healed': {
    needs: HEALING,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Run `matchday heal` for this target, then look at the cluster before the next rehearsal. A cluster that is gone, such as a lab that ended, needs no healing.',
  },
  'evidence-changed': {
    needs: NOTHING,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Judge the journal as its run wrote it (a copy, an artifact of the pipeline), or run the rehearsal again.',
  },
  'evidence-unsigned': {
    needs: NOTHING,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Judge the folder with its journal.sig.json and the public key of whoever ran it (docs/how-to/keep-the-evidence.md).',
  },
  'run-stopped': {
    needs: RUN,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'stands',
    next: 'Fix what stopped the run, then run it again.',
  },
  'run-incomplete': {
    needs: RUN,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'If a fault was under way and the cluster is still there, run `matchday heal`; then run the rehearsal again. A lab that is gone took its faults with it.',
  },
  'cluster-unreachable': {
    needs: NOTHING,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Find out why its API server stopped answering (the cluster, the network, an expired login), then run the rehearsal again. If a fault was under way and the cluster is still there, run `matchday heal`; a lab that is gone took its faults with it.',
  },
  'load-missing': {
    needs: LOAD_ENDS,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Look at the k6 log in the run folder: the load never started.',
  },
  'load-crashed': {
    needs: LOAD_ENDS,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Look at the k6 log in the run folder, and run the scenario alone with `k6 run`.',
  },
  'closed-model': {
    needs: NOTHING,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Use an arrival-rate executor in options.scenarios, or give the rehearsal arrivals.',
  },
  'generator-starved': {
    needs: GENERATOR,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'stands',
    next: 'Give the generator more CPU (another machine, fewer neighbours) or lower the load factor in the target file.',
  },
  'runners-desynchronised': {
    needs: LOAD_ENDS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'stands',
    next: 'Check the nodes of the runners: a busy API server or node starts them late. Give the runners nodes of their own (load.nodeSelector), or use fewer of them.',
  },
  'fault-not-performed': {
    needs: HARMS,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Run the rehearsal again with the people who decide. A run without this fault shows nothing about it.',
  },
  'trigger-missed': {
    needs: HARMS,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Compare the last reading with `when`. Raise the load, choose another value, or set a later deadline.',
  },
  'fault-unproven': {
    needs: HARMS,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Check the selector of the chaos file and the witness: metric, source, and that it has traffic before the fault.',
  },
  'fault-not-recovered': {
    needs: HARMS,
    missing: 'itself',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at the chaos object and at the witness after healing; allow more time in the last phase.',
  },
  'action-not-done': {
    needs: HARMS,
    missing: 'itself',
    starved: 'stands',
    lost: 'excused',
    next: 'Look at why the action was refused or not done; without it, the run cannot show what it was meant to show.',
  },
  'image-changed': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'stands',
    next: 'Find out who released during the run (kubectl rollout history), and run the rehearsal again without it, or plan the release in the rehearsal.',
  },
  'shadow-wrote': {
    needs: SHADOW,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Switch the mirror off for requests that write, or let the services behind the new release recognise copies and write nothing. Then correct the books: clients never asked for these operations.',
  },
  'double-charge': {
    needs: MONEY,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'totals',
    next: 'Take the named keys or buckets to both books: an unknown charge must be voided or confirmed before the second provider is asked.',
  },
  'duplicate-booking': {
    needs: BOOKS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Take the named keys to the ledger: the idempotency key must be unique in it, in the same transaction as the booking.',
  },
  'promotion-lost-writes': {
    needs: MONEY,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'totals',
    next: 'Let the primary wait for its standby before it acknowledges (synchronous replication), and promote only a standby that has all of it.',
  },
  'freeze-leaked': {
    needs: STEPS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Find the path that the freeze does not cover: a service of its own, a queue, a webhook, a job. Refuse writes at the database as well.',
  },
  'promoted-before-caught-up': {
    needs: STEPS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Let the promotion wait until the standby has replayed the last position of the frozen primary, and read both positions from the servers themselves.',
  },
  'cutover-lost-writes': {
    needs: CUTOVER,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Compare the client with both books. Writes that were acknowledged before the freeze must be in the log that the standby replays.',
  },
  'split-brain': {
    needs: WRITERS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Fence the old primary before another one is promoted: it must not take writes once it lost its role.',
  },
  'backup-not-restorable': {
    needs: HARMS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Read the log of the copy: it names the segment, the timeline history or the restore point that is missing in the archive. Let the archive command report its failures, and test a restore every day.',
  },
  'restore-incomplete': {
    needs: RESTORE,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Look for a gap in the archive before the point, a backup of another member, or a recovery that ended at an earlier point or on another timeline.',
  },
  'restore-beyond-point': {
    needs: HARMS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Check the recovery target of the copy. A recovery that ignores it also brings back the changes that the restore should undo.',
  },
  'events-lost': {
    needs: MONEY,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'totals',
    next: 'Write the event into the outbox in the same transaction as the booking, and deliver it until the other side has confirmed it.',
  },
  'results-lost': {
    needs: DELIVERIES,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Trace one lost key from the book to the socket. Is its event deleted before it is delivered, or held only in the memory of a process that may crash?',
  },
  'results-duplicated': {
    needs: ['receipts-told'],
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Deduplicate in the service that pushes: remember the ids of delivered events. At-least-once delivery repeats them.',
  },
  'results-late': {
    needs: ['receipts-told'],
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'stands',
    next: 'Look at the queue between the booking and the socket: its depth, its polling interval, and what blocks its consumer.',
  },
  unreconciled: {
    needs: MONEY,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'totals',
    next: 'Compare the two books bucket by bucket; look for charges that were never booked or voided.',
  },
  'ledger-unbalanced': {
    needs: BOOKS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Find the booking whose debit and credit differ: each must be written in one transaction.',
  },
  'forgery-accepted': {
    needs: LOAD,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'stands',
    next: 'Check the signature over the bytes as received, and its age, before anything else is done with a message.',
  },
  unsettled: {
    needs: BOOKS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at what is pending: the outbox, the sweeper of unknown charges and the webhooks must drain by themselves.',
  },
  'refused-at-ingress': {
    needs: LOAD,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Look at what answered with this status: rate limits (429), expired tokens (401), access rules (403). The services behind it were not asked.',
  },
  'failover-missing': {
    needs: SCRAPES,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Check that calls time out, that the circuit breaker opens, and that the second provider is configured.',
  },
  'failover-late': {
    needs: SCRAPES,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Shorten the timeout to the provider or let the circuit breaker open earlier. Timeout and opening together must be shorter than the budget.',
  },
  'failback-missing': {
    needs: SCRAPES,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look for circuit breakers that stay open. Each must keep sending trial calls, and close after a few that succeed.',
  },
  'breaker-missing': {
    needs: SCRAPES,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'Let a circuit breaker open after some failures in a row, and let single trial calls find out when the callee is back.',
  },
  'time-out-missing': {
    needs: CALLS,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'Give each call a timeout below that of its caller, and bound what may wait for it (slots, queue).',
  },
  'retry-storm': {
    needs: SCRAPES,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Limit retries: a budget for all of them, jitter, none while the circuit breaker is open, and in one layer only.',
  },
  'no-redundancy': {
    needs: EDGES,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Run at least two replicas, on different nodes, of whatever others wait for.',
  },
  'zone-concentrated': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Add a topology spread constraint over zones to the pod template (maxSkew 1).',
  },
  'headroom-missing': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Keep room for the loss of a zone: a higher maximum for the autoscaler, and nodes (or a warm pool) in each of the other zones.',
  },
  'budget-missing': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Give the app a PodDisruptionBudget, so that a drain waits until the replacement is Ready.',
  },
  'budget-blocks': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Let the budget allow at least one disruption (maxUnavailable: 1), or run one replica more than it wants healthy.',
  },
  'budget-ineffective': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Let the budget keep pods: maxUnavailable: 1, or minAvailable above 0.',
  },
  'autoscaler-blind': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'Scale on a metric that the load moves (requests per pod, p95, queue lag) and check that the metrics API has a value for it.',
  },
  'autoscaler-capped': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Raise maxReplicas, or the capacity of a pod, to what the peak asks for.',
  },
  'warm-pool-empty': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Keep more warm capacity (pods with a priority below 0, a CapacityBuffer): enough for the peak until a new node is Ready.',
  },
  'node-late': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'Keep warm capacity (pods with a priority below 0, a CapacityBuffer), or scale earlier. Look at what delays a new node: the machine, its image, its agents.',
  },
  'pods-pending': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Find out why no node came: limits of the NodePool, cloud quotas, pods that fit on no instance type, a node autoscaler that is missing or down.',
  },
  'autoscaler-late': {
    needs: OBJECTS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Scale on the metric that the load moves (requests per pod) rather than on CPU, and check that nodes have room.',
  },
  'autoscaler-flapping': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Lengthen the stabilisation window for scaling down, or smooth the metric over a longer time.',
  },
  'scale-down-late': {
    needs: OBJECTS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Shorten the stabilisation window (KEDA: the cooldown), or find out what keeps the metric high.',
  },
  'queue-scaler-late': {
    needs: OBJECTS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Check the query of the trigger against what waits in the queue, its polling interval, and that the worker can be scheduled.',
  },
  'backlog-growing': {
    needs: SCRAPES,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'Give the queue more workers, or find out what slows down those that it has.',
  },
  'budget-violated': {
    needs: OBJECTS,
    missing: 'inconclusive',
    starved: 'unless-pods-taken',
    lost: 'excused',
    next: 'Check maxUnavailable of the budget and of the Deployment, and what took the pods down.',
  },
  'too-few-survivors': {
    needs: OBJECTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Run more replicas, spread over zones and nodes, so that the loss leaves enough of them.',
  },
  'spread-not-restored': {
    needs: OBJECTS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Add a topology spread constraint; pods do not move back by themselves, so a rollout or the descheduler must follow the healing.',
  },
  'mixed-images': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Name images by digest (name@sha256:…), so that a tag that was moved cannot mix two of them; complete or undo a rollout that is paused or stuck.',
  },
  'config-unpinned': {
    needs: RELEASED,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Make a change of the ConfigMap change the pod template: add an annotation with the checksum of its content, or use a new ConfigMap for each version. Look for variables in the template that override it, and for processes that read their files only at start.',
  },
  'schema-locked': {
    needs: MOVED,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Set lock_timeout in the migration, and retry after a timeout. Change the table in one short transaction, and fill new columns in small batches after it. Look for long transactions that hold the table while the migration waits for it.',
  },
  'schema-incompatible': {
    needs: ROLLED_BACK,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Split the migration (expand and contract): first add what the new release needs, optional or with a default, so that the previous release works with it. Remove the old parts in a later release, when nobody goes back to a release that needs them.',
  },
  'container-restarted': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'Read the log of the container before its restart (`kubectl logs --previous`), then its memory limit and its liveness probe.',
  },
  'early-errors-at-rollout': {
    needs: EDGES,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'Let the readiness probe ask what serving takes (port open, pools filled, caches warm), and give it the time that this takes.',
  },
  'errors-at-shutdown': {
    needs: EDGES,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'On SIGTERM stop being ready, go on serving until routers have forgotten the pod (some seconds), finish what is under way, then end.',
  },
  'drain-missing': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'On SIGTERM stop being ready and go on serving for some seconds (or sleep in a preStop hook), until routers have forgotten the pod.',
  },
  'slow-termination': {
    needs: OBJECTS,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'Handle SIGTERM: a shell as the first process does not pass it on, and open connections must be closed.',
  },
  'rollout-stuck': {
    needs: HARMS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at the new pods: image, configuration, readiness, and whether a node has room for them.',
  },
  'weight-not-served': {
    needs: CANARY,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Check the status conditions of the route, and who else writes it. Keep-alive connections and sticky sessions also keep the old shares.',
  },
  'canary-worse': {
    needs: CANARY,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Compare logs and traces of both releases in the time of that step; the old release served the same minute.',
  },
  'release-aborted': {
    needs: STEPS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Look at the AnalysisRun of that step (kubectl get analysisruns), at who aborted it, and at the logs of the new release.',
  },
  'shadow-slows-users': {
    needs: SHADOW,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Compare what the router and the shared dependencies do with the mirror on and off: copies take CPU, connections and database time from users. Mirror a smaller share.',
  },
  'answers-differ': {
    needs: STEPS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Send the request to both releases by hand and compare the fields. List those that differ by design under answers.ignore.',
  },
  'preview-failed': {
    needs: CANARY,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Send the same request with the headers of the preview by hand. Check which release answers it, and its logs.',
  },
  'cohort-crossed': {
    needs: CANARY,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Send a request with and without the headers of the cohort by hand. Check which rule of which route matches it, and its backends.',
  },
  'session-moved': {
    needs: STEPS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Look for a rule that splits the requests of this cohort between both releases, or for a router that has not applied the new weights.',
  },
  'rollback-missing': {
    needs: RELEASE,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Name images by digest: a tag that was moved brings another image back than the one that ran before.',
  },
  'rollback-late': {
    needs: RELEASED,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at what a pod waits for until it is Ready, at its grace period, and at maxSurge: a rollback is a rollout, and takes as long.',
  },
  'ready-but-failing': {
    needs: ANSWERED,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'excused',
    next: 'Let the readiness probe fail when the pod cannot do its work, so that it gets no requests.',
  },
  'sockets-not-drained': {
    needs: LOAD,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'On SIGTERM, close the sockets one by one over some seconds, and tell each client to reconnect.',
  },
  'routing-not-sticky': {
    needs: LOAD,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'excused',
    next: 'Give the ingress a cookie affinity (or the Service a session affinity), so that a client returns to the pod that knows the session.',
  },
  'sessions-lost': {
    needs: LOAD,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at the sticky routing and at how clients come back: another pod must take the session over.',
  },
  'reconnect-storm': {
    needs: LOAD,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Let clients wait a random time before they come back, and admit connections at a bounded rate.',
  },
  'connection-avalanche': {
    needs: SCRAPES,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Bound the pool of each pod so that all pods together stay below the limit, or put a pooler before the server.',
  },
  'promotion-slow': {
    needs: HARMS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at what took long: detection, promotion, or clients that kept connections to the old primary.',
  },
  'archive-late': {
    needs: HARMS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Check the failures of the archive command, and archive_timeout. Log that is not archived is lost with the database.',
  },
  'restore-slow': {
    needs: HARMS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Take base backups more often, so that less log is replayed, and measure how fast the backup reaches the volume of the copy.',
  },
  'region-drift': {
    needs: DRIFT,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Deploy both regions from the same files, and compare them every day. Put what may differ into the configuration of the region.',
  },
  'traffic-not-moved': {
    needs: MOVED,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Find out who still calls the old region: a cached DNS name, a keep-alive connection, a webhook whose address is fixed, a second route.',
  },
  'cold-cache': {
    needs: CUTOVER,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Warm the new region before it gets traffic: replay reads, open its pools, and let the first share of the traffic be small.',
  },
  'cutover-step-late': {
    needs: STEPS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at the last readings of this step in the report. Allow it more time only if the other steps still leave room for the RTO.',
  },
  'cutover-slow': {
    needs: CUTOVER,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Compare the times of the steps in the report. What can be done before the freeze does not count: warm the new region and start its pods earlier.',
  },
  'recovery-late': {
    needs: LOAD,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look for circuit breakers that stay open, pools that stay full, and retries that keep the platform busy.',
  },
  disturbed: {
    needs: LOAD,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at the windows of this SLI in the report: what went wrong while the harm lasted.',
  },
  'action-late': {
    needs: HARMS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at the steps of the action in the report, and allow more time if the cluster needs it.',
  },
  'policy-missing': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Give the namespace a NetworkPolicy that selects every pod (podSelector: {}) for ingress and egress and allows nothing. Add a policy for each connection that is needed.',
  },
  'policy-not-enforced': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Make the cluster refuse it: set the label pod-security.kubernetes.io/enforce on the namespace, and use a ValidatingAdmissionPolicy (or Kyverno, Gatekeeper) for tags and limits.',
  },
  'network-not-enforced': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Check whether the network plugin enforces NetworkPolicies at all, and on the nodes of these pods. Look at the logs of its agent there.',
  },
  'network-blocked': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'stands',
    next: 'Something blocks what the NetworkPolicies allow: policies of the network plugin or of a mesh, or the plugin itself. If that is intended, put it into the NetworkPolicies.',
  },
  'egress-unbounded': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'List in the NetworkPolicy whom these pods may call: pods by selector, providers by the addresses of an egress gateway.',
  },
  'ingress-unbounded': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Name in the NetworkPolicy who may call these pods: namespaces and pods by selector, never everybody.',
  },
  'secret-unrotated': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Rotate the secret, and say by the annotation matchday.dev/rotate-within (90d) how old its data may get; an external manager does both.',
  },
  'image-unpinned': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Name the image by its digest (name@sha256:…), so that what was tested is what runs.',
  },
  'pod-privileged': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Keep to the Pod Security Standard "restricted": non-root, no escalation, all capabilities dropped, seccomp RuntimeDefault, nothing of the host.',
  },
  'root-writable': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Set readOnlyRootFilesystem: true, and mount volumes for what must be written.',
  },
  'limits-missing': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Give each container requests for CPU and memory, and limits, so that one cannot starve its neighbours.',
  },
  'priority-missing': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Give the pods a priorityClassName, so that pods with a lower priority are evicted first when nodes run short.',
  },
  'probe-missing': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Give each container that serves a readiness probe, and a startup probe where a liveness probe could end a slow start.',
  },
  'grace-too-short': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Set terminationGracePeriodSeconds to at least 5, and to more than the preStop hook and the requests in flight take together.',
  },
  'liveness-unsafe': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Let liveness ask only whether the process itself is stuck, and wait at least 10 s (period × failures) before it restarts.',
  },
  'probes-alike': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Let readiness ask whether the pod can serve, dependencies included, and liveness only whether the process is stuck.',
  },
  'readiness-slow': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Let readiness ask every 5 to 10 s, and count a pod as gone after two or three failures.',
  },
  'rollout-too-wide': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Lower maxUnavailable, and let maxSurge start new pods before old ones end.',
  },
  'single-replica': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Run at least two replicas of whatever others wait for, with a PodDisruptionBudget.',
  },
  'spread-missing': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Add a topology spread constraint over zones to the pod template (maxSkew 1).',
  },
  'autoscaler-on-cpu': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Scale on what the load moves (requests per pod, p95, sockets, queue lag); CPU follows too late.',
  },
  'autoscaler-pinned': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Let the maximum of the autoscaler be above its minimum.',
  },
  'autoscaler-to-one': {
    needs: LISTS,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'stands',
    next: 'Set minReplicas to 2 or more, spread over zones.',
  },
  'threshold-missed': {
    needs: LOAD_ENDS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'stands',
    next: 'Look at the metric of the threshold in the script, by phase and by fault; if it asks for too much, correct the script.',
  },
  'slo-missed': {
    needs: LOAD,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'totals',
    next: 'Look at the windows of this objective in the report: the phase or fault that spent the budget.',
  },
  'alert-missing': {
    needs: ALERTS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at the expression of the rule in Prometheus while the fault lasts: its threshold, its window, and its `for`.',
  },
  'alert-late': {
    needs: ALERTS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Shorten the window or the `for` of the rule, or the interval of its group; or allow more time.',
  },
  'alert-unresolved': {
    needs: ALERTS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Look at what the expression of the rule still sees after the healing: a long window, keep_firing_for, or a platform that did not recover.',
  },
  'alert-unexpected': {
    needs: ALERTS,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'excused',
    next: 'Ask whether somebody had to be paged for this. Then expect it of the fault that causes it, allow it under noOtherAlerts, or fix its rule.',
  },
  'people-late': {
    needs: NOTES,
    missing: 'inconclusive',
    starved: 'stands',
    lost: 'excused',
    next: 'Compare the alerts, the runbook and who was on call with the timeline of people and machine in the report.',
  },
  'ledger-unproven': {
    needs: BOOKS,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Let the load run to its end, so that the client knows the outcome of each operation.',
  },
  'evidence-lost': {
    needs: NOTHING,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Look at the named source. Repeat the run when it can be read.',
  },
  'people-silent': {
    needs: NOTES,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Ask who should have declared, mitigated or ticked the step, and why there is no note. Write notes with `matchday gameday note` while the run is under way.',
  },
  'state-not-reached': {
    needs: ANSWERED,
    missing: 'inconclusive',
    starved: 'excused',
    lost: 'stands',
    next: 'Raise the load or lengthen its phase, or make the harm worse, until the state is reached. If the run need not reach it, remove it from reaches.',
  },
  'posture-unread': {
    needs: LISTS,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Let matchday list or try what the check needs (docs/how-to/rbac.yaml), or leave the check out.',
  },
  'no-evidence': {
    needs: NOTHING,
    missing: 'itself',
    starved: 'excused',
    lost: 'stands',
    next: 'Find out why it was not seen. If it was never seen at all, its name may be wrong: compare the scenario, the target file and the rehearsal.',
  },
  'slo-unproven': {
    needs: LOAD,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Run longer or with more load: `matchday plan` shows how many attempts the proof takes.',
  },
  'slo-warning': {
    needs: LOAD,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'stands',
    next: 'The objective held only within its ceiling. Find out what made responses slower than the target.',
  },
  'fault-escaped': {
    needs: HARMS,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'stands',
    next: 'Pods that started during the fault were not covered. Begin the fault after the ramp, or use mode: all.',
  },
  degrading: {
    needs: CALLS,
    missing: 'unnamed',
    starved: 'excused',
    lost: 'stands',
    next: 'Look at what grows with each request and is never given back: caches, listeners, connections, tables without an index. Run longer to be sure.',
  },
  'acceptance-unused': {
    needs: NOTHING,
    missing: 'itself',
    starved: 'stands',
    lost: 'stands',
    next: 'Remove it from the target file, unless another rehearsal of this target still shows the finding.',
  },
  'residue-before': {
    needs: HEALING,
    missing: 'unnamed',
    starved: 'stands',
    lost: 'stands',
    next: 'An earlier run left something behind; `matchday heal` removes it.',
  },
} as const satisfies Readonly<Record<string, CauseRow>>

export type Cause = keyof typeof causes
export const causeNames = Object.keys(causes) as readonly Cause[]
