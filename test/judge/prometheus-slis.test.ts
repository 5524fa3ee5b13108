import { describe, expect } from 'vitest'
import type { Evidence, EvidenceOf, Sample, Series } from '../../src/domain/evidence.ts'
import type { PrometheusSli } from '../../src/domain/prometheus-sli.ts'
import type { Rehearsal, Slo, Target } from '../../src/domain/rehearsal.ts'
import { millis, ratio, seconds } from '../../src/domain/units.ts'
import type { Judgment, SloResult } from '../../src/domain/verdict.ts'
import { evidence, mapped, podLife, rehearsal, secondAt, target, timeline, together } from '../support/evidence.ts'
import { it, judge } from '../support/reviewed.ts'

/** The load of 160 s, with two instances that a Prometheus scrapes every 10 s, at different times. */
const EVERY = 10
const LASTS = timeline.totalMs / 1000
const at = { file: 'x.rehearsal.yaml', line: 1, column: 1 }
const ORDERS: PrometheusSli = { kind: 'prometheus-ratio', of: 'shop', good: 'orders_good', total: 'orders_all', at }
const TIMES: PrometheusSli = { kind: 'prometheus-buckets', of: 'shop', buckets: 'order_seconds_bucket', unit: 's', at }
const available: Slo = { kind: 'availability', sli: 'orders', objective: ratio(0.999), at }
const fast: Slo = {
  kind: 'latency',
  sli: 'orders',
  quantile: ratio(0.95),
  targetMs: millis(300),
  ceilingMs: millis(500),
  at,
}
const prometheus: NonNullable<Target['prometheus']> = {
  server: { kind: 'url', url: 'http://p' },
  scrapeMs: seconds(EVERY),
  sources: { shop: {} },
}

/** What the instances had counted in a second since the load's zero, which may be negative. `undefined`: it was not scraped. */
type Counted = (second: number, pod: string) => readonly Series[] | undefined
type Changes = { readonly sample?: (sample: Sample) => Sample | undefined; readonly more?: readonly Evidence[] }

function scrapes(counted: Counted, pods: readonly string[]): readonly Sample[] {
  const all: Sample[] = []
  for (let second = -3 * EVERY; second <= LASTS + EVERY; second += 1) {
    for (const [index, pod] of pods.entries()) {
      const series = (second + 3 * EVERY) % EVERY === index * 3 ? counted(second, pod) : undefined
      if (series) all.push({ kind: 'sample', at: secondAt(second), source: 'shop', pod, ok: true, series })
    }
  }
  return all
}

function judged(
  sli: PrometheusSli,
  slo: Slo,
  counted: Counted,
  { sample = (each) => each, more = [] }: Changes = {},
  pods: readonly string[] = ['shop-a', 'shop-b'],
): Judgment {
  const slos: Rehearsal['slos'] = [...rehearsal.slos, slo]
  const head = (record: EvidenceOf<'run-started'>): Evidence => ({
    ...record,
    rehearsal: { ...record.rehearsal, slis: { ...rehearsal.slis, orders: sli }, slos },
    target: { ...target, prometheus },
  })
  const samples = scrapes(counted, pods).flatMap((each) => sample(each) ?? [])
  const [started, ...run] = mapped(evidence(), 'run-started', head)
  if (!started) throw new Error('no head')
  // The first query answers scrapes from before the run.
  return judge([started, ...together(run, samples, more)])
}

const ordersOf = ({ slos }: Judgment): SloResult => {
  const found = slos.find(({ sli }) => sli === 'orders')
  if (!found) throw new Error('no objective of orders')
  return found
}
const findingOf = ({ findings }: Judgment) => findings.find(({ subject }) => subject === 'orders')

const series = (name: string, value: number, labels: Readonly<Record<string, string>> = {}): Series => ({
  name,
  labels: { namespace: 'casino', ...labels },
  value,
})
/** Traffic comes from the load alone. */
const loaded = (second: number): number => Math.min(LASTS, Math.max(0, second))
/** 50,000 before the load; 50 a second, of which `bad` are bad. */
const ratios =
  (bad: (second: number) => number = () => 0): Counted =>
  (second, pod) => {
    const [all, failed] = [50_000 + 50 * loaded(second), bad(second)]
    return [series('orders_all', all, { pod }), series('orders_good', all - failed, { pod })]
  }

