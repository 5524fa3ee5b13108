/** Alerts to the millisecond: which readings count as before a harm, when an alert is late, and what a gap in the readings leaves open. */
import { describe, expect } from 'vitest'
import type { ActiveAlert, AlertReaction } from '../../src/domain/alert.ts'
import { seconds } from '../../src/domain/units.ts'
import { judgeAlert } from '../../src/judge/reactions/alerts.ts'
import { judgeAlerts } from '../../src/judge/reactions/other-alerts.ts'
import { longestGap } from '../../src/judge/seen/alerts.ts'
import { place as at, rehearsal } from '../support/evidence.ts'
import { it, noted } from '../support/reviewed.ts'
import { alertsAt, atMs, harmOf, seenIn, wordsOn } from '../support/small-run.ts'

const named = (alert: string, state: ActiveAlert['state'] = 'firing'): ActiveAlert => ({
  alert,
  labels: {},
  state,
  activeAt: atMs(66_000),
})
type Look = readonly [ms: number, shown?: 'firing' | 'pending' | 'failed']
const looks = (all: readonly Look[]) =>
  all.map(([ms, shown]) =>
    alertsAt(ms, shown === 'failed' ? 'answered 503' : shown === undefined ? [] : [named('Down', shown)]),
  )
const steady = (from: number, to: number, shown?: 'firing'): Look[] =>
  Array.from({ length: (to - from) / 2000 + 1 }, (_, n) =>
    shown === undefined ? [from + n * 2000] : [from + n * 2000, shown],
  )

const ask = (kind: AlertReaction['kind'], all: readonly Look[], until = 150_000, healed = true) =>
  noted(
    judgeAlert(seenIn(looks(all), { until }), harmOf(healed ? {} : { healedAt: undefined }), {
      kind,
      alert: 'Down',
      labels: {},
      withinMs: seconds(20),
      at,
    }),
  )

