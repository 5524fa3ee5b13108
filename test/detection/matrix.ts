/** Which defects are seeded, what traps of the field they stand for, and under which causes each counts as found. */
import type { Cause } from '../../src/domain/causes.ts'
import type { Some } from '../../src/domain/units.ts'
import type { Seeded } from './outcome.ts'

export const rehearsalFile = (name: string): string => `test/detection/${name}.rehearsal.yaml`
export const PEAK = 'test/canary/canary.rehearsal.yaml'
/** A second Deployment of the gateway, and a route that shares requests out. */
export const CANARY = 'src/platform/manifests/canary'
/** Two regions. */
export const REGION = 'src/platform/manifests/region'
export const KEDA = 'src/platform/manifests/keda'

type Row = Pick<Seeded, 'defect' | 'trap' | 'also' | 'about' | 'warns' | 'together' | 'meanwhile' | 'component'> & {
  readonly causes: Some<Cause>
}

const under = (
  rehearsal: string,
  rows: readonly Row[],
  platform: readonly string[] = [],
  target?: string,
): readonly Seeded[] =>
  rows.map((row) => ({
    ...row,
    rehearsal,
    platform,
    ...(target === undefined ? {} : { target }),
    also: [...(row.also ?? []), ...ofCompany(row, rows)],
  }))

/** Rows that share a run do not accuse each other. */
const ofCompany = (row: Row, rows: readonly Row[]): readonly Cause[] =>
  row.together === undefined
    ? []
    : rows
        .filter((each) => each.together === row.together && each !== row)
        .flatMap(({ causes, also = [] }) => [...causes, ...also])

const peak = under(PEAK, [
  { defect: 'no-failover', trap: 'only one payment provider is known', causes: ['failover-missing'] },
  {
    defect: 'no-void',
    trap: 'a charge that timed out stands beside its replacement',
    causes: ['double-charge', 'unreconciled'],
  },
  {
    defect: 'no-breaker',
    trap: 'everybody waits for a provider that is gone',
    causes: ['breaker-missing'],
    also: ['failover-missing'],
  },
  {
    defect: 'no-timeouts',
    trap: 'no time-outs: freeze behind a silent provider',
    causes: ['time-out-missing'],
    also: ['failover-missing'],
  },
  { defect: 'hpa-on-cpu', trap: 'HPA only on CPU', causes: ['autoscaler-late', 'autoscaler-blind'] },
  {
    defect: 'hpa-max-too-low',
    trap: 'HPA pinned at its maximum',
    causes: ['autoscaler-capped'],
    also: ['autoscaler-late'],
  },
  { defect: 'hpa-slow-window', trap: 'HPA believes in a peak when it is over', causes: ['autoscaler-late'] },
])

const provider = under(rehearsalFile('provider'), [
  {
    defect: 'retries-unbounded',
    trap: 'a provider in trouble gets a multiple of its load',
    causes: ['retry-storm'],
    together: 'edge',
  },
  {
    defect: 'webhook-signature-unchecked',
    trap: "anybody's webhook is taken for a provider's",
    causes: ['forgery-accepted'],
    together: 'edge',
  },
  {
    defect: 'no-idempotency',
    trap: 'a key that comes again is booked again',
    causes: ['duplicate-booking', 'double-charge'],
    also: ['unreconciled'],
  },
  {
    defect: 'stake-not-returned',
    trap: 'a refused bet keeps its stake',
    causes: ['unreconciled'],
    also: ['unsettled'],
  },
  {
    defect: 'outbox-skipped',
    trap: 'money moves and nobody hears of it',
    causes: ['events-lost', 'unsettled'],
    // No payout is ever paid, so that nothing shows the fault that loses the answers.
    also: ['unreconciled', 'fault-unproven'],
  },
  {
    defect: 'payout-worker-absent',
    trap: 'nobody works on the queue',
    causes: ['backlog-growing', 'unsettled'],
    also: ['unreconciled', 'fault-unproven'],
  },
  {
    defect: 'payout-key-per-try',
    trap: 'a payout without an answer is paid again',
    causes: ['double-charge', 'duplicate-booking', 'unreconciled'],
  },
  {
    defect: 'tokens-short-lived',
    trap: 'players are turned away in the middle of the evening',
    causes: ['refused-at-ingress'],
    also: ['fault-unproven', 'state-not-reached'],
  },
])

