/** People and alerts that react too late, too early, or to something else. */
import { describe, expect } from 'vitest'
import type { ActiveAlert, AlertReaction, RuleHealth } from '../../src/domain/alert.ts'
import type { Evidence } from '../../src/domain/evidence.ts'
import type { PeopleReaction } from '../../src/domain/people.ts'
import { seconds } from '../../src/domain/units.ts'
import { judgeAlert } from '../../src/judge/reactions/alerts.ts'
import { judgeAlerts } from '../../src/judge/reactions/other-alerts.ts'
import { judgePeople, judgePeopleOfRun } from '../../src/judge/reactions/people.ts'
import { place as at, rehearsal } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { atMs, faulted, harmOf, type SmallRun, seenIn, verdictOn } from '../support/small-run.ts'

describe('people', () => {
  const note = (ms: number, is: string, text = '', more: object = {}): Evidence =>
    ({ kind: 'note', at: atMs(ms), by: 'Ana', via: 'page', is, text, ...more }) as Evidence
  const judged = (expected: PeopleReaction, ...notes: readonly Evidence[]) =>
    verdictOn(noted(judgePeople(seenIn(notes), harmOf(), expected)))
  const declares: PeopleReaction = { kind: 'declares', withinMs: seconds(20), at }
  const mitigates: PeopleReaction = { ...declares, kind: 'mitigates' }
  const ticks: PeopleReaction = { kind: 'ticks', step: 'Open the Breaker', withinMs: seconds(20), at }
  it.each<[string, () => string, string]>([
    ['who mitigate', () => judged(mitigates, note(70_000, 'mitigated')), 'held'],
    ['who declare instead', () => judged(mitigates, note(70_000, 'declared')), 'gap people-silent'],
    ['who do a step', () => judged(ticks, note(70_000, 'step', ' open  the breaker ')), 'held'],
    ['who do another step', () => judged(ticks, note(70_000, 'step', 'close the breaker')), 'gap people-silent'],
    ['who only write of the step', () => judged(ticks, note(70_000, 'note', 'open the breaker')), 'gap people-silent'],
    ['who are late with a step', () => judged(ticks, note(90_000, 'step', 'open the breaker')), 'breach people-late'],
    [
      'who declare twice',
      () => judged(declares, note(80_000, 'declared', '', { by: 'Bob' }), note(70_000, 'declared')),
      'held',
    ],
    [
      'who declare it of this harm',
      () => judged(declares, note(70_000, 'declared', '', { about: 'psp-a down' })),
      'held',
    ],
    [
      'who declare it of another',
      () => judged(declares, note(70_000, 'declared', '', { about: 'x' })),
      'gap people-silent',
    ],
    ['who declare it between its making and its injection', () => judged(declares, note(65_200, 'declared')), 'held'],
    [
      'who write two other notes',
      () => judged(declares, note(70_000, 'note'), note(71_000, 'mitigated')),
      'gap people-silent',
    ],
    ['who write one other note', () => judged(declares, note(70_000, 'note')), 'gap people-silent'],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  it('react to the first harm of a run', () => {
    const expectations = [{ kind: 'human', reactions: [declares, ticks], at } as const]
    const { result } = noted(
      judgePeopleOfRun(seenIn([...faulted(), note(70_000, 'declared')], { rehearsal: { expectations } })),
    )
    expect(result.map(({ kind, held }) => `${kind} ${held}`)).toEqual(['declares true', 'ticks false'])
    expect(
      noted(
        judgePeopleOfRun(
          seenIn([], {
            rehearsal: {
              expectations: [{ kind: 'human', reactions: [ticks, { ...ticks, kind: 'mitigates' } as never], at }],
            },
          }),
        ),
      ).findings,
    ).toHaveLength(2)
  })
})

describe('an alert', () => {
  const named = (changes: Partial<ActiveAlert> = {}): ActiveAlert => ({
    alert: 'Down',
    labels: { app: 'a', zone: 'b' },
    state: 'firing',
    activeAt: atMs(66_000),
    ...changes,
  })
  const read = (ms: number, active: readonly ActiveAlert[] = [], rule: Partial<RuleHealth> = {}): Evidence => ({
    kind: 'alerts-read',
    at: atMs(ms),
    ok: true,
    active,
    rules: [{ alert: 'Down', health: 'ok', evaluatedAt: atMs(ms), ...rule }],
  })
  const failed = (ms: number): Evidence => ({ kind: 'alerts-read', at: atMs(ms), ok: false, problem: 'answered 503' })
  const judged = (reads: readonly Evidence[], changes: Partial<AlertReaction> = {}) =>
    verdictOn(
      noted(
        judgeAlert(seenIn(reads), harmOf(), {
          kind: 'alerts',
          alert: 'Down',
          labels: { app: 'a' },
          withinMs: seconds(20),
          at,
          ...changes,
        } as AlertReaction),
      ),
    )
  const calm = (to = 95_000, of: (ms: number) => Evidence = (ms) => read(ms)) =>
    Array.from({ length: (to - 65_000) / 5000 + 1 }, (_, n) => of(65_000 + n * 5000))
  it.each<[string, () => string, string]>([
    ['that fires', () => judged([read(65_000), read(70_000, [named()])]), 'held'],
    [
      'of other labels',
      () => judged([...calm(), read(70_100, [named({ labels: { app: 'b' } })])]),
      'breach alert-missing',
    ],
    ['of another name', () => judged([...calm(), read(70_100, [named({ alert: 'Up' })])]), 'breach alert-missing'],
    [
      'that is only pending',
      () =>
        judged(
          calm(95_000, (ms) => read(ms, [named({ state: 'pending' })])),
          {},
        ),
      'breach alert-missing',
    ],
    [
      'that was pending, and fires since',
      () => judged([read(65_000, [named({ state: 'pending' })]), read(70_000, [named()])]),
      'gap no-evidence',
    ],
    [
      'that was pending, and is active anew',
      () => judged([read(65_000, [named({ state: 'pending', activeAt: atMs(60_000) })]), read(70_000, [named()])]),
      'held',
    ],
    [
      'that was pending with other labels',
      () =>
        judged([read(65_000, [named({ state: 'pending', labels: { app: 'a', zone: 'c' } })]), read(70_000, [named()])]),
      'held',
    ],
    [
      'whose rule is unhealthy',
      () => judged(calm(95_000, (ms) => read(ms, [], ms === 75_000 ? { health: 'err', problem: 'no series' } : {}))),
      'gap no-evidence',
    ],
    [
      'whose rule is unhealthy without a reason',
      () => judged(calm(95_000, (ms) => read(ms, [], { health: 'unknown' }))),
      'gap no-evidence',
    ],
    ['whose rule is not there', () => judged(calm(95_000, (ms) => read(ms, [], { alert: 'Up' }))), 'gap no-evidence'],
    ['that was never read before', () => judged([failed(60_000), read(70_000)]), 'gap no-evidence'],
    [
      'that resolves',
      () => judged([read(70_000, [named()]), read(92_000, [named()]), read(95_000)], { kind: 'resolves' }),
      'held',
    ],
    [
      'that resolved before its harm was healed',
      () => judged([read(70_000, [named()]), read(80_000), read(92_000)], { kind: 'resolves' }),
      'held',
    ],
    [
      'that resolves and fires again',
      () => judged([read(70_000, [named()]), read(95_000), read(100_000, [named()])], { kind: 'resolves' }),
      'held',
    ],
    [
      'that was never seen firing',
      () => judged([failed(70_000), read(95_000)], { kind: 'resolves' }),
      'gap no-evidence',
    ],
    [
      'that cannot be read as it resolves',
      () =>
        judged([read(70_000, [named()]), read(100_000, [named()]), failed(105_000), read(120_000)], {
          kind: 'resolves',
        }),
      'gap no-evidence',
    ],
  ])('%s', (_, is, expected) => expect(is()).toBe(expected))

  const others = (
    reads: readonly Evidence[],
    allow: readonly string[] | 'any' = [],
    run: SmallRun = {},
    faults = rehearsal.faults,
  ) => {
    const expectations = allow === 'any' ? [] : [{ kind: 'no-other-alerts', allow, at } as const]
    const { result, findings } = noted(
      judgeAlerts(seenIn(reads, { until: 20_000, ...run, rehearsal: { faults, expectations } })),
    )
    return [
      ...(result?.fired ?? []).map(
        ({ alert, is, resolvedAt }) =>
          `${alert} ${is}${resolvedAt === undefined ? '' : ` until ${resolvedAt - atMs(0)}`}`,
      ),
      ...findings.map(({ cause }) => cause),
    ]
  }
  const down = named({ labels: {} })
  const expecting = rehearsal.faults.map((each) => ({
    ...each,
    expect: [{ kind: 'alerts', alert: 'Down', labels: {}, withinMs: seconds(5), at } as const],
  }))
  it.each<[string, () => readonly string[], readonly string[]]>([
    ['none', () => others([read(0), read(10_000), read(20_000)]), []],
    ['nobody asks for', () => others([read(0), read(10_000, [down])], 'any'), []],
    [
      'an expected one',
      () => others([read(0), read(10_000, [down]), read(15_000)], 'any', {}, expecting),
      ['Down expected until 15000'],
    ],
    [
      'an expected one, and no others',
      () => others([read(0), read(10_000, [down]), read(15_000), read(20_000)], [], {}, expecting),
      ['Down expected until 15000'],
    ],
    [
      'one that is allowed',
      () => others([read(0), read(10_000, [down]), read(20_000)], ['Down']),
      ['Down allowed until 20000'],
    ],
    [
      'one that fires twice',
      () => others([read(0), read(5000, [down]), read(10_000), read(15_000, [down]), read(20_000, [down])]),
      ['Down other until 10000', 'Down other', 'alert-unexpected', 'alert-unexpected'],
    ],
    ['one that is pending', () => others([read(0), read(10_000, [{ ...down, state: 'pending' }]), read(20_000)]), []],
    [
      'two of one name',
      () =>
        others([read(0), read(10_000, [named({ labels: { a: '1' } }), named({ labels: { a: '2' } })]), read(20_000)]),
      ['Down other until 20000', 'Down other until 20000', 'alert-unexpected', 'alert-unexpected'],
    ],
    [
      'one that was there before, and again',
      () => others([read(-1000, [down]), read(5000), read(10_000, [down]), read(20_000)]),
      ['Down before until 5000', 'Down other until 20000', 'alert-unexpected'],
    ],
    ['what cannot be read', () => others([read(0), failed(10_000), read(20_000)]), ['no-evidence']],
    ['what was never read', () => others([failed(10_000)]), ['no-evidence']],
  ])('of all: %s', (_, is, expected) => expect(is()).toEqual(expected))
})