describe('an availability that a Prometheus counts', () => {
  it('is proven by what was counted during the load', () => {
    const judgment = judged(ORDERS, available, ratios())
    expect(ordersOf(judgment)).toMatchObject({
      state: 'proven',
      whole: { bad: 0, neverRan: 0 },
      prometheus: { of: 'shop', everyMs: 10_000, buckets: false },
    })
    expect(ordersOf(judgment).whole.attempts).toBe(2 * 50 * LASTS)
    expect(judgment.verdict.kind).toBe('pass')
  })

  it('counts nothing of other traffic, but for the scrapes that overlap the load', () => {
    const judgment = judged(ORDERS, available, (second, pod) => [
      series('orders_all', 50_000 + 50 * second, { pod }),
      series('orders_good', 50_000 + 50 * second - (second < -EVERY ? 0 : 100), { pod }),
    ])
    // From -10 s to 170 s, because a scrape that begins at 0 s may hold the first attempts; and from -7 s to 163 s.
    // The bad ones came before.
    expect(ordersOf(judgment)).toMatchObject({ state: 'proven', whole: { attempts: 50 * (180 + 170), bad: 0 } })
  })

  it('is missed by bad attempts, in the window that had them', () => {
    const judgment = judged(
      ORDERS,
      available,
      ratios((second) => (second < 60 ? 0 : Math.min(second - 60, 20) * 10)),
    )
    expect(judgment.verdict.kind).toBe('fail')
    expect(findingOf(judgment)).toMatchObject({ weight: 'breach', cause: 'slo-missed' })
    const { windows, whole } = ordersOf(judgment)
    expect(whole.bad).toBe(400)
    const badIn = Object.fromEntries(windows.map(({ name, counts }) => [name, counts.bad]))
    expect(badIn).toMatchObject({ baseline: 0, 'promo peak': 400, recovery: 0 })
  })

  it.each([
    ['whose counters fell', {}],
    ['whose series have other labels now', { version: 'v2' }],
  ])('has attempts that nobody saw by an instance that restarted, %s', (_, labels) => {
    const restarted: Counted = (second, pod) => {
      if (pod !== 'shop-a' || second <= 70) return ratios()(second, pod)
      const all = 50 * (loaded(second) - 75)
      return [series('orders_all', all, { pod, ...labels }), series('orders_good', all, { pod, ...labels })]
    }
    const judgment = judged(ORDERS, available, restarted)
    const { state, whole, prometheus: by } = ordersOf(judgment)
    expect(whole.attempts).toBe(2 * 50 * LASTS - 5 * 50)
    expect(by?.unseen).toBe(5 * 50)
    expect(state).toBe('unproven')
    expect(findingOf(judgment)?.sentence).toContain('had about 250 attempts after their last scrape')
  })

  it.each([
    ['a value that is no number', { metric: 'orders_good', problem: 'has the value NaN' }, 'has the value NaN'],
    ['no sample of the total', { metric: 'orders_all', problem: 'has no sample', absent: true as const }, 'orders_all'],
  ])('is inconclusive by one scrape with %s', (_, unread, words) => {
    const sample = (each: Sample): Sample =>
      each.ok && each.at === secondAt(80) && each.pod === 'shop-a'
        ? { ...each, series: each.series.filter(({ name }) => name !== unread.metric), unread: [unread] }
        : each
    const judgment = judged(ORDERS, available, ratios(), { sample })
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(ordersOf(judgment).state).toBe('unproven')
    expect(findingOf(judgment)).toMatchObject({ weight: 'gap', cause: 'evidence-lost' })
    expect(findingOf(judgment)?.sentence).toContain(words)
  })

  const between = (from: number, to: number, second: number) => second >= from && second <= to
  it.each([
    ['in the middle', (second: number) => between(60, 85, second)],
    ['before the load and at its beginning', (second: number) => second < 12],
    ['at its end', (second: number) => second > LASTS - 3],
  ])('is inconclusive by an instance that was not scraped %s', (_, isMissing) => {
    const judgment = judged(ORDERS, available, (second, pod) =>
      pod === 'shop-b' && isMissing(second) ? undefined : ratios()(second, pod),
    )
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(findingOf(judgment)?.sentence).toContain('shop-b of shop')
  })

  it('is not missed either while a part was not read', () => {
    const bad = ratios((second) => loaded(second) * 10)
    const judgment = judged(ORDERS, available, (second, pod) =>
      pod === 'shop-b' && between(60, 95, second) ? undefined : bad(second, pod),
    )
    expect(judgment.verdict.kind).toBe('inconclusive')
  })

  it('survives one scrape that is missing: the next one holds it', () => {
    const judgment = judged(ORDERS, available, (second, pod) =>
      pod === 'shop-b' && between(60, 69, second) ? undefined : ratios()(second, pod),
    )
    expect(ordersOf(judgment)).toMatchObject({ state: 'proven', whole: { attempts: 2 * 50 * LASTS } })
  })

  it('has no evidence without a sample', () => {
    const judgment = judged(ORDERS, available, () => undefined)
    expect(ordersOf(judgment).state).toBe('no-evidence')
    expect(findingOf(judgment)?.sentence).toContain('Prometheus reported no attempt')
  })

  it('is inconclusive where more was good than was counted in all', () => {
    const judgment = judged(ORDERS, available, (second, pod) => [
      series('orders_all', 50_000 + 25 * loaded(second), { pod }),
      series('orders_good', 50_000 + 50 * loaded(second), { pod }),
    ])
    expect(ordersOf(judgment).state).toBe('unproven')
    expect(findingOf(judgment)?.sentence).toContain('the total must include every attempt')
  })

  it('takes a good attempt that began before its scrape for no bad one', () => {
    // The total counts at the start of a request, the good one at its end.
    const judgment = judged(
      ORDERS,
      available,
      ratios((second) => (second % 20 === 0 ? 30 : 0)),
    )
    expect(ordersOf(judgment)).toMatchObject({ state: 'proven', whole: { bad: 0 } })
  })

  it('counts a labelled series that appears from its first value on', () => {
    const judgment = judged(ORDERS, available, (second, pod) => [
      ...(ratios()(second, pod) ?? []),
      ...(second < 50 ? [] : [series('orders_all', 40, { pod, code: '500' })]),
    ])
    expect(ordersOf(judgment).whole.bad).toBe(80)
  })
})

