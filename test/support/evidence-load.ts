/** What k6 says of the stock run: frames of what each second brought, the keys it was told of, and how it fares itself. */
import { arrivalsBetween } from '../../src/domain/arrivals.ts'
import type { Evidence, EvidenceOf, SliCounts } from '../../src/domain/evidence.ts'
import { ratio } from '../../src/domain/units.ts'
import { keyOf, type Operation, range, sumsUpTo, unknownNumbers } from './evidence-money.ts'
import { secondAt, timeline } from './evidence-rehearsal.ts'
import type { SecondOfLoad, SecondOfSli, Story } from './evidence-story.ts'

type Client = { readonly frames: EvidenceOf<'load-frame'>[]; readonly acknowledged: Record<Operation, number> }

/** Frames at .9 of each second and one at the end; unknown keys come in second 70. */
export function clientOf(story: Story): Client {
  const totals = { login: none(), deposit: none(), bet: none(), 'ws-rtt': none() }
  const ran = { login: 0, deposit: 0, bet: 0 }
  const dropped = { login: 0, deposit: 0, bet: 0 }
  const frames: EvidenceOf<'load-frame'>[] = []
  for (let second = 0; second < story.lasts; second++) {
    const load = plannedSecond(second)
    if (second === 70) for (const op of ['deposit', 'bet'] as const) toBad(load[op], story.unknown[op].asked, 'timeout')
    story.load(second, load)
    for (const name of ['login', 'deposit', 'bet'] as const) {
      ran[name] += load[name].good + load[name].bad
      dropped[name] += load.dropped[name]
    }
    for (const name of ['login', 'deposit', 'bet', 'ws-rtt'] as const) totals[name] = grown(totals[name], load[name])
    const lag = story.lagMs(second)
    frames.push({
      kind: 'load-frame',
      at: secondAt(second + 0.99),
      instance: 'k6',
      slis: { ...totals },
      profiles: {
        login: { iterations: ran.login, dropped: dropped.login },
        deposit: { iterations: ran.deposit, dropped: dropped.deposit },
        bet: { iterations: ran.bet, dropped: dropped.bet },
      },
      operations: operationsOf(story, second, { deposit: totals.deposit.good, bet: totals.bet.good }),
      unknownKeys: second === 70 ? unknownKeysOf(story) : [],
      sockets: { open: 100, connected: 100, failed: 0, dropped: 0 },
      loopLag: { count: 100, p95Ms: lag },
      vus: 40,
    })
  }
  return { frames, acknowledged: { deposit: totals.deposit.good, bet: totals.bet.good } }
}

const none = (): SliCounts => ({ good: 0, bad: 0, badBy: {}, slow: 0, overCeiling: 0, histogram: [] })

function plannedSecond(second: number): SecondOfLoad {
  const due = (name: string) => {
    const stages = timeline.load.profiles.find((each) => each.name === name)?.stages ?? []
    return (
      Math.round(arrivalsBetween(stages, 0, (second + 1) * 1000)) -
      Math.round(arrivalsBetween(stages, 0, second * 1000))
    )
  }
  const all = (good: number): SecondOfSli => ({ good, bad: 0, slow: 0, overCeiling: 0, reason: 'error' })
  return {
    login: all(due('login')),
    deposit: all(due('deposit')),
    bet: all(due('bet')),
    'ws-rtt': all(100),
    dropped: { login: 0, deposit: 0, bet: 0 },
  }
}

/** Turns good attempts of a second into bad ones, as far as there are any. */
export function toBad(sli: SecondOfSli, count: number, reason = 'error'): void {
  const turned = Math.min(count, sli.good)
  sli.good -= turned
  sli.bad += turned
  sli.reason = reason
}

/** Good attempts of a second that were never made. */
export function toDropped(load: SecondOfLoad, name: 'login' | 'deposit' | 'bet', count: number): void {
  const turned = Math.min(count, load[name].good)
  load[name].good -= turned
  load.dropped[name] += turned
}

function grown(total: SliCounts, { good, bad, slow, overCeiling, reason }: SecondOfSli): SliCounts {
  const badBy = bad === 0 ? total.badBy : { ...total.badBy, [reason]: (total.badBy[reason] ?? 0) + bad }
  return {
    good: total.good + good,
    bad: total.bad + bad,
    badBy,
    slow: total.slow + slow,
    overCeiling: total.overCeiling + overCeiling,
    histogram: [
      [41, good - slow],
      [300, slow - overCeiling],
      [700, overCeiling],
    ].filter((bucket): bucket is [number, number] => (bucket[1] ?? 0) > 0),
  }
}

function operationsOf(story: Story, second: number, acknowledged: Record<Operation, number>) {
  const of = (operation: Operation) => {
    const { count, amountCents, low, high } = sumsUpTo(operation, acknowledged[operation])
    const unknown = second >= 70 ? story.unknown[operation].asked : 0
    return { acknowledged: count, amountCents, digestLow: low, digestHigh: high, refused: 0, unknown }
  }
  return { deposit: of('deposit'), bet: of('bet') }
}

const unknownKeysOf = ({ unknown }: Story) =>
  (['deposit', 'bet'] as const).flatMap((operation) =>
    unknownNumbers(unknown[operation].asked).map((n) => ({ operation, key: keyOf(operation, n) })),
  )

export const health = (story: Story): Evidence[] =>
  range(0, story.lasts).map((second) => {
    const { cpuCores, hostBusy } = story.health(second)
    const at = secondAt(second + 1)
    return { kind: 'generator-health', at, instance: 'k6', cpuCores, hostBusy: ratio(hostBusy), rssBytes: 65e6 }
  })
