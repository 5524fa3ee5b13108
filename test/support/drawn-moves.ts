/**
 * Releases of each shape, restores, cutovers and streams of messages, drawn by number: shares, times and counts at the limits of rules and beside them.
 * The platform is well otherwise.
 */
import type { CutoverStep } from '../../src/domain/cutover.ts'
import type { ActionStepData, BookLine, Evidence } from '../../src/domain/evidence.ts'
import type { ActionSpec } from '../../src/domain/rehearsal.ts'
import { windowShares } from '../../src/domain/shadow.ts'
import { instant, millis, ratio } from '../../src/domain/units.ts'
import type { CohortRound } from '../../src/domain/visit.ts'
import { aBAct, blueGreenAct, canaryAct, sampleOf, shadowAct } from './canary.ts'
import { createDraw, type Draw } from './drawn.ts'
import {
  actionOf,
  actionSteps,
  evidence,
  mapped,
  rehearsal,
  type Story,
  secondAt,
  toBad,
  together,
  withActions,
} from './evidence.ts'
import { type ActionMoment, back, begun, decided } from './evidence-canary.ts'
import { bookAt, type CutoverTimes, cells, cutoverRun, deployed, onTime } from './evidence-cutover.ts'
import { idOf, machines, nextImage } from './evidence-images.ts'
import { oldPods, releaseAct, rolled, rolledBack } from './evidence-release.ts'
import { restoreRun } from './evidence-restore.ts'

const NAME = 'gateway 2'
const run = (act: ActionSpec['act'], story: Partial<Story> = {}) =>
  evidence({ rehearsal: withActions(actionOf(NAME, act)), ...story })

type Answers = { readonly share: number; readonly bad: number; readonly ms: number }
/** Both releases, scraped each second: what the new one answers of 40 requests a second. */
function scraped(at: (second: number) => Answers, badOfOld = 0): readonly Evidence[] {
  const [stable, canary] = [
    [0, 0],
    [0, 0],
  ]
  let ms = 40
  return Array.from({ length: 161 }, (_, second) => second).flatMap((second) => {
    const { share, bad, ms: newMs } = at(second)
    const [fresh, old] = [40 * share, 40 * Math.max(0, 1 - share)]
    canary[0] = (canary[0] ?? 0) + fresh * (1 - bad)
    canary[1] = (canary[1] ?? 0) + fresh * bad
    stable[0] = (stable[0] ?? 0) + old * (1 - badOfOld)
    stable[1] = (stable[1] ?? 0) + old * badOfOld
    ms = newMs
    return [
      { ...sampleOf('stable', stable, 40), at: secondAt(second) },
      { ...sampleOf('canary', canary, ms), at: secondAt(second) },
    ]
  })
}

function rolling(draw: Draw): readonly Evidence[] {
  const fresh = { ...nextImage, ...draw.of({}, {}, { id: idOf('c') }, { id: idOf('a') }) }
  const again = draw.of({}, {}, { id: idOf('c') })
  const pods = [
    ...rolled(draw.of(12, 29, 30, 31), [nextImage, fresh]),
    ...(draw.chance(85) ? rolledBack(draw.of(10, 19, 20, 21), again, [nextImage, fresh]) : []),
  ]
  const steps: readonly ActionMoment[] = [
    [40, { is: 'begun', targets: ['Deployment/casino/gateway'] }],
    [draw.of(53, 70, 71), { is: 'done', note: '' }],
    [80, { is: 'heal-requested' }],
    [draw.of(91, 101), { is: 'healed' }],
  ]
  const load: Story['load'] = (s, all) => s >= 84 && s < 86 && toBad(all.login, draw.of(0, 3), 'http-502')
  return together(
    run(releaseAct(), { load }),
    machines,
    oldPods,
    pods,
    actionSteps(NAME, ...steps.slice(0, draw.of(2, 3, 4, 4, 4))),
  )
}

function canary(draw: Draw): readonly Evidence[] {
  const shares = [0.1, 0.5, 1]
  const [last, reason] = [
    draw.of(1, 2, 3, 3),
    draw.of(undefined, undefined, 'worse', 'weight-not-served', 'undecided' as const),
  ]
  const steps = Array.from({ length: last }, (_, n) => n + 1).flatMap((step): readonly ActionMoment[] => {
    const isLast = step === last && reason !== undefined
    return [
      [25 + 20 * step, { is: 'step-set', step, share: ratio(shares[step - 1] ?? 1) }],
      isLast ? decided(45 + 20 * step, step, 'roll-back', reason) : decided(45 + 20 * step, step, 'promote'),
    ]
  })
  const [off, late, bad] = [draw.of(1, 1, 1, 1, 0.9, 0.5), draw.of(0, 5, 14, 15, 16, 30), draw.of(0, 0, 0.01, 0.05)]
  const ms = draw.of(40, 60)
  const ends = 45 + 20 * last
  const undone = reason === undefined ? 110 : ends
  const shareAt = (s: number): number => {
    if (s < 45) return 0
    const step = Math.min(last, Math.floor((s - 45) / 20) + 1)
    return s < undone + late ? (shares[step - 1] ?? 0) * off : 0
  }
  const done: readonly ActionMoment[] = reason === undefined && last === 3 ? [[105, { is: 'done', note: '' }]] : []
  const moments = [begun, ...steps, ...done, ...back(undone)]
  return together(
    run(canaryAct()),
    scraped((s) => ({ share: shareAt(s - 0.5), bad, ms })),
    actionSteps(NAME, ...moments),
  )
}