const retries = under(rehearsalFile('retries'), [
  {
    defect: 'keys-forgotten',
    trap: 'an idempotency key is forgotten after five seconds',
    causes: ['duplicate-booking'],
    also: ['unreconciled'],
  },
  {
    defect: 'rate-limit-too-low',
    trap: 'all players behind one address share a small limit',
    causes: ['refused-at-ingress'],
  },
])

const failback = under(rehearsalFile('failback'), [
  {
    defect: 'void-dropped',
    trap: 'every second void is recorded and never sent',
    causes: ['double-charge', 'unreconciled'],
  },
  {
    defect: 'breaker-stays-open',
    trap: 'a provider that is back gets no work',
    causes: ['failback-missing'],
  },
])

const rollout = under(rehearsalFile('rollout'), [
  {
    defect: 'no-readiness-probe',
    trap: 'requests reach pods that have just started',
    causes: ['early-errors-at-rollout', 'probe-missing'],
    also: ['disturbed'],
    together: 'start',
  },
  {
    defect: 'sticky-routing-off',
    trap: "a player's sockets go anywhere",
    causes: ['routing-not-sticky'],
    together: 'start',
  },
  {
    defect: 'grace-too-short',
    trap: 'killed before it is done',
    causes: ['errors-at-shutdown', 'slow-termination'],
    also: ['disturbed'],
    together: 'end',
  },
  {
    defect: 'socket-drain-missing',
    trap: 'all sockets of a pod dropped at once',
    causes: ['sockets-not-drained'],
    also: ['reconnect-storm'],
    together: 'end',
  },
  {
    defect: 'drain-delay-missing',
    trap: 'pods stop before routers have forgotten them',
    causes: ['errors-at-shutdown', 'drain-missing'],
    also: ['disturbed'],
    together: 'drain',
  },
  {
    defect: 'reconnect-wave',
    trap: 'all players of a pod come back as one herd',
    causes: ['reconnect-storm'],
    also: ['sockets-not-drained'],
    together: 'drain',
  },
  {
    defect: 'sigterm-ignored',
    trap: 'pods work on until they are killed',
    causes: ['slow-termination'],
    also: ['rollout-stuck', 'action-late'],
  },
  {
    defect: 'sigterm-exits',
    trap: 'pods end in the middle of requests',
    causes: ['errors-at-shutdown', 'drain-missing'],
    also: ['disturbed'],
  },
  {
    defect: 'sockets-capped',
    trap: 'no room for the players of one pod',
    causes: ['sessions-lost', 'headroom-missing'],
    also: ['reconnect-storm'],
  },
  {
    defect: 'pods-quota',
    trap: 'no room for the pod that a rollout adds first',
    causes: ['rollout-stuck'],
    also: ['action-late', 'action-not-done'],
    meanwhile: 'quota',
  },
])

const results = under(rehearsalFile('results'), [
  {
    defect: 'outbox-forgets',
    trap: 'an event leaves the outbox before it is delivered',
    causes: ['results-lost'],
  },
  { defect: 'results-dropped', trap: 'every fiftieth push is lost', causes: ['results-lost'] },
  { defect: 'results-twice', trap: 'a player is told twice', causes: ['results-duplicated'] },
  {
    defect: 'results-delayed',
    trap: 'a player hears of it when the next match has begun',
    causes: ['results-late'],
    // A key that comes later than its time was not there when it should have been.
    also: ['results-lost'],
  },
])

const release = under(rehearsalFile('release'), [
  {
    defect: 'rollback-slow',
    trap: 'the way back is as slow as the way in',
    causes: ['rollback-late'],
    about: 'payments-api',
  },
  {
    defect: 'tag-moved',
    trap: 'a rollback brings another image back under the old name',
    causes: ['rollback-missing'],
    also: ['mixed-images', 'image-changed'],
    meanwhile: 'tag-moved',
  },
])

const config = under(rehearsalFile('config'), [
  {
    defect: 'setting-overridden',
    trap: 'a ConfigMap is changed and rolled out, and the pod template overrides its value',
    causes: ['config-unpinned'],
    about: 'payments-api',
    together: 'config',
  },
  {
    defect: 'flags-read-once',
    trap: 'a ConfigMap change that does not roll out: processes read it only when they start',
    causes: ['config-unpinned'],
    about: 'gateway',
    together: 'config',
  },
])

const schema = under(rehearsalFile('schema'), [
  {
    defect: 'migration-holds-lock',
    trap: 'a migration fills its new column in the transaction that has locked the table',
    causes: ['schema-locked'],
    also: ['disturbed'],
  },
])