// The harm was created at 65 s and injected at 65.5 s, so that the alert must fire until 85.5 s. Readings may be 10 s apart.
describe('an alert that must fire', () => {
  it.each<[string, readonly Look[], number, string]>([
    [
      'was read 10 s before',
      [[55_000], [66_000, 'firing']],
      150_000,
      'gap no-evidence: It is not known whether Down was firing before psp-a down.',
    ],
    [
      'was read a little later',
      [[55_001], [66_000, 'firing']],
      150_000,
      'held: Down fired 500 ms after psp-a down (20.0 s were allowed).',
    ],
    [
      'fires as the harm begins',
      [[64_000], [65_000, 'firing'], [66_000, 'firing']],
      150_000,
      'gap no-evidence: Down was already firing before psp-a down, so it proves nothing about it.',
    ],
    [
      'is pending as the harm begins',
      [
        [65_000, 'pending'],
        [67_000, 'firing'],
      ],
      150_000,
      'gap no-evidence: Down was already pending before psp-a down, so it proves nothing about it.',
    ],
    [
      'is read in time after a long pause',
      [[65_000], [85_500, 'firing']],
      150_000,
      'held: Down fired 20.0 s after psp-a down (20.0 s were allowed).',
    ],
    [
      'is read too late after a long pause',
      [[65_000], [85_501, 'firing']],
      150_000,
      'gap no-evidence: It is not known when Down fired.',
    ],
    [
      'is quiet as its time ends',
      [[65_000], [75_000], [85_500], [86_000, 'firing']],
      150_000,
      'breach alert-late: Down fired 20.5 s after psp-a down (20.0 s were allowed).',
    ],
    [
      'is quiet just before its time ends',
      [[65_000], [75_000], [85_499], [86_000, 'firing']],
      150_000,
      'held: Down fired 20.5 s after psp-a down (20.0 s were allowed).',
    ],
    [
      'fires within 10 s of a quiet reading',
      [[65_000], [80_000], [90_000, 'firing']],
      150_000,
      'held: Down fired 24.5 s after psp-a down (20.0 s were allowed).',
    ],
    [
      'fires after more than 10 s without a reading',
      [[65_000], [80_000], [83_000, 'failed'], [90_001, 'firing']],
      150_000,
      'gap no-evidence: It is not known when Down fired: answered 503.',
    ],
    [
      'never fires, in a run that ends with its time',
      steady(65_000, 85_000),
      85_500,
      'breach alert-missing: Down did not fire after psp-a down (20.0 s were allowed; it was never active).',
    ],
    [
      'never fires, in a run that ends before its time',
      steady(65_000, 85_000),
      85_499,
      'gap no-evidence: The run ended before Down had to fire (20.0 s were allowed).',
    ],
    [
      'never fires, and is read every 10 s',
      [[65_000], [75_000], [85_000], [95_000]],
      150_000,
      'breach alert-missing: Down did not fire after psp-a down (20.0 s were allowed; it was never active).',
    ],
    [
      'never fires, and is read a little more rarely',
      [[65_000], [75_000], [85_000], [95_001]],
      150_000,
      'gap no-evidence: It is not known whether Down fired: alerts could not be read all the time.',
    ],
    [
      'never fires, and its rule was evaluated once',
      [[65_000], [75_000], [85_501]],
      150_000,
      'gap no-evidence: It is not known whether Down fired: alerts could not be read all the time.',
    ],
    [
      'is pending as its time ends',
      [[65_000], [75_000], [80_000], [85_500, 'pending']],
      150_000,
      'breach alert-missing: Down did not fire after psp-a down (20.0 s were allowed; it was pending when that was over).',
    ],
    [
      'is pending only after its time',
      [[65_000], [75_000], [80_000], [85_501, 'pending']],
      150_000,
      'breach alert-missing: Down did not fire after psp-a down (20.0 s were allowed; it was never active).',
    ],
  ])('%s', (_, all, until, told) => expect(wordsOn(ask('alerts', all, until))).toBe(told))

  it('whose rule was evaluated only once in its time is not missing', () => {
    const once = looks([[65_000], [74_000], [83_000], [93_000]]).map((read) =>
      'ok' in read && 'rules' in read
        ? { ...read, rules: [{ alert: 'Down', health: 'ok', evaluatedAt: atMs(70_000) }] }
        : read,
    )
    const answer = noted(
      judgeAlert(seenIn(once), harmOf(), {
        kind: 'alerts',
        alert: 'Down',
        labels: {},
        withinMs: seconds(20),
        at,
      }),
    )
    expect(wordsOn(answer)).toBe(
      'gap no-evidence: It is not known whether Down had to fire: its rule was not evaluated in that time.',
    )
  })

  it('names the first and the last reading of its time', () => {
    // Lines 1 and 2 are the head and the start of the load; line 3 is read as the harm begins.
    expect(ask('alerts', [[65_000], [75_000], [85_000], [95_000]]).findings[0]?.evidence).toEqual([4, 5])
  })
})

// The harm was healed at 91 s, so that the alert must resolve until 111 s.
describe('an alert that must resolve', () => {
  it.each<[string, readonly Look[], string]>([
    [
      'fired only as the harm began',
      [[65_000, 'firing'], [66_000]],
      'gap no-evidence: Down was not seen firing after psp-a down.',
    ],
    [
      'fires to the end of its time',
      [
        [66_000, 'firing'],
        [111_000, 'firing'],
      ],
      'breach alert-unresolved: Down was still firing 20.0 s after psp-a down was healed (20.0 s were allowed).',
    ],
    [
      'fires until just before that',
      [
        [66_000, 'firing'],
        [110_999, 'firing'],
      ],
      'gap no-evidence: The run ended before Down had to resolve (20.0 s were allowed).',
    ],
    [
      'resolves after it fired at the end of its time',
      [[66_000, 'firing'], [111_000, 'firing'], [112_000]],
      'breach alert-unresolved: Down resolved 21.0 s after psp-a down was healed (20.0 s were allowed).',
    ],
    [
      'resolves after it fired just before that',
      [[66_000, 'firing'], [110_999, 'firing'], [112_000]],
      'held: Down resolved 21.0 s after psp-a down was healed (20.0 s were allowed).',
    ],
    [
      'resolves within 10 s of the last reading',
      [[66_000, 'firing'], [105_000, 'firing'], [115_000]],
      'held: Down resolved 24.0 s after psp-a down was healed (20.0 s were allowed).',
    ],
    [
      'resolves after a longer pause',
      [[66_000, 'firing'], [105_000, 'firing'], [115_001]],
      'gap no-evidence: It is not known when Down resolved.',
    ],
    [
      'is quiet as its time ends',
      [[66_000, 'firing'], [95_000, 'firing'], [111_000]],
      'held: Down resolved 20.0 s after psp-a down was healed (20.0 s were allowed).',
    ],
    [
      'is quiet just after that',
      [[66_000, 'firing'], [95_000, 'firing'], [111_001]],
      'gap no-evidence: It is not known when Down resolved.',
    ],
  ])('%s', (_, all, told) => expect(wordsOn(ask('resolves', all))).toBe(told))

  it('after a harm that was never healed is not judged', () => {
    expect(wordsOn(ask('resolves', steady(66_000, 90_000, 'firing'), 150_000, false))).toBe(
      'gap no-evidence: psp-a down was never seen healed.',
    )
  })
})

