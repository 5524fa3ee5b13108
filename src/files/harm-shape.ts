/** The tables for faults with their witnesses, actions, and the reactions that both expect. */
import { roles } from '../domain/people.ts'
import { ACT_KEYS, acts, ENDING_ACTS } from './acts.ts'
import { alert } from './alert.ts'
import { human } from './human.ts'
import { dnsLabel, metricName, name, path, seriesLabels, sli, source, title, within } from './name-shapes.ts'
import { duration, factor, percentage, rate, rateOrZero } from './quantities.ts'
import { choosing, may, need, oneOf, record, renamed, tellApart } from './record.ts'
import { integer, list, placed, type Shape, word } from './shape.ts'
import { beginningOnce, begins } from './trigger.ts'

const RATE_MAX = { min: 0, max: 1_000_000 }
const pods = (what: string, min = 1) => need(integer({ min, max: 100_000, what: 'a number of pods' }), what)
const app = name('the name of an app', 'gateway')
const phase = placed(name('the name of a phase', 'peak'))

const reaction = placed(
  oneOf({
    failover: need(
      record({
        from: need(source('carrier-a'), 'Source that the harm takes away.'),
        to: need(source('carrier-b'), 'Source that must take over.'),
        within: within('Longest time from the injection to the take-over.'),
        failback: may(
          word('expected', 'none'),
          'expected (the default): work must return after the healing. none: the platform stays with the second source on purpose.',
        ),
      }),
      'Work moves from one source to another while the harm lasts.',
    ),
    recovers: need(
      record({
        slo: need(sli, 'Indicator that must be good again.'),
        within: within('Longest time from the healing to recovery.'),
      }),
      'An indicator is good again after the healing.',
    ),
    reconnects: need(
      record({
        share: need(
          percentage({ min: 0.01, max: 1, example: '99%' }),
          'Share of the sockets that were open before which must be open again.',
        ),
        within: within('Longest time from the injection until they are open again.'),
        thunderingHerd: renamed(
          'herd',
          may(rate({ min: 1, max: 1_000_000 }), 'Most sockets that may reconnect in one second.'),
        ),
      }),
      'Clients reconnect, and not all at once.',
    ),
    survives: need(
      record({
        app: need(app, 'App whose pods are counted.'),
        ready: pods('Pods that stay Ready until the harm ends.', 0),
        within: within('Time from the injection after which that must hold.'),
      }),
      'An app keeps pods Ready.',
    ),
    spreads: need(
      record({
        app: need(app, 'App whose pods are counted.'),
        zones: need(
          integer({ min: 1, max: 1000, what: 'a number of zones' }),
          'Zones in which it must have Ready pods again.',
        ),
        within: within('Longest time from the healing until they do.'),
      }),
      'The Ready pods of an app are in so many zones again after the healing.',
    ),
    circuitOpens: renamed(
      'backsOff',
      need(
        record({
          rate: need(placed(metricName), 'Counter of calls to the broken dependency.'),
          where: may(seriesLabels, 'Only series with these labels.'),
          of: need(source('checkout'), 'Source of the counter.'),
          becomes: need(rateOrZero(RATE_MAX), 'Rate that it must fall to, or below.'),
          within: within('Longest time from the injection until it is down.'),
        }),
        'Calls to the broken dependency fall: a circuit breaker opens.',
      ),
    ),
    amplification: need(
      record({
        of: need(source('checkout'), 'Source of both counters.'),
        attempts: need(placed(metricName), 'Counter of attempts, retries included.'),
        operations: need(placed(metricName), 'Counter of the operations that they serve.'),
        atMost: need(factor({ min: 1, max: 1000 }), 'Most attempts for each operation while the harm lasts.'),
      }),
      'Retries do not become a storm.',
    ),
    undisturbed: need(
      record({
        sli: need(sli, 'Indicator that is watched.'),
        bad: need(
          integer({ min: 0, max: 1_000_000, what: 'a number of attempts' }),
          'Most bad attempts from begin to end of the fault or action.',
        ),
      }),
      'An indicator is hardly affected.',
    ),
    alert: need(alert, "An alert of the team's own Prometheus must fire, and resolve."),
    human: need(human, 'People react, as their notes say.'),
    completes: need(
      record({ within: within('Longest time from the start of the action to its end.') }),
      'The action is complete: drained, rolled out, promoted.',
    ),
    promotes: need(
      record({
        database: need(placed(dnsLabel(63)), 'Database of the target file that moves.'),
        slo: need(sli, 'Indicator by which clients notice it.'),
        rto: within('Longest time from its first bad attempt until it is good again.'),
      }),
      'A database moves without loss (RPO 0) and in time (RTO).',
    ),
  }),
)

const until = 'Longest time from the injection until it does.'
const rateOf = {
  rate: need(placed(metricName), 'Counter whose rate is watched.'),
  where: may(seriesLabels, 'Only series with these labels.'),
  of: need(source('carrier-a'), 'Source of the counter: another component than the faulted client.'),
  within: within(until),
}

const witness = tellApart(
  {
    ready: record({
      ready: need(word('pods', 'nodes'), "What the cluster's own probes call Ready."),
      app: may(placed(app), 'Only pods of this app.'),
      zone: may(name('the name of a zone', 'zone-b'), 'Only those in this zone.'),
      becomes: pods('Number that it must fall to, or below.', 0),
      within: within(until),
    }),
    rises: record({
      ...rateOf,
      rises: need(rate({ min: 0.01, max: 1_000_000 }), 'Rate that it must rise to, or above.'),
    }),
  },
  {
    falls: record({ ...rateOf, becomes: need(rateOrZero(RATE_MAX), 'Rate that it must fall to, or below.') }),
  },
)

export const fault = placed(
  beginningOnce(
    record({
      name: need(title('carrier-a down'), 'Name of the fault.'),
      during: need(phase, 'Phase in which the fault happens.'),
      ...begins,
      for: need(placed(duration({ min: 1000 })), 'Time until the fault is healed.'),
      apply: need(
        placed(path('../chaos/carrier-down.yaml')),
        'Chaos Mesh file with one object, relative to this file.',
      ),
      witness: need(
        placed(witness),
        'Independent measurement that must see the fault take effect; without it the run is inconclusive.',
      ),
      expect: may(list(reaction), 'What the platform must do about it.'),
      gate: may(
        placed(word(...roles)),
        'Role that must say `go` before the fault. Without an answer the fault is not performed, and the run is inconclusive.',
      ),
      gateOpens: may(
        duration({ min: 1000 }),
        'How long before `at` the gate opens; 30s if left out. It closes at `at`, or when the trigger is armed. The load does not wait for it.',
      ),
    }),
  ),
)

/** Some actions say when they are taken back. */
const ending = <T>(shape: Shape<T>): Shape<T> => ({
  schema: { ...shape.schema, dependentRequired: Object.fromEntries(ENDING_ACTS.map((key) => [key, ['for']])) },
  decode: shape.decode,
})

export const action = placed(
  beginningOnce(
    ending(
      choosing(ACT_KEYS, {
        name: need(title('zone-b tainted'), 'Name of the action.'),
        during: need(phase, 'Phase in which the action begins.'),
        ...begins,
        for: may(
          placed(duration({ min: 1000 })),
          'Time until it is undone; if left out, at the end of the load. A complete rollout needs no undo. A release must have it.',
        ),
        ...acts,
        expect: may(list(reaction), 'What the platform must do about it.'),
      }),
    ),
  ),
)
