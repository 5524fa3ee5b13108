/** Queues, disruption budgets and connections whose evidence is not whole. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { Expectation } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { judgeConnections } from '../../src/judge/cluster/connections.ts'
import { judgeBudgets } from '../../src/judge/cluster/disruption.ts'
import { judgeKeda } from '../../src/judge/cluster/keda.ts'
import { actionOf, place as at, budget, drainA, podLife } from '../support/evidence.ts'
import { triggered } from '../support/evidence-cluster.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, causesIn, counted, type SmallRun, seenIn } from '../support/small-run.ts'

describe('a queue', () => {
  const keda = {
    kind: 'keda',
    scaledObject: 'worker',
    phase: 'promo peak',
    activatesWithinMs: seconds(10),
    readyWithinMs: seconds(20),
    atLeast: 2,
    at,
  } as const
  const worker = (n: number, ready: number, ends?: number) =>
    podLife({
      name: `worker-${n}`,
      app: 'worker',
      node: 'n',
      born: ready - 1,
      ready,
      ...(ends === undefined ? {} : { ends, gone: ends + 1 }),
    })
  const judged = (records: readonly (readonly Evidence[] | Evidence)[], changes: object = {}, run: SmallRun = {}) => {
    const expectations = [{ ...keda, ...changes } as Expectation]
    return causesIn(noted(judgeKeda(seenIn(records.flat(), { ...run, rehearsal: { expectations } }))).findings)
  }
  const idle = (ms: number, changes: object) => {
    const record = triggered(ms / 1000, true)
    return record.kind === 'object-seen' ? [{ ...record, object: { ...record.object, ...changes } } as Evidence] : []
  }
  const both = [worker(1, 40), worker(2, 45)]
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['that works', () => judged([triggered(-1, false), triggered(30, true), ...both]), []],
    [
      'that has one pod less',
      () => judged([triggered(-1, false), triggered(30, true), worker(1, 40)]),
      ['breach queue-scaler-late'],
    ],
    ['that is ready as its time ends', () => judged([triggered(-1, true), worker(1, 40), worker(2, 45)]), []],
    [
      'that is ready later',
      () => judged([triggered(-1, true), worker(1, 40), worker(2, 45.001)]),
      ['breach queue-scaler-late'],
    ],
    ['that was never seen', () => judged([...both]), ['gap no-evidence']],
    ['of another phase', () => judged([triggered(-1, true), ...both], { phase: 'x' }), ['gap no-evidence']],
    [
      'of a run that ended as its phase began',
      () => judged([triggered(-1, true)], {}, { until: 25_000 }),
      ['gap no-evidence'],
    ],
    [
      'of a run that ended a moment later',
      () => judged([triggered(-1, true)], {}, { until: 25_001 }),
      ['gap no-evidence'],
    ],
    [
      'that never had a pod is at rest',
      () => judged([triggered(-1, true)], { idleWithinMs: seconds(5) }),
      ['breach queue-scaler-late'],
    ],
    [
      'that is at rest too late',
      () => judged([triggered(-1, true), worker(1, 40, 130), worker(2, 45, 130.001)], { idleWithinMs: seconds(5) }),
      ['breach scale-down-late'],
    ],
    [
      'that is at rest in time',
      () => judged([triggered(-1, true), worker(1, 40, 130), worker(2, 45, 130)], { idleWithinMs: seconds(5) }),
      [],
    ],
    [
      'that rests with one pod',
      () => judged([...idle(-1000, { min: 1 }), worker(1, 40), worker(2, 45, 130)], { idleWithinMs: seconds(5) }),
      [],
    ],
    [
      'that rests with none although its minimum is one',
      () =>
        judged([...idle(-1000, { min: 1, idle: 0 }), worker(1, 40), worker(2, 45, 130)], { idleWithinMs: seconds(5) }),
      ['breach scale-down-late'],
    ],
    [
      'that is late and never at rest',
      () => judged([triggered(-1, true), worker(1, 40), worker(2, 50)], { idleWithinMs: seconds(5) }),
      ['breach queue-scaler-late'],
    ],
  ])('%s', (_, run, expected) => expect(run()).toEqual(expected))
})

describe('a disruption budget', () => {
  const judged = (records: readonly Evidence[]) => {
    const { result, findings } = noted(
      judgeBudgets(
        seenIn(records, {
          rehearsal: {
            faults: [],
            actions: [drainA, actionOf('x', drainA.act)],
            expectations: [{ kind: 'disruption', budget: 'b', at }],
          },
        }),
      ),
    )
    return [result[0]?.refusedEvictions, ...findings.map(({ weight, cause }) => `${weight} ${cause}`)]
  }
  const refused = (pod: string, problem: string, times: number, action = drainA.name) =>
    Array.from(
      { length: times },
      (_, n): Evidence => ({
        kind: 'action-step',
        at: atMs(100_000 + n),
        action,
        step: { is: 'eviction-refused', pod, node: 'n', problem },
      }),
    )
  const pod = podLife({ name: 'b-1', app: 'b', born: -2, ready: -1 })
  const met = budget(-1, 'b', { healthy: 2, wantedHealthy: 2 })
  it.each<[string, () => readonly unknown[], readonly unknown[]]>([
    ['that holds', () => judged([met]), [0]],
    ['that was never seen', () => judged([]), [0, 'gap no-evidence']],
    ['that was never met', () => judged([budget(-1, 'b', { healthy: 1, wantedHealthy: 2 })]), [0, 'gap no-evidence']],
    [
      'that is violated',
      () =>
        judged([
          met,
          budget(50, 'b', { healthy: 1, wantedHealthy: 2 }),
          budget(60, 'b', { healthy: 0, wantedHealthy: 2 }),
        ]),
      [0, 'breach budget-violated'],
    ],
    [
      'that refused evictions of its pods, by two actions',
      () => judged([met, ...pod, ...refused('casino/b-1', 'x', 2), ...refused('casino/b-1', 'x', 1, 'x')]),
      [3],
    ],
    [
      'that refused evictions of a pod which nobody saw',
      () => judged([met, ...refused('casino/b-1', 'by budget b', 2)]),
      [2],
    ],
    ['beside another that did', () => judged([met, ...refused('casino/b-1', 'for no reason', 2)]), [0]],
    [
      'that was not seen, and refused',
      () => judged([...pod, ...refused('casino/b-1', 'by budget b', 2)]),
      [0, 'gap no-evidence'],
    ],
  ])('%s', (_, run, expected) => expect(run()).toEqual(expected))
})

describe('connections', () => {
  const judged = (...values: readonly (readonly [number, number | undefined])[]) =>
    causesIn(
      noted(
        judgeConnections(
          seenIn(counted('db', 'open', {}, values), {
            rehearsal: {
              expectations: [{ kind: 'connections', of: 'db', metric: 'open', where: {}, pods: 'sum', atMost: 60, at }],
            },
          }),
        ),
      ).findings,
    )
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['at their limit', () => judged([1000, 60]), []],
    ['over it', () => judged([1000, 61]), ['breach connection-avalanche']],
    [
      'over it twice, with the most first',
      () => judged([1000, 70], [2000, 5], [3000, 70], [4000, 65]),
      ['breach connection-avalanche'],
    ],
    ['that were never read', () => judged([1000, undefined]), ['gap no-evidence']],
    ['of which half could not be read', () => judged([1000, 5], [2000, undefined]), []],
    [
      'of which more could not be read',
      () => judged([1000, 5], [2000, undefined], [3000, undefined]),
      ['gap no-evidence'],
    ],
    [
      'over their limit, of which most could not be read',
      () => judged([1000, 61], [2000, undefined], [3000, undefined]),
      ['breach connection-avalanche'],
    ],
  ])('%s', (_, run, expected) => expect(run()).toEqual(expected))
})