function blueGreen(draw: Draw): readonly Evidence[] {
  const [good, counted] = [draw.of(10, 10, 9), draw.of(10, 9, 0)]
  const problem = good < 10 ? { problem: 'status 500 instead of 200' } : {}
  const isProven = good === 10 && counted > 0
  const [failsAt, to] = [draw.of(60, 999, 999), draw.of(68, 83, 84, 110, 125, 126)]
  const preview: readonly ActionMoment[] = [
    begun,
    [50, { is: 'previewed', request: 'GET /login', asked: 10, good, ...problem }],
    [54, { is: 'preview-decided', outcome: isProven ? 'promote' : 'roll-back', counted }],
  ]
  const isWorse = failsAt < 999
  const rest: readonly ActionMoment[] = isProven
    ? [
        [55, { is: 'step-set', step: 1, share: ratio(1) }],
        isWorse ? decided(68, 1, 'roll-back', 'worse') : decided(85, 1, 'promote'),
        ...(isWorse ? [] : [[85, { is: 'done', note: '' }] as const]),
        ...back(isWorse ? 68 : 110),
      ]
    : back(54)
  const share = (s: number) => (s === 49 ? counted / 40 : isProven && s > 55 && s <= to ? 1 : 0)
  return together(
    run(blueGreenAct()),
    scraped((s) => ({ share: share(s), bad: s > failsAt ? 0.1 : 0, ms: 40 })),
    actionSteps(NAME, ...preview, ...rest),
  )
}

function cohorts(draw: Draw): readonly Evidence[] {
  const none: CohortRound = { canary: 0, stable: 0, unnamed: 0, failed: 0, moved: 0 }
  const round = (own: 'canary' | 'stable'): CohortRound => {
    const other = own === 'canary' ? 'stable' : 'canary'
    const [wrong, unnamed, failed] = [draw.of(0, 0, 0, 1), draw.of(0, 0, 1), draw.of(0, 0, 1)]
    return {
      ...none,
      [own]: 5 - wrong - unnamed - failed,
      [other]: wrong,
      unnamed,
      failed,
      moved: draw.of(0, 0, wrong),
    }
  }
  const rounds = draw.chance(50)
    ? { canary: { ...none, canary: 5 }, stable: { ...none, stable: 5 } }
    : { canary: round('canary'), stable: round('stable') }
  const until = draw.of(60, 61, 64, 85)
  const visits = Array.from(
    { length: until - 60 },
    (_, n): ActionMoment => [60 + n, { is: 'cohorts-visited', ...rounds }],
  )
  const mixed: ActionStepData = {
    is: 'step-decided',
    step: 1,
    outcome: 'roll-back',
    reason: 'cohorts-mixed',
    note: 'mixed',
  }
  const ends: readonly ActionMoment[] =
    until < 85
      ? [[until, mixed], ...back(until)]
      : [decided(85, 1, 'promote'), [85, { is: 'done', note: '' }], ...back(110)]
  const [each, to] = [draw.of(5, 4, 1), draw.of(until, 125, 126)]
  const steps = actionSteps(NAME, begun, [55, { is: 'step-set', step: 1, share: ratio(1) }], ...visits, ...ends)
  return together(
    run(aBAct()),
    scraped((s) => ({ share: s > 60 && s <= to ? each / 40 : 0, bad: 0, ms: 40 })),
    steps,
  )
}