describe('an availability by a counter of failures', () => {
  const FAILED: PrometheusSli = { kind: 'prometheus-failures', of: 'shop', bad: 'orders_bad', total: 'orders_all', at }
  const counted =
    (bad: (second: number) => number | undefined): Counted =>
    (second, pod) => {
      const failed = bad(second)
      const all = series('orders_all', 50_000 + 50 * loaded(second), { pod })
      return failed === undefined ? [all] : [all, series('orders_bad', failed, { pod })]
    }

  it('has what it did not count as good', () => {
    expect(
      ordersOf(
        judged(
          FAILED,
          available,
          counted(() => 7),
        ),
      ),
    ).toMatchObject({
      state: 'proven',
      whole: { attempts: 2 * 50 * LASTS, bad: 0 },
    })
    const missed = judged(
      FAILED,
      available,
      counted((second) => 7 + loaded(second)),
    )
    expect(ordersOf(missed)).toMatchObject({ state: 'missed', whole: { bad: 2 * LASTS } })
  })

  it('counts a series that appears with the first failure', () => {
    const judgment = judged(
      FAILED,
      available,
      counted((second) => (second < 50 ? undefined : 4)),
    )
    expect(ordersOf(judgment)).toMatchObject({ state: 'proven', whole: { bad: 8 } })
  })

  it('proves nothing where no series of it was ever seen', () => {
    const judgment = judged(
      FAILED,
      available,
      counted(() => undefined),
    )
    expect(ordersOf(judgment).state).toBe('unproven')
    expect(findingOf(judgment)).toMatchObject({ weight: 'gap', cause: 'evidence-lost' })
    expect(findingOf(judgment)?.sentence).toContain('no series of orders_bad was seen in the whole run')
  })

  it('is inconclusive where more failed than was counted in all', () => {
    const judgment = judged(
      FAILED,
      available,
      counted((second) => 100 * loaded(second)),
    )
    expect(findingOf(judgment)?.sentence).toContain('the total must include every attempt that is bad')
  })
})