/** The schema stays, and nothing can be booked with it. So each run has a lab of its own. */
const brokenSchema = under(
  rehearsalFile('schema'),
  [
    {
      defect: 'migration-breaks-writes',
      trap: 'a migration with which the former release cannot write, so that going back to it does not help',
      causes: ['schema-incompatible'],
      // Deposits are charged and never credited, from the migration to the end of the run.
      also: ['disturbed', 'ready-but-failing', 'unreconciled', 'unsettled', 'events-lost', 'double-charge'],
    },
  ],
  [],
  'scenarios/targets/lab.yaml',
)

const maintenance = under(rehearsalFile('maintenance'), [
  {
    defect: 'single-replica',
    trap: 'one replica of what others wait for',
    causes: ['no-redundancy', 'too-few-survivors', 'single-replica'],
    also: ['budget-blocks', 'disturbed'],
  },
  {
    defect: 'pdb-missing',
    trap: 'a drain takes all pods of a service at once',
    causes: ['budget-missing'],
    also: ['too-few-survivors', 'disturbed'],
  },
  { defect: 'pdb-too-strict', trap: 'no pod may ever go', causes: ['budget-blocks'], also: ['action-late'] },
  {
    defect: 'default-deny-missing',
    trap: 'what no policy names is open',
    causes: ['policy-missing'],
    also: ['egress-unbounded'],
    together: 'posture',
  },
  {
    defect: 'egress-unrestricted',
    trap: 'pods that move money may call the whole world',
    causes: ['egress-unbounded'],
    about: 'payments-api',
    together: 'posture',
  },
  {
    defect: 'secrets-without-rotation',
    trap: 'secrets stay for ever',
    causes: ['secret-unrotated'],
    together: 'posture',
  },
])

const standing = under(rehearsalFile('standing'), [
  {
    defect: 'ingress-from-anywhere',
    trap: 'everybody in the cluster may call it',
    causes: ['ingress-unbounded'],
    about: 'promo',
    together: 'a',
  },
  {
    defect: 'may-gain-privileges',
    trap: 'a process may become more than its parent',
    causes: ['pod-privileged'],
    about: 'profile',
    together: 'a',
  },
  {
    defect: 'root-writable',
    trap: 'an intruder can leave files behind',
    causes: ['root-writable'],
    about: 'anti-fraud',
    together: 'a',
  },
  {
    defect: 'limits-missing',
    trap: 'a pod takes what it gets from its neighbours',
    causes: ['limits-missing'],
    about: 'promo',
    together: 'a',
  },
  {
    defect: 'priority-missing',
    trap: 'evicted as soon as anything else',
    causes: ['priority-missing'],
    about: 'profile',
    together: 'a',
  },
  {
    defect: 'readiness-every-minute',
    trap: 'a dead pod gets requests for minutes',
    causes: ['readiness-slow'],
    about: 'anti-fraud',
    together: 'a',
  },
  {
    defect: 'liveness-impatient',
    trap: 'any short stall restarts every pod at once',
    causes: ['liveness-unsafe'],
    about: 'profile',
    together: 'b',
  },
  {
    defect: 'rollout-two-thirds',
    trap: 'a rollout takes most pods away at once',
    causes: ['rollout-too-wide'],
    about: 'bets',
    together: 'b',
  },
  {
    defect: 'budget-allows-all',
    trap: 'a budget that keeps nothing',
    causes: ['budget-ineffective'],
    about: 'anti-fraud',
    together: 'b',
  },
  {
    defect: 'hpa-to-one',
    trap: 'at night everything hangs on one pod',
    causes: ['autoscaler-to-one'],
    about: 'gateway',
    together: 'b',
  },
  {
    defect: 'hpa-pinned',
    trap: 'an autoscaler with nowhere to go',
    causes: ['autoscaler-pinned'],
    about: 'realtime',
    together: 'b',
  },
  {
    defect: 'grace-of-two-seconds',
    trap: 'killed before routers have forgotten it',
    causes: ['grace-too-short'],
    about: 'promo',
    together: 'b',
  },
  {
    defect: 'spread-missing',
    trap: 'nothing keeps pods out of one zone',
    causes: ['spread-missing'],
    about: 'bets',
    together: 'b',
  },
  {
    defect: 'probe-missing',
    trap: 'requests whether or not it can serve',
    causes: ['probe-missing'],
    about: 'promo',
    together: 'b',
  },
  {
    defect: 'image-by-name',
    trap: 'an image without a digest is another one tomorrow',
    causes: ['image-unpinned'],
    about: 'promo',
    meanwhile: 'image-by-name',
  },
])