/** Eight windows of ten seconds from second 40 on, with the mirror on and off. */
function shadow(draw: Draw): readonly Evidence[] {
  const shares = windowShares({ share: ratio(0.2), pairs: 4 })
  const isOn = (s: number) => s >= 40 && s < 120 && (shares[Math.floor((s - 40) / 10)] ?? 0) > 0
  const [off, bad, slow, extra] = [
    draw.of(1, 1, 1, 1, 0.9, 0.5),
    draw.of(0, 0, 0, 0.02, 0.2),
    draw.chance(30),
    draw.of(0, 0, 0, 1, 3),
  ]
  const compared = draw.of(5, 5, 4, 0)
  const told = run(shadowAct(), {
    load: (s, load) => {
      if (slow && isOn(s)) for (const sli of [load.login, load.deposit, load.bet]) sli.slow = Math.ceil(sli.good / 10)
    },
  })
  const counts = (second: number): ActionMoment => {
    const frame = told.findLast((each) => each.kind === 'load-frame' && each.at <= secondAt(second))
    const done = (operation: string) =>
      frame?.kind === 'load-frame' ? (frame.operations[operation]?.acknowledged ?? 0) : 0
    const onFor = Array.from({ length: second }, (_, s) => s).filter(isOn).length
    const line = (book: string, operation: string, count: number) => ({
      book,
      operation,
      count,
      amountCents: 0,
      low: 0,
      high: 0,
    })
    const books = [
      line('wallet', 'deposit', done('deposit') + onFor * extra),
      line('wallet', 'bet', done('bet')),
      line('psp-a', 'deposit', done('deposit') + onFor * extra),
      line('game-provider', 'bet', done('bet')),
    ]
    return [second + 0.2, { is: 'books-counted', books, ...(draw.chance(4) ? { problem: 'wallet answered 503' } : {}) }]
  }
  const different = draw.some(2, (n) => ({
    field: `f${n}`,
    times: draw.of(1, 3, 5),
    noise: draw.of(0, 1, 5),
    stable: '1',
    canary: '2',
  }))
  const windows = shares.flatMap((share, n): readonly ActionMoment[] => [
    [40.3 + n * 10, { is: 'step-set', step: n + 1, share }],
    [50 + n * 10, { is: 'step-decided', step: n + 1, outcome: 'promote', note: 'what was seen' }],
    counts(50 + n * 10),
  ])
  const steps = actionSteps(
    NAME,
    [28, { is: 'begun', targets: [] }],
    [
      34,
      {
        is: 'answers-compared',
        request: 'GET /features',
        asked: 5,
        compared,
        different,
        ...(compared < 5 ? { problem: 'socket hang up' } : {}),
      },
    ],
    counts(40),
    ...windows,
    [120.4, { is: 'done', note: '' }],
    ...back(125),
  )
  const copies = scraped((s) => ({ share: s === 35 ? draw.of(5, 4) / 40 : isOn(s - 0.5) ? 0.2 * off : 0, bad, ms: 40 }))
  return together(told, copies, steps)
}

function cutover(draw: Draw): readonly Evidence[] {
  const late = (step: CutoverStep): CutoverTimes => {
    const [from, to] = onTime[step] ?? [100, 100]
    return { [step]: [from, draw.of(to, from + 5, from + 5.1, null)] }
  }
  const times: CutoverTimes = draw.chance(50)
    ? onTime
    : { ...onTime, ...late(draw.of('ready', 'drain', 'traffic', 'thaw')) }
  const [booked, leak] = [draw.of(5, 4, 8), draw.of(0, 0, 0, 1)]
  const books = () => cells(9_000, draw.chance(90) ? booked : booked + 1, draw.chance(90) ? leak : 1)
  const writable = () => (draw.chance(85) ? 'no' : draw.of('yes', 'unread'))
  const more: readonly ActionMoment[] = [
    ...(draw.chance(90) ? [bookAt(102.05, 'old-drained')] : []),
    bookAt(102.5, 'old-before', books()),
    [105.1, { is: 'regions-read', step: 'promote', from: writable(), to: writable() }],
    bookAt(105.2, 'old-after', books()),
    ...(draw.chance(90) ? [bookAt(105.3, 'new', books())] : []),
    [106.5, { is: 'cutover-share', share: ratio(1) }],
    [107.6, { is: 'regions-read', step: 'thaw', from: writable(), to: draw.of('yes', 'yes', 'no') }],
    ...(draw.chance(85)
      ? ([
          [107.7, { is: 'done', note: '' }],
          [107.8, { is: 'kept' }],
        ] as const)
      : []),
  ]
  const [until, cold] = [draw.of(108, 109, 120, 121, 122), draw.of(0, 0, 0.04, 0.06, 1)]
  return cutoverRun({
    times,
    more,
    strays: draw.of(0, 0, 0, 0.5, 0.7, 5),
    east: draw.of(
      [deployed('shop-east')],
      [deployed('shop-east', 'orders@sha256:b')],
      [deployed('shop-east', undefined, 2)],
    ),
    load: (s, load) => {
      if (s >= 108 && s < until) toBad(load.deposit, 99, 'http-503')
      if (s >= 107 && s < 117) load.login.slow = Math.ceil(load.login.good * cold)
    },
  })
}

