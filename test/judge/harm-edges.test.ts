/** Faults: when they were a harm, what proves them, and what is said of those that do not count. */
import { describe, expect } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { FaultSpec, Witness } from '../../src/domain/rehearsal.ts'
import { seconds } from '../../src/domain/units.ts'
import { judgeFaults } from '../../src/judge/faults/faults.ts'
import { notReadyAgain, readyWhat } from '../../src/judge/faults/ready-witness.ts'
import { missedSentence, missedTrigger } from '../../src/judge/faults/trigger.ts'
import { faultHarm } from '../../src/judge/harm/harm.ts'
import { place as at, node, podLife, standing } from '../support/evidence.ts'
import {
  createdFault as created,
  type StepsOfFault as FaultSteps,
  healedFault as heal,
  injectedFault as injected,
  ofFault,
  stockFault as stock,
  witness,
} from '../support/harm-run.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, atRate, counted, harmOf, type SmallRun, seenIn } from '../support/small-run.ts'
import { triggers } from '../support/triggers.ts'

describe('a fault', () => {
  const harm = (steps: FaultSteps, run: SmallRun = {}) => {
    const found = faultHarm(seenIn(ofFault(steps), run), stock)
    return found && noted({ ...found, by: found.by.kind })
  }
  it('took its pods, was made before it was injected, and lasted until it was asked back', () => {
    const found = harm([created, injected(66_000, 'casino/a', 'b'), ...heal(90_000)])
    expect([...(found?.pods ?? [])].sort()).toEqual(['a', 'b'])
    expect(harm([injected(66_000, 'casino/a'), [67_000, { ...created[1] }], ...heal(90_000)])?.createdAt).toBe(
      atMs(66_000),
    )
    expect(harm([created, injected(66_000, 'casino/a'), [90_000, { is: 'healed' }]])?.endAt).toBe(atMs(90_000))
    expect(harm([created, injected(66_000, 'casino/a')], { until: 80_000 })?.endAt).toBe(atMs(80_000))
    expect([harm([created]), harm([created, injected(66_000)])]).toEqual([undefined, undefined])
  })

  const judged = (
    steps: FaultSteps,
    spec: Partial<FaultSpec> = {},
    records: readonly Evidence[] = [],
    run: SmallRun = {},
  ) => {
    const seen = seenIn([...ofFault(steps), ...records], {
      ...run,
      rehearsal: { faults: [{ ...stock, expect: [], ...spec }] },
    })
    const { result, findings } = noted(judgeFaults(seen))
    return `${result[0]?.state}: ${findings.map(({ weight, cause }) => `${weight} ${cause}`).join(', ')}`
  }
  const whole: FaultSteps = [created, injected(65_500, 'casino/a'), ...heal(90_000)]
  const psp = (rate: (ms: number) => number) =>
    counted('psp-a', 'psp_requests_total', {}, atRate(55_000, 158_000, rate))
  const down = psp((ms) => (ms > 65_000 && ms <= 91_000 ? 0 : 40))
  const covers = (covered: number, matching: number, ...escaped: readonly string[]) =>
    [70_000, { is: 'coverage', covered, matching, escaped }] as const
  const pods = (from: number, to: number) =>
    podLife({ name: 'bets-1', app: 'bets', node: 'zone-a-api', born: -5, ready: -4, unready: from, again: to })

  it.each<[string, () => string, string]>([
    ['that took effect', () => judged(whole, {}, down), 'proven: '],
    [
      'that took effect, and did not recover',
      () =>
        judged(
          whole,
          {},
          psp((ms) => (ms > 65_000 ? 0 : 40)),
        ),
      'proven: gap fault-not-recovered',
    ],
    [
      'that took effect, and did not recover in a load that was cut short',
      () =>
        judged(
          whole,
          {},
          psp((ms) => (ms > 65_000 ? 0 : 40)),
          { until: undefined },
        ),
      'proven: ',
    ],
    [
      'that took effect, and was never healed',
      () => judged(whole.slice(0, 2), {}, down),
      'unproven: gap fault-unproven, gap fault-not-recovered',
    ],
    [
      'that took no effect',
      () =>
        judged(
          whole,
          {},
          psp(() => 40),
        ),
      'unproven: gap fault-unproven',
    ],
    [
      'of which two pods escaped',
      () => judged([...whole, covers(1, 3, 'b', 'c')], {}, down),
      'proven: warning fault-escaped',
    ],
    [
      'of which a pod escaped that nobody names',
      () => judged([...whole, covers(1, 2)], {}, down),
      'proven: warning fault-escaped',
    ],
    ['that covered all', () => judged([...whole, covers(2, 2)], {}, down), 'proven: '],
    [
      'that could not be healed',
      () => judged([...whole.slice(0, 2), [91_000, { is: 'heal-failed', problem: 'no route' }]], {}, down),
      'unproven: gap fault-unproven, gap fault-not-recovered',
    ],
    [
      'whose errors rose',
      () =>
        judged(
          whole,
          { witness: { ...stock.witness, direction: 'rises', becomes: 10 } as Witness },
          psp((ms) => (ms > 65_000 && ms <= 91_000 ? 40 : 0)),
        ),
      'proven: ',
    ],
    [
      'whose errors stay',
      () =>
        judged(
          whole,
          { witness: { ...stock.witness, direction: 'rises', becomes: 10 } as Witness },
          psp((ms) => (ms > 65_000 ? 40 : 0)),
        ),
      'proven: gap fault-not-recovered',
    ],
    ['that took the pods of an app', () => judged(whole, { witness }, pods(66, 100)), 'proven: '],
    [
      'that took the pods of an app for good',
      () => judged(whole, { witness }, pods(66, 999)),
      'proven: gap fault-not-recovered',
    ],
    [
      'that took no pods of an app',
      () => judged(whole, { witness: { ...witness, zone: 'b' } }, [node(-2, 'a'), ...pods(66, 100)]),
      'unproven: gap fault-unproven',
    ],
    [
      'that took nodes',
      () =>
        judged(whole, { witness: { kind: 'ready', what: 'nodes', becomes: 0, withinMs: seconds(5), at } }, [
          node(-2, 'a'),
          node(66, 'a', 'api', false),
          node(100, 'a'),
        ]),
      'proven: ',
    ],
    [
      'that took pods in a zone',
      () =>
        judged(whole, { witness: { kind: 'ready', what: 'pods', zone: 'a', becomes: 0, withinMs: seconds(5), at } }, [
          node(-2, 'a'),
          ...pods(66, 100),
        ]),
      'proven: ',
    ],
    [
      'whose trigger did not come',
      () =>
        judged([[60_000, { is: 'trigger-missed', note: 'x is 5' }]], {
          when: { trigger: triggers.gauge, withinMs: seconds(5) } as never,
        }),
      'not-performed: gap trigger-missed',
    ],
    [
      'that somebody stopped at its gate',
      () => judged([[60_000, { is: 'gate-closed', answer: 'no-go' }]]),
      'not-performed: gap fault-not-performed',
    ],
    [
      'that was let through, and refused',
      () =>
        judged([
          [60_000, { is: 'gate-closed', answer: 'go' }],
          [65_000, { is: 'refused', problem: 'too many pods' }],
        ]),
      'refused: gap fault-unproven',
    ],
    [
      'that failed',
      () => judged([created, [66_000, { is: 'failed', problem: 'no answer' }]]),
      'not-injected: gap fault-unproven',
    ],
    [
      'that was admitted and never made',
      () => judged([[65_000, { is: 'admitted', pods: [], candidates: 0, limit: 1, note: '' }]]),
      'not-injected: gap fault-unproven',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  it('names what it was not performed for', () => {
    const missed = { at: 1, line: 1, is: 'trigger-missed', note: 'x is 5' } as const
    expect(missedSentence('f', undefined, missed)).toBe(
      'f was not performed: its trigger did not fire before the deadline (the last reading: x is 5).',
    )
    expect(missedSentence('f', { trigger: triggers.pod } as never, missed)).toContain('its trigger, that ')
    expect([
      missedTrigger(undefined),
      missedTrigger({ lines: [] }),
      missedTrigger({ lines: [], trigger: { ...missed, is: 'armed' } }),
      missedTrigger({ lines: [], trigger: missed })?.note,
    ]).toEqual([undefined, undefined, undefined, 'x is 5'])
  })

  it.each([
    [{ what: 'pods' }, 'Ready pods'],
    [{ what: 'pods', app: 'bets' }, 'Ready pods of bets'],
    [{ what: 'nodes', zone: 'a' }, 'Ready nodes in zone a'],
    [{ what: 'pods', app: 'bets', zone: 'a' }, 'Ready pods of bets in zone a'],
  ] as const)('is seen by %j', (of, words) =>
    expect(readyWhat({ kind: 'ready', becomes: 0, withinMs: seconds(1), at, ...of })).toBe(words),
  )

  it('of pods in a zone is over with the nodes of that zone', () => {
    const zoned = { ...witness, zone: 'a' }
    const told = (again: number) =>
      notReadyAgain(
        seenIn([node(-2, 'a'), node(66, 'a', 'api', false), node(again, 'a'), ...standing('bets', 'zone-a-api')]),
        zoned,
        harmOf(),
        atMs(91_000),
      )
    expect([told(159), told(161)]).toEqual([undefined, noted(told(161))])
    expect(told(161)).toContain('Ready nodes of bets in zone a: 0 of 1 one before')
  })
})