const crashing = under(rehearsalFile('still'), [
  {
    defect: 'crashes-under-load',
    trap: 'an error that nobody caught, every hundred requests',
    causes: ['container-restarted'],
    about: 'gateway',
    also: ['ready-but-failing'],
  },
  {
    defect: 'image-changed',
    trap: 'somebody deploys during the rehearsal',
    causes: ['image-changed'],
    about: 'payments-api',
    meanwhile: 'image-changed',
  },
  {
    defect: 'rollout-paused',
    trap: 'two releases serve side by side for ever',
    causes: ['mixed-images'],
    about: 'payments-api',
    warns: true,
    meanwhile: 'rollout-paused',
  },
])

/** Last: a lab whose API server stood still may not come back. */
const silent = under(rehearsalFile('still'), [
  {
    defect: 'api-server-stopped',
    trap: 'the cluster cannot be read any more',
    causes: ['cluster-unreachable'],
    // Nothing can be audited while the API server stands still, so that nobody knows whether everything is healed.
    also: ['not-healed'],
    meanwhile: 'api-server-stopped',
  },
])

const steady = under(rehearsalFile('steady'), [
  {
    defect: 'memory-leak',
    trap: 'memory grows until the kernel ends it',
    causes: ['degrading'],
    about: 'gateway',
    warns: true,
    together: 'growth',
  },
  {
    defect: 'slower-with-each-request',
    trap: 'a table that is scanned and grows',
    causes: ['degrading'],
    about: 'login',
    warns: true,
    together: 'growth',
  },
])

const others: readonly Seeded[] = [
  ...under(rehearsalFile('dependency'), [
    {
      defect: 'readiness-lies',
      trap: 'ready although it cannot serve',
      causes: ['ready-but-failing'],
      // The witness is the readiness that lies.
      also: ['fault-unproven'],
    },
  ]),
  ...under(rehearsalFile('outage'), [
    {
      defect: 'liveness-on-dependency',
      trap: 'a database that is away restarts all that ask it',
      causes: ['container-restarted'],
      about: 'wallet',
    },
  ]),
  ...under(rehearsalFile('worker'), [
    {
      defect: 'payout-closed-first',
      trap: 'a worker that crashes loses what it had in hand',
      causes: ['unreconciled'],
    },
  ]),
  ...under(rehearsalFile('promo'), [
    {
      defect: 'lobby-waits-for-promo',
      trap: 'a page freezes behind its slowest extra',
      causes: ['disturbed', 'time-out-missing'],
    },
  ]),
  ...under(rehearsalFile('zone'), [
    {
      defect: 'no-topology-spread',
      trap: 'a service in one zone',
      causes: ['zone-concentrated'],
      also: ['too-few-survivors', 'recovery-late', 'disturbed'],
    },
  ]),
  ...under(rehearsalFile('state'), [
    {
      defect: 'promotion-without-fencing',
      trap: 'a promoted standby beside a primary that still writes',
      causes: ['split-brain'],
      also: ['promotion-lost-writes', 'unreconciled'],
    },
    { defect: 'pool-without-limit', trap: 'one database pool without limits', causes: ['connection-avalanche'] },
    {
      defect: 'operator-slow',
      trap: 'a dead primary is noticed late',
      causes: ['promotion-slow'],
      also: ['recovery-late'],
    },
  ]),
  ...under(rehearsalFile('calm'), [
    {
      defect: 'hpa-nervous',
      trap: 'an autoscaler that swings',
      causes: ['autoscaler-flapping'],
      also: ['scale-down-late', 'autoscaler-late'],
    },
    {
      defect: 'scale-down-after-ten-minutes',
      trap: 'pods that nobody needs any more are paid for',
      causes: ['scale-down-late'],
    },
  ]),
  ...under(
    rehearsalFile('queue'),
    [
      {
        defect: 'keda-wrong-query',
        trap: 'KEDA asks the wrong question',
        causes: ['queue-scaler-late', 'backlog-growing'],
        also: ['unreconciled', 'unsettled'],
      },
    ],
    [KEDA],
  ),
]

const canary = under(
  'scenarios/canary-release.rehearsal.yaml',
  [
    {
      defect: 'canary-fails',
      trap: 'a new release that answers one request of fifty with an error',
      causes: ['canary-worse'],
      also: ['disturbed'],
    },
    {
      defect: 'canary-books-wrongly',
      trap: 'a new release that books one deposit of 200 with a wrong amount, and answers well',
      causes: ['unreconciled'],
    },
    { defect: 'canary-slower', trap: 'a new release that is 20 % slower', causes: ['canary-worse'] },
    {
      defect: 'canary-route-shadowed',
      trap: 'a more specific route takes the requests, and the weights change nothing',
      causes: ['weight-not-served'],
    },
  ],
  [CANARY],
)