describe('alerts that nobody expects', () => {
  const told = (reads: readonly (readonly [ms: number, ...alerts: string[]])[], until = 20_000) => {
    const expectations = [...rehearsal.expectations, { kind: 'no-other-alerts', allow: ['Watchdog'], at } as const]
    const records = reads.map(([ms, ...alerts]) =>
      alertsAt(
        ms,
        alerts.map((each) => named(each)),
      ),
    )
    const { result } = noted(judgeAlerts(seenIn(records, { until, rehearsal: { expectations } })))
    return [
      result?.others?.sentence,
      ...(result?.fired ?? []).map(({ alert, is, firedAt }) => `${alert} ${is} ${firedAt - atMs(0)}`),
    ]
  }
  const calm = 'No other alert fired.'

  it.each<[string, readonly (readonly [number, ...string[]])[], readonly string[]]>([
    [
      'fire as the load begins',
      [
        [0, 'Disk'],
        [10_000, 'Disk'],
        [20_000, 'Disk'],
      ],
      ['No other alert fired (1 alert fired before the load already: Disk).', 'Disk before 0'],
    ],
    [
      'were read 10 s before',
      [[-10_000], [1], [10_001], [20_000]],
      ['It is not known whether other alerts fired: alerts were not read before the load.'],
    ],
    ['were read a little later', [[-9_999], [1], [10_001], [20_000]], [calm]],
    [
      'could not be read for more than 10 s',
      [[0], [10_001], [20_000]],
      ['It is not known whether other alerts fired: alerts could not be read all the time.'],
    ],
    [
      'fire in the last reading of the load',
      [[0], [10_000], [20_000, 'Disk']],
      ['Disk fired 20.0 s after the load started, and nobody expected it.', 'Disk other 20000'],
    ],
    ['fire only after the load', [[0], [10_000], [19_000], [20_001, 'Disk']], [calm]],
    [
      'fire together, in order of their names',
      [[0], [5000, 'Zed', 'Watchdog', 'Amy'], [15_000, 'Zed'], [20_000, 'Lag']],
      [
        'Amy fired 5.0 s after the load started, and nobody expected it.',
        'Amy other 5000',
        'Watchdog allowed 5000',
        'Zed other 5000',
        'Lag other 20000',
      ],
    ],
  ])('%s', (_, reads, expected) => expect(told(reads)).toEqual(expected))
})

describe('the longest time between two readings', () => {
  const reads = [1000, 3000, 9000].map((at) => ({ at, line: 1, active: [], rules: [] }))
  it.each([
    ['of all', 1000, 9000, 6000],
    ['reaches back to the reading before', 2000, 3000, 2000],
    ['begins at a reading of that moment', 3000, 4000, 6000],
    ['counts from the beginning where nothing was read before', 0, 1000, 1000],
    ['counts to the end where nothing was read after', 9000, 9500, 500],
    ['ends at a reading of that moment', 1500, 3000, 2000],
    ['is nothing between equal moments', 3000, 3000, 0],
  ])('%s', (_, from, to, gap) => expect(longestGap(reads, from, to)).toBe(gap))
})
