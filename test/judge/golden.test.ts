/**
 * Whole judgments of runs, as reviewed: every figure, sentence, next step and line of the journal. The same evidence gives the same judgment years later,
 * so a change here is a change of what users are told.
 */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { readJournal } from '../../src/journal/read.ts'
import { judge } from '../../src/judge/judge.ts'
import { canaryAct } from '../support/canary.ts'
import { drawnRun } from '../support/drawn-run.ts'
import {
  actionOf,
  actionSteps,
  drainA,
  drained,
  endpoints,
  evidence,
  nodes,
  podLife,
  rolledOut,
  rollout,
  type Story,
  scrapes,
  secondAt,
  standing,
  toBad,
  together,
  withActions,
} from '../support/evidence.ts'
import * as canary from '../support/evidence-canary.ts'
import { bookAt, cells, cutoverRun, deployed } from '../support/evidence-cutover.ts'
import { everything } from '../support/evidence-everything.ts'
import { gameday } from '../support/evidence-gameday.ts'
import { idOf, machines, nextImage, presentPod, rolledTo } from '../support/evidence-images.ts'
import { oldPods, releaseAct, rolled, rolledBack, wholeRelease } from '../support/evidence-release.ts'
import { judgmentText, shortText, textUnlike } from '../support/judgment-text.ts'

const busy: Partial<Story> = { health: () => ({ cpuCores: 1.2, hostBusy: 0.99 }) }
const noFailover: Partial<Story> = { approved: (s) => ({ a: s > 65 && s < 90 ? 0 : 55, b: 0 }) }
const inFault = (second: number) => second > 65 && second <= 90
const vain = scrapes(
  'payments-api',
  'payments-api-2',
  'payments_charges_total',
  (s) => Math.max(0, Math.min(s, 90) - 65) * 50,
  { psp: 'psp-a', outcome: 'unknown' },
)
const fresh = (n: number, runs: number, ready: number) =>
  podLife({ name: `gateway-new-${n}`, app: 'gateway', node: 'zone-a-api', born: runs - 1, runs, ready })
const ended = (n: number, ends: number, took: number) =>
  podLife({
    name: `gateway-old-${n}`,
    app: 'gateway',
    node: 'zone-a-api',
    born: -2,
    ready: -1,
    ends,
    gone: ends + took,
    grace: 10,
    killed: took >= 10,
  })
const badLogins =
  (...seconds: readonly number[]): Story['load'] =>
  (second, load) =>
    seconds.includes(second) && toBad(load.login, 2, 'http-502')
const released = (...parts: readonly (readonly Evidence[])[]) =>
  together(
    evidence({ rehearsal: withActions(actionOf('gateway 2', releaseAct())) }),
    machines,
    oldPods,
    ...parts,
    actionSteps('gateway 2', ...wholeRelease),
  )
const canaried = (steps: readonly canary.ActionMoment[], shareAt: (second: number) => number) =>
  together(
    evidence({ rehearsal: withActions(actionOf('gateway 2', canaryAct())) }),
    canary.scrapes(shareAt),
    actionSteps('gateway 2', ...steps),
  )
const only = podLife({ name: 'wallet-1', app: 'wallet', node: 'zone-a-api', born: -2, ready: -1, ends: 101, gone: 103 })