const blueGreen = under(
  'scenarios/blue-green-release.rehearsal.yaml',
  [
    {
      defect: 'green-fails',
      trap: 'a new release that is well on its preview route and fails under the requests of users',
      causes: ['canary-worse'],
      also: ['disturbed'],
    },
    {
      defect: 'preview-elsewhere',
      trap: 'the preview route leads to the old release, so that the new one is never tried',
      causes: ['preview-failed'],
    },
    {
      defect: 'routes-refused',
      trap: 'a policy webhook without pods refuses every change of a route, so that the way back takes 90 s',
      causes: ['rollback-late'],
      meanwhile: 'routes-refused',
    },
  ],
  [CANARY],
)

const cohorts = under(
  'scenarios/ab-release.rehearsal.yaml',
  [
    {
      defect: 'cohort-shadowed',
      trap: 'a more specific route takes the requests of a cohort, which never gets its release',
      causes: ['cohort-crossed'],
    },
    {
      defect: 'player-moved',
      trap: 'a sticky player is moved from one release to the other between two requests',
      causes: ['session-moved'],
    },
  ],
  [CANARY],
)

const shadow = under(
  'scenarios/shadow-release.rehearsal.yaml',
  [
    {
      defect: 'mirror-writes',
      trap: 'copies of deposits are booked, because the new release makes keys of its own',
      causes: ['shadow-wrote'],
      // Clients never asked for these operations.
      also: ['unreconciled', 'double-charge', 'events-lost', 'unsettled'],
    },
    {
      defect: 'mirror-answers-otherwise',
      trap: 'a new release with another configuration answers something else',
      causes: ['answers-differ'],
    },
  ],
  [CANARY],
)

/** A defect may also end in a cutover that is taken back, or in books that cannot be read to the end. */
const cutovers = under(
  'scenarios/region-cutover.rehearsal.yaml',
  [
    {
      defect: 'freeze-leaks',
      trap: 'writes that leak through the freeze of a move to another region',
      causes: ['freeze-leaked'],
      also: ['cutover-step-late', 'cutover-slow'],
    },
    {
      defect: 'position-of-another',
      trap: 'a standby is promoted before it has caught up, because its lag is read at the wrong server',
      causes: ['promoted-before-caught-up'],
      also: ['unreconciled', 'events-lost', 'unsettled', 'cutover-lost-writes'],
      meanwhile: 'replication-cut',
      component: true,
    },
    {
      defect: 'region-cold',
      trap: 'cold caches after a move to another region',
      causes: ['cold-cache'],
    },
    {
      defect: 'region-image-drifted',
      trap: 'the standby region has another image',
      causes: ['region-drift'],
    },
    {
      defect: 'region-timeout-drifted',
      trap: 'the standby region has another time-out',
      causes: ['region-drift'],
      also: ['cutover-step-late', 'cutover-slow'],
    },
    {
      defect: 'webhooks-to-old-region',
      trap: 'webhooks of providers still go to the old region after the move',
      causes: ['traffic-not-moved'],
      also: ['unsettled', 'unreconciled', 'events-lost'],
    },
  ],
  [REGION],
  'scenarios/targets/lab-regions.yaml',
)

const backups = under('scenarios/restore-the-wallet.rehearsal.yaml', [
  {
    defect: 'archive-silent',
    trap: 'an archive command that fails and says that it did not',
    causes: ['backup-not-restorable'],
  },
  { defect: 'archive-late', trap: 'an archive that is minutes behind', causes: ['archive-late'] },
  {
    defect: 'archive-without-history',
    trap: 'a recovery on the wrong timeline after a failover',
    causes: ['backup-not-restorable'],
  },
])

export const seededDefects: readonly Seeded[] = [
  ...peak,
  ...provider,
  ...retries,
  ...failback,
  ...rollout,
  ...results,
  ...release,
  ...config,
  ...brokenSchema,
  ...schema,
  ...maintenance,
  ...standing,
  ...crashing,
  ...steady,
  ...others,
  ...canary,
  ...blueGreen,
  ...cohorts,
  ...shadow,
  ...cutovers,
  ...backups,
  ...silent,
]
