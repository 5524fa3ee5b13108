/** The table of the rehearsal file: its keys, their values and meanings. The parser and the JSON Schema read it. */
import { postureWants } from '../domain/posture.ts'
import { overPods } from '../domain/rehearsal.ts'
import { noOthers } from './alert.ts'
import { arrival } from './arrivals.ts'
import { compareSpec } from './compare-shape.ts'
import { gameday } from './gameday.ts'
import { action, fault } from './harm-shape.ts'
import { human } from './human.ts'
import { dnsLabel, metricName, name, path, seriesLabels, sli, source, title, variable, within } from './name-shapes.ts'
import { duration, factor, percentage, podLimit, syncs } from './quantities.ts'
import { reached } from './reaches.ts'
import { may, need, oneOf, parts, record, renamed, tellApart } from './record.ts'
import { scalesOn } from './scaling-shape.ts'
import { integer, list, placed, someOf, table, text, word, yes } from './shape.ts'
import { sliName, slis } from './sli-shape.ts'

export const API_VERSION = 'matchday.dev/v1'

const load = record({
  script: need(placed(path('evening.ts')), 'Path of the k6 scenario, relative to this file.'),
  arrivals: may(
    table(sliName, arrival()),
    'Arrivals per second of each load profile at load 1x, or the curve that they follow (open model: they come whether or not the platform keeps up). Left out, the load is what the options of the script say.',
  ),
  env: may(
    table(variable, text({ form: 'the value of a variable', example: '{entry}' })),
    'What the script reads from __ENV; {entry} is the entry of the target. No credentials: those are in the target file, under `credentials`.',
  ),
  sockets: may(
    record({
      population: need(
        integer({ min: 1, max: 1_000_000, what: 'a number of sockets' }),
        'Sockets held open at load 1x.',
      ),
      lifetime: need(duration({ min: 1000 }), 'Mean life of a socket; a closed one is replaced.'),
      sli: may(sli, 'Indicator that their round trips feed, `sockets` if left out.'),
    }),
    'WebSocket clients.',
  ),
})

const blastRadius = record({
  namespaces: need(someOf(dnsLabel(63)), 'Namespaces in which pods may be harmed.'),
  pods: need(
    podLimit(),
    'Most pods harmed at one time, by all faults together: a share of the pods in these namespaces, or a number.',
  ),
  zones: need(
    integer({ min: 0, max: 1000, what: 'a number of zones' }),
    'Most zones in which every pod of these namespaces may be harmed at one time.',
  ),
})

const phase = placed(
  record({
    phase: need(title('peak'), 'Name of the phase.'),
    ramp: may(
      duration({ min: 0 }),
      'Time in which the load moves linearly from the last phase (0x before the first) to this one.',
    ),
    for: need(duration(), 'Time at full load after the ramp; a phase lasts ramp + for.'),
    load: need(factor({ min: 0, max: 1000 }), 'Multiple of the arrivals and sockets.'),
  }),
)

const expectation = placed(
  oneOf({
    autoscaler: need(
      record({
        name: need(name('the name of an autoscaler', 'checkout'), 'Name of the HorizontalPodAutoscaler.'),
        on: need(
          placed(name('the name of a phase', 'peak')),
          'Phase that it must follow: the rise of its load, or what a fault or an action does in it.',
        ),
        decidesWithin: need(
          syncs({ min: 1, max: 1000 }),
          'Syncs of the autoscaler from metric over target to the first decision.',
        ),
        readyWithin: within('Longest time from metric over target until `atLeast` pods are Ready.'),
        atLeast: need(integer({ min: 1, max: 100_000, what: 'a number of pods' }), 'Pods that must be Ready.'),
        scalesOn: may(scalesOn, 'Metric of a source that calls for more pods, where the autoscaler does not show it.'),
        calms: may(
          record({
            within: within('Longest time from the end of the phase until it has scaled down again.'),
            flapping: renamed(
              'turns',
              need(
                integer({ min: 0, max: 1000, what: 'a number of changes' }),
                'Most changes of direction in the whole run.',
              ),
            ),
          }),
          'It scales down again when the load falls.',
        ),
      }),
      'The autoscaler follows the load in time.',
    ),
    keda: need(
      record({
        name: need(name('the name of a ScaledObject', 'mail-worker'), 'Name of the ScaledObject.'),
        on: need(
          placed(name('the name of a phase', 'peak')),
          'Phase that it must follow: the rise of its load, or what a fault or an action does in it.',
        ),
        activatesWithin: within('Longest time from the start of the phase until its trigger is active.'),
        readyWithin: within('Longest time from the start of the phase until `atLeast` pods are Ready.'),
        atLeast: need(integer({ min: 1, max: 100_000, what: 'a number of pods' }), 'Pods that must be Ready.'),
        idleWithin: may(
          placed(duration()),
          'Longest time from the end of the phase until it is at rest again. Leave it out if it may stay up.',
        ),
      }),
      'KEDA wakes a workload up in time and lets it rest again.',
    ),
    connections: need(
      record({
        gauge: need(placed(metricName), 'Gauge of the pods of the source.'),
        pods: need(
          word(...overPods),
          '`sum` where each pod shows its part (its own pool), `max` where each shows the whole (what the server has).',
        ),
        where: may(seriesLabels, 'Only series with these labels.'),
        of: need(source('orders-db'), 'Source of the gauge.'),
        atMost: need(
          integer({ min: 0, max: 1_000_000, what: 'a number of connections' }),
          'Value that it never exceeds.',
        ),
      }),
      'A pool stays within its limit, also when all clients reconnect after an outage.',
    ),
    disruption: need(
      record({
        budget: need(name('the name of a PodDisruptionBudget', 'checkout'), 'Name of the PodDisruptionBudget.'),
        held: need(yes(), 'Always true: the budget is never violated.'),
      }),
      'A PodDisruptionBudget holds over the whole run.',
    ),
    posture: need(
      record({
        namespaces: need(someOf(placed(dnsLabel(63))), 'Namespaces whose objects are read, once and before the load.'),
        checks: renamed('wants', need(someOf(placed(word(...postureWants))), 'Checks that these objects must pass.')),
      }),
      'What can be seen without harm: policies, secrets, images, pods. Nothing is read but what the checks need.',
    ),
    human: need(human, 'People react to the first fault or action of the run, as their notes say.'),
    noOtherAlerts: need(noOthers, 'No alert may fire that no fault or action expects.'),
    delivered: need(
      record({
        stream: need(placed(name('the name of a stream', 'order-updates')), 'Stream of the target file.'),
        within: within('Longest time from the booking of a key until the client receives it.'),
      }),
      'Each key that the platform pushes reaches each connected client once.',
    ),
    ledger: need(
      word('reconciled'),
      'Every acknowledged operation is in all books exactly once, and nothing else is; read when everything has settled.',
    ),
  }),
)