describe('an instance that comes or goes during the load', () => {
  const pod = (born: number, gone?: number): readonly Evidence[] =>
    podLife({ name: 'shop-b', app: 'shop', born, ready: born, ...(gone === undefined ? {} : { ends: gone, gone }) })
  const only = (from: number, to: number): Counted => {
    return (second, name) =>
      name !== 'shop-b'
        ? ratios()(second, name)
        : second < from || second > to
          ? undefined
          : [series('orders_all', 50 * (loaded(second) - from)), series('orders_good', 50 * (loaded(second) - from))]
  }

  it('counts from its birth on', () => {
    const judgment = judged(ORDERS, available, only(60, 999), { more: pod(60) })
    expect(ordersOf(judgment)).toMatchObject({ state: 'proven', whole: { attempts: 50 * LASTS + 50 * (LASTS - 60) } })
  })

  it('is a hole where nobody saw its birth: it may have counted for days', () => {
    const judgment = judged(ORDERS, available, only(60, 999))
    expect(ordersOf(judgment).state).toBe('unproven')
    expect(findingOf(judgment)?.sentence).toContain('first read after the load had begun')
  })

  it('leaves attempts unseen after its last scrape, which are bad in the proof', () => {
    // It is scraped at 93 s for the last time and ends at 99 s.
    const judgment = judged(ORDERS, available, only(-999, 99), { more: pod(-1, 99) })
    expect(ordersOf(judgment).prometheus?.unseen).toBe(6 * 50)
    expect(ordersOf(judgment).state).toBe('unproven')
    expect(judgment.verdict.kind).toBe('inconclusive')
  })

  it('is a hole where it went on without being scraped, and ended later', () => {
    const judgment = judged(ORDERS, available, only(-999, 40), { more: pod(-1, 99) })
    expect(ordersOf(judgment).prometheus?.unseen).toBeUndefined()
    expect(findingOf(judgment)?.sentence).toContain('from 33.0 s on for 66.0 s: it was not scraped again')
  })

  const silent = (second: number, name = 'shop-b'): Evidence => ({
    kind: 'sample',
    at: secondAt(second),
    source: 'shop',
    pod: name,
    ok: false,
    problem: 'Prometheus has no new sample of it',
  })
  /** A tenth of the requests, so that what was not seen leaves the objective proven. */
  const few = { ...available, objective: ratio(0.9) }
  it('may be silent when it is gone, and not before', () => {
    const [life, counted] = [pod(-1, 95), only(-999, 95)]
    expect(ordersOf(judged(ORDERS, few, counted, { more: [...life, silent(118)] })).state).toBe('proven')
    const judgment = judged(ORDERS, few, counted, { more: [...life, silent(94)] })
    expect(ordersOf(judgment).state).toBe('unproven')
    expect(findingOf(judgment)?.sentence).toContain('no new sample')
  })

  it('is not needed for what it never showed', () => {
    const other: Counted = (second, name) =>
      name === 'shop-b' ? [series('queue_length', 3, { pod: name })] : ratios()(second, name)
    const judgment = judged(ORDERS, available, other, { more: [silent(118)] })
    expect(ordersOf(judgment).state).toBe('proven')
  })

  it('is needed where it was never read at all', () => {
    const judgment = judged(ORDERS, available, ratios(), { more: [silent(80, 'prometheus')] })
    expect(ordersOf(judgment).state).toBe('unproven')
  })

  it('is a hole where its series end and its pod does not', () => {
    const judgment = judged(ORDERS, available, only(-999, 99), { more: pod(-1) })
    expect(ordersOf(judgment).state).toBe('unproven')
    expect(findingOf(judgment)?.sentence).toContain('it was not scraped again')
  })
})

describe('a latency that a Prometheus counts', () => {
  /** 50 a second within 300 ms, but for `slow` that take up to 500 ms and `slower` that take longer. */
  const buckets =
    (slow: number, slower: number, bounds: readonly string[] = ['0.1', '0.3', '0.5', '+Inf']): Counted =>
    (second, pod) => {
      const seconds = loaded(second)
      const upTo = (bound: number) => 7000 + (50 - (bound < 0.5 ? slow : 0) - (bound <= 0.5 ? slower : 0)) * seconds
      return bounds.map((le) =>
        series('order_seconds_bucket', upTo(le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le)), { le, pod }),
      )
    }

  it.each([
    ['fast answers are proven', 0, 0, 'proven'],
    ['6 % over the target are a warning', 3, 0, 'proven-with-warning'],
    ['8 % over the ceiling are missed', 0, 4, 'missed'],
  ])('%s', (_, slow, slower, state) => {
    expect(ordersOf(judged(TIMES, fast, buckets(slow, slower)))).toMatchObject({
      state,
      whole: { attempts: 2 * 50 * LASTS, bad: 0, slow: 2 * LASTS * (slow + slower), overCeiling: 2 * LASTS * slower },
      prometheus: { buckets: true },
    })
  })

  it('has the bound of a bucket as its quantile, and none in the last one', () => {
    expect(ordersOf(judged(TIMES, fast, buckets(3, 0))).whole.quantileMs).toBe(500)
    expect(ordersOf(judged(TIMES, fast, buckets(0, 4))).whole.quantileMs).toBeUndefined()
  })

  it.each([
    [
      'no bucket ends at the target',
      ['0.1', '0.5', '+Inf'],
      'has no bucket that ends at 300 ms; its buckets end at 100, 500 ms',
    ],
    ['no bucket ends at the ceiling', ['0.1', '0.3', '+Inf'], 'has no bucket that ends at 500 ms'],
    ['there is no last bucket', ['0.1', '0.3', '0.5'], 'has no bucket +Inf'],
  ])('has no evidence where %s', (_, bounds, words) => {
    const judgment = judged(TIMES, fast, buckets(0, 0, bounds))
    expect(ordersOf(judgment).state).toBe('no-evidence')
    expect(judgment.verdict.kind).toBe('inconclusive')
    expect(findingOf(judgment)?.sentence).toContain(words)
  })
})
