/** Which defects are seeded, what traps of the field they stand for, and under which causes each counts as found. */
import type { Some } from '../../src/domain/units.ts'
import type { Seeded } from './outcome.ts'

const cut = (name: string) => `test/detection/${name}.rehearsal.yaml`
const PEAK = 'test/canary/canary.rehearsal.yaml'
const PROVIDER = cut('provider')
const ROLLOUT = cut('rollout')
const MAINTENANCE = cut('maintenance')
const DEPENDENCY = cut('dependency')
const ZONE = cut('zone')
const STATE = cut('state')
const QUEUE = cut('queue')
const KEDA = 'src/platform/manifests/keda'

type Row = readonly [defect: string, trap: string, ...causes: Some<string>]
const under = (rehearsal: string, rows: readonly Row[], platform: readonly string[] = []): readonly Seeded[] =>
  rows.map(([defect, trap, ...causes]) => ({ defect, trap, rehearsal, platform, causes }))

export const seededDefects: readonly Seeded[] = [
  ...under(PEAK, [
    ['no-failover', 'only one payment provider is known', 'failover-missing'],
    ['no-void', 'a charge that timed out stands beside its replacement', 'double-charge', 'unreconciled'],
    ['no-breaker', 'everybody waits for a provider that is gone', 'breaker-missing'],
    ['no-timeouts', 'no time-outs: freeze behind a silent provider', 'time-out-missing'],
    ['hpa-on-cpu', 'HPA only on CPU', 'autoscaler-late', 'autoscaler-blind'],
    ['hpa-max-too-low', 'HPA pinned at its maximum', 'autoscaler-capped'],
    ['hpa-slow-window', 'HPA believes in a peak when it is over', 'autoscaler-late'],
  ]),
  ...under(PROVIDER, [
    ['retries-unbounded', 'a provider in trouble gets a multiple of its load', 'retry-storm'],
    ['no-idempotency', 'a key that comes again is booked again', 'duplicate-booking', 'double-charge'],
    ['webhook-signature-unchecked', "anybody's webhook is taken for a provider's", 'forgery-accepted'],
    ['stake-not-returned', 'a refused bet keeps its stake', 'unreconciled'],
    ['outbox-skipped', 'money moves and nobody hears of it', 'events-lost', 'unsettled'],
    ['payout-worker-absent', 'nobody works on the queue', 'backlog-growing', 'unsettled'],
    [
      'payout-key-per-try',
      'a payout without an answer is paid again',
      'double-charge',
      'duplicate-booking',
      'unreconciled',
    ],
  ]),
  ...under(ROLLOUT, [
    ['no-readiness-probe', 'requests reach pods that have just started', 'early-errors-at-rollout', 'probe-missing'],
    ['grace-too-short', 'killed before it is done', 'errors-at-shutdown', 'slow-termination'],
    ['drain-delay-missing', 'pods stop before routers have forgotten them', 'errors-at-shutdown', 'drain-missing'],
    ['sigterm-ignored', 'pods work on until they are killed', 'slow-termination'],
    ['socket-drain-missing', 'all sockets of a pod dropped at once', 'sockets-not-drained'],
    ['reconnect-wave', 'all players of a pod come back as one herd', 'reconnect-storm'],
    ['sticky-routing-off', "a player's sockets go anywhere", 'routing-not-sticky'],
  ]),
  ...under(MAINTENANCE, [
    ['single-replica', 'one replica of what others wait for', 'no-redundancy', 'too-few-survivors'],
    ['pdb-missing', 'a drain takes all pods of a service at once', 'budget-missing'],
    ['pdb-too-strict', 'no pod may ever go', 'budget-blocks'],
    ['default-deny-missing', 'what no policy names is open', 'policy-missing'],
    ['egress-unrestricted', 'pods that move money may call the whole world', 'egress-unbounded'],
    ['secrets-without-rotation', 'secrets stay for ever', 'secret-unrotated'],
  ]),
  ...under(DEPENDENCY, [['readiness-lies', 'ready although it cannot serve', 'ready-but-failing']]),
  ...under(ZONE, [['no-topology-spread', 'a service in one zone', 'zone-concentrated']]),
  ...under(STATE, [
    ['promotion-without-fencing', 'a promoted standby beside a primary that still writes', 'split-brain'],
    ['pool-without-limit', 'one database pool without limits', 'connection-avalanche'],
  ]),
  ...under(
    QUEUE,
    [['keda-wrong-query', 'KEDA asks the wrong question', 'queue-scaler-late', 'backlog-growing']],
    [KEDA],
  ),
]

export type Healthy = { readonly rehearsal: string; readonly platform: readonly string[] }

/** Rehearsals in which the healthy platform must not be accused. */
export const healthyTrials: readonly Healthy[] = [
  { rehearsal: 'scenarios/psp-down-at-peak.rehearsal.yaml', platform: [] },
  ...new Map(seededDefects.map(({ rehearsal, platform }) => [rehearsal, { rehearsal, platform }])).values(),
]