const runs: Readonly<Record<string, () => readonly Evidence[]>> = {
  everything,
  gameday,
  'everything-without-scrapes': () => everything().filter(({ kind, at }) => kind !== 'sample' || at < secondAt(75)),
  'everything-cut-off': () => everything().filter(({ at }) => at < secondAt(104)),
  'no-failover': () => evidence(noFailover),
  'no-failover-on-a-busy-machine': () => evidence({ ...noFailover, ...busy }),
  'no-failback': () => evidence({ approved: (s) => (s > 65 ? { a: 0, b: 55 } : { a: 55, b: 0 }) }),
  'no-breaker': () => together(evidence(), vain),
  'unproven-fault': () => evidence({ pspCalls: () => 40 }),
  'unreadable-witness': () => evidence({ pspCalls: (s) => (inFault(s) ? 'unanswered' : 40) }),
  'clients-give-up': () => evidence({ load: (s, load) => inFault(s) && toBad(load.bet, 20, 'timeout') }),
  'missed-objectives': () =>
    evidence({
      lagMs: (s) => (s % 40 === 0 ? 90 : 3),
      load: (s, load) => {
        if (s > 70 && s < 100) toBad(load.deposit, 3, 'http-503')
        for (const sli of [load.login, load.bet]) Object.assign(sli, { slow: s % 9, overCeiling: s > 60 ? 2 : 0 })
        load.dropped.login = s === 50 ? 30 : 0
      },
    }),
  'refused-at-ingress': () =>
    evidence({ ...noFailover, load: (s, load) => s > 60 && toBad(load.deposit, 60, 'http-401') }),
  'money-is-wrong': () =>
    evidence({
      unknown: { deposit: { asked: 3, committed: 2 }, bet: { asked: 2, committed: 0 } },
      books: (books) => {
        books['psp-b']?.deposit.push(1)
        books.wallet?.bet.push(7)
        const provider = books['game-provider']
        if (provider) provider.bet = provider.bet.filter((n) => n % 10 !== 0)
      },
    }),
  crashed: () => evidence({ lasts: 100, outcome: 'crashed' }),
  stopped: () => evidence({ lasts: 70, outcome: 'stopped', stop: { by: 'operator', reason: 'Ctrl-C' } }),
  'not-healed': () =>
    evidence({ residue: [{ what: 'NetworkChaos psp-down', where: 'casino', next: 'matchday heal' }], healed: false }),
  'autoscaler-is-late': () =>
    evidence({
      hpa: (s) => ({
        desired: s < 60 ? 2 : s % 20 < 10 ? 6 : 5,
        metrics: [{ metric: 'Pods/rps_per_pod', target: 12, value: 20 }],
      }),
      pods: (s) => (s < 70 ? { scheduled: 2, ready: 2 } : { scheduled: 6, ready: 3 }),
      budget: (s) => ({ healthy: s > 100 ? 1 : 2, wanted: 2, expected: 2 }),
    }),
  'rough-rollout': () =>
    together(
      evidence({ rehearsal: withActions(rollout), load: badLogins(105, 106, 111, 112) }),
      nodes(),
      rolledOut,
      fresh(1, 105, 105),
      ended(1, 105, 0.3),
      ended(2, 110, 10.2),
    ),
  'drained-without-redundancy': () =>
    together(
      evidence({
        rehearsal: withActions(drainA),
        load: (s, load) => s >= 102 && s < 108 && toBad(load.login, 40),
      }),
      nodes(),
      [endpoints(-1, 'wallet', 1), endpoints(102, 'wallet', 0), endpoints(108, 'wallet', 1)],
      only,
      standing('bets', 'zone-a-api', 'zone-a-realtime'),
      drained('wallet-1', 'bets-1'),
    ),
  'mixed-images': () =>
    together(evidence(), machines, [presentPod('gateway-1'), presentPod('gateway-2', { id: idOf('b') })]),
  'changed-image': () => together(evidence(), machines, rolledTo(nextImage)),
  release: () => released(rolled(), rolledBack()),
  'late-release': () => released(rolled(34), rolledBack(26, { id: idOf('c') })),
  canary: () => canaried(canary.whole, canary.asked),
  'worse-canary': () =>
    canaried(
      [
        canary.begun,
        ...canary.promoted(1),
        canary.set(65, 2),
        canary.decided(75, 2, 'roll-back', 'worse'),
        ...canary.back(75),
      ],
      (second) => (second < 100 ? canary.asked(second) : 0),
    ),
  cutover: () => cutoverRun(),
  'bad-cutover': () =>
    cutoverRun({
      strays: 9,
      east: [deployed('shop-east', 'orders@sha256:b', 2)],
      more: [
        bookAt(102.5, 'old-before', cells(9_000, 5, 3)),
        bookAt(105, 'new', cells(8_000, 0, 0)),
        [105.1, { is: 'regions-read', step: 'promote', from: 'yes', to: 'yes' }],
      ],
    }),
}

describe('the judgment of a run (mend with vitest -u)', () => {
  it('healthy is what it was', async () => {
    await expect(judgmentText(judge(evidence()))).toMatchFileSnapshot('golden/healthy.txt')
  })

  const usual = readFileSync('test/judge/golden/healthy.txt', 'utf8')
  it.each(Object.entries(runs))('%s is what it was, but for what is as in the healthy run', async (name, records) => {
    await expect(textUnlike(judgmentText(judge(records())), usual)).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  it.each([
    ['recorded', 'reports/example/journal.ndjson'],
    ['recorded-by-format-0', 'test/journal/golden/format-0.ndjson'],
    ['recorded-by-format-3', 'test/journal/golden/format-3.ndjson'],
  ])('%s is what it was', async (name, path) => {
    const records: Evidence[] = []
    for await (const { record } of readJournal(path)) records.push(record)
    await expect(judgmentText(judge(records))).toMatchFileSnapshot(`golden/${name}.txt`)
  })

  // Much goes wrong in each of them, at the limits of rules and beside them.
  it.each(Array.from({ length: 40 }, (_, index) => index + 1))('drawn run %i is what it was', async (n) => {
    const text = textUnlike(shortText(judge(drawnRun(n))), usual)
    await expect(text).toMatchFileSnapshot(`golden/drawn/${n}.txt`)
  })
})