export const QUANTILES = { p50: 0.5, p90: 0.9, p95: 0.95, p99: 0.99 } as const
const limit = may(placed(duration()), 'Latency within which this share of the good responses must lie.')

const sloFields = record({
  sli: need(sli, 'Indicator: a key of arrivals, of slis, or the one of the sockets.'),
  objective: may(
    percentage({ min: 0.01, max: 0.999999, example: '99.9%' }),
    'Availability: share of all attempts that must be good.',
  ),
  p50: limit,
  p90: limit,
  p95: limit,
  p99: limit,
  ceiling: may(
    placed(duration()),
    'Above the target but within the ceiling passes with a warning; without it the target is the limit.',
  ),
})

const OPENSLO_DOC =
  'Path of a file with OpenSLO documents (openslo/v1), relative to this file. Each SLO in it is an objective, counted by the Prometheus of the target file.'

const measures = ['objective', ...Object.keys(QUANTILES)]
export const slo = placed({
  schema: {
    ...sloFields.schema,
    oneOf: measures.map((measure) => ({ required: [measure] })),
    not: { required: ['objective', 'ceiling'] },
  },
  decode: sloFields.decode,
})

/** An objective, or a file with objectives of OpenSLO. */
const objectives = tellApart(
  { openslo: record({ openslo: need(placed(path('slos/checkout.yaml')), OPENSLO_DOC) }) },
  { objective: slo },
)

const tooLow = record({
  sli: need(sli, 'Indicator that is watched.'),
  below: need(
    percentage({ min: 0.0001, max: 1, example: '90%' }),
    'Availability under which the run is stopped and healed.',
  ),
  for: need(duration({ min: 1000 }), 'Time that it must stay below.'),
})

const burning = record({
  sli: need(sli, 'Indicator that is watched; it needs an objective of availability under slos.'),
  burns: need(
    factor({ min: 1, max: 1_000_000 }),
    'Burn rate at which the run is stopped: share of bad attempts over the share that the objective allows.',
  ),
  over: need(placed(duration({ min: 1000 })), 'Long window, so that one bad second does not stop the run.'),
  and: need(placed(duration({ min: 1000 })), 'Short window, so that errors that are over do not stop the run.'),
})

const guardrail = placed(
  oneOf({
    abortWhen: need(tellApart({ burns: burning }, { below: tooLow }), 'Stops and heals the run.'),
  }),
)

export const rehearsalSpec = parts({
  hypothesis: need(
    name('a sentence', 'When the first carrier disappears, orders go on'),
    'What the rehearsal is to show, in one sentence.',
  ),
  target: need(
    record({
      contexts: need(
        someOf(name('a kube context', 'lab')),
        'Kube contexts in which this may run; any other is refused. Details stand in targets/<context>.yaml beside this file.',
      ),
    }),
    'Where this may run.',
  ),
  load: need(placed(load), 'What clients do.'),
  blastRadius: need(placed(blastRadius), 'The most that may be harmed.'),
  timeline: need(someOf(phase), 'Phases, one after the other.'),
  faults: may(list(fault), 'Harm done on purpose, by Chaos Mesh.'),
  actions: may(list(action), 'What an operator does to the cluster itself, each with its own undo.'),
  expect: may(list(expectation), 'What the platform must do.'),
  reaches: may(list(reached), 'States that the run must reach. Without them it was too easy, and is inconclusive.'),
  slis: may(slis, 'Indicators that are more than a profile of the load.'),
  slos: need(someOf(objectives), 'Service level objectives, judged over the whole run.'),
  guardrails: may(list(guardrail), 'When to stop early.'),
  compare: may(compareSpec, 'How `matchday compare` compares two releases by this rehearsal.'),
  gameday: may(placed(gameday), 'For a rehearsal that people watch: who does what, and what must be true before it.'),
})

export const rehearsalFile = parts({
  apiVersion: need(word(API_VERSION), `Always ${API_VERSION}.`),
  kind: need(word('Rehearsal'), 'Always Rehearsal.'),
  metadata: need(record({ name: need(dnsLabel(40), 'Name of the rehearsal.') }), 'Who this is.'),
  spec: need(rehearsalSpec, 'The rehearsal.'),
})