function restore(draw: Draw): readonly Evidence[] {
  const archived = draw.of(88, 88, 95.2, 95.3)
  const ready = archived + draw.of(5, 5, 20.2, 20.3)
  const copy = cells(
    9_000 + draw.of(0, 0, 0, 0, 0, -1, 1),
    draw.of(15, 15, 20, 21),
    draw.of(1, 3, 4),
    draw.of(0, 0, 4),
    draw.of(0, 0, 0, 2),
  )
  const all: readonly ActionMoment[] = [
    [70, { is: 'begun', targets: ['Copy/orders'] }],
    [80, { is: 'restore-step', step: 'point-asked', note: '' }],
    [80.2, { is: 'restore-step', step: 'point-set', note: '' }],
    [archived, { is: 'restore-step', step: 'archived', note: '' }],
    [archived + 0.2, { is: 'restore-step', step: 'copy-asked', note: '' }],
    [
      ready,
      draw.chance(85)
        ? { is: 'restore-step', step: 'copy-ready', note: '' }
        : { is: 'copy-failed', problem: 'the archive ends before the point' },
    ],
    [
      ready + 1,
      {
        is: 'copy-read',
        book: 'wallet',
        cuts: [77, 80, 80.2, 80.7].map(secondAt),
        live: cells(9_000, 20, 3, 4, 500),
        copy,
        imbalanceCents: draw.of(0, 0, 0, 300),
      },
    ],
    [ready + 2, { is: 'done', note: '' }],
  ]
  return together(restoreRun(NAME), actionSteps(NAME, ...all.slice(0, draw.of(3, 5, 6, 8, 8, 8, 8, 8, 8, 8, 8))))
}

/** Keys that were due to two clients, and those that came. */
function deliveries(draw: Draw): readonly Evidence[] {
  const at = { file: 'x.rehearsal.yaml', line: 1, column: 1 }
  const told = evidence({
    rehearsal: {
      ...rehearsal,
      expectations: [...rehearsal.expectations, { kind: 'delivered', stream: 'results', withinMs: millis(3000), at }],
    },
  })
  const [from, lastAt] = [secondAt(0), told.at(-1)?.at ?? instant(0)]
  const slice = (second: number) => Math.floor((from + second * 1000) / 2000) * 2000
  const all = [20, 40, 70, 118, 120, 122, 130].map((second) => ({
    fromAt: slice(second),
    count: draw.of(1, 2, 3),
    low: second,
    high: 1,
  }))
  const receivers = ['ann', 'bob'].slice(0, draw.of(1, 2, 2))
  const came = () =>
    all
      .filter(() => draw.chance(93))
      .map((each) => ({
        ...each,
        count: draw.chance(92) ? each.count : draw.of(1, 4),
        latestMs: draw.chance(90) ? 400 : draw.of(3000, 3001, 20_000),
      }))
  const open = () =>
    draw.of<readonly (readonly [number, number])[]>(
      [[from, from + 160_000]],
      [[from, from + 160_000]],
      [[from, slice(70) + 4999]],
      [[slice(40) - 3000, slice(130) + 5000]],
      [
        [from, slice(40)],
        [slice(70), from + 160_000],
      ],
    )
  const receipts = receivers.map(
    (receiver): Evidence => ({
      kind: 'receipts-told',
      at: lastAt,
      stream: 'results',
      receiver,
      part: 0,
      parts: draw.of(1, 1, 1, 2),
      watched: receivers.length,
      open: open(),
      cells: came(),
      again: draw.of(0, 0, 0, 0, 0, 1, 2),
    }),
  )
  const due: Evidence = {
    kind: 'deliveries-read',
    at: lastAt,
    stream: 'results',
    book: 'wallet',
    receivers: receivers.map((receiver) => ({ receiver, cells: all })),
  }
  return [...told.slice(0, -1), ...receipts, due, ...told.slice(-1)]
}

/** Bets of which some got no settlement. */
const followUps = (draw: Draw): readonly Evidence[] => {
  const [share, settled] = [draw.of(0.89, 0.9, 0.91, 1), draw.chance(85)]
  return mapped(evidence(), 'book-read', (read) => {
    const bets = read.entries.find((each) => each.operation === 'bet')
    if (read.book !== 'wallet' || bets === undefined) return read
    const line: BookLine = { ...bets, operation: 'settlement', count: Math.round(bets.count * share), buckets: [] }
    return {
      ...read,
      settled,
      pending: { outbox: settled ? 0 : draw.of(3, 500) },
      imbalanceCents: draw.of(0, 0, 5),
      entries: [...read.entries, line],
    }
  })
}

const kinds = {
  rolling,
  canary,
  'blue-green': blueGreen,
  cohorts,
  shadow,
  cutover,
  restore,
  deliveries,
  'follow-ups': followUps,
}
export const moveKinds = Object.keys(kinds) as readonly (keyof typeof kinds)[]
export const drawnMove = (kind: keyof typeof kinds, n: number): readonly Evidence[] => kinds[kind](createDraw(kind, n))
