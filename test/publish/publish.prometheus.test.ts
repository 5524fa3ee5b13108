/** What a run publishes, read back by PromQL from a real Prometheus that takes remote write. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { authorizationOf } from '../../src/adapters/metrics/prometheus-server.ts'
import { publishedSeries } from '../../src/domain/published.ts'
import { publishStored } from '../../src/publish/publish-run.ts'
import { type RealPrometheus, startPrometheus } from '../support/real-prometheus.ts'
import { recentRun, runFolder } from './story.ts'

let prometheus: RealPrometheus
const answer = z.object({
  data: z.object({
    result: z.array(z.object({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
  }),
})

/** An instant query, in ms since 1970. */
async function asked(query: string, atMs: number) {
  const response = await fetch(
    `${prometheus.url}/api/v1/query?${new URLSearchParams({ query, time: String(atMs / 1000) })}`,
  )
  return answer.parse(await response.json()).data.result
}
const valueAt = async (query: string, atMs: number) => Number((await asked(query, atMs))[0]?.value[1])

beforeAll(async () => {
  prometheus = await startPrometheus(1000, [], undefined, ['--web.enable-remote-write-receiver'])
}, 1_200_000)
afterAll(() => prometheus.stop())

describe('a run that was published to a real Prometheus', () => {
  it('is read back by PromQL: counts, quantiles, faults, and the end of its series', async () => {
    const endsAt = Date.now()
    const to = { remoteWrite: { url: `${prometheus.url}/api/v1/write` } }
    const records = recentRun(to, endsAt)
    const folder = runFolder(records)
    expect(await publishStored(folder, to, authorizationOf, 30_000)).toMatchObject([{ refused: 0, outstanding: 0 }])

    const frames = records.flatMap((each) => (each.kind === 'load-frame' ? [each] : []))
    const last = frames.at(-1)
    const loadEndsAt = last?.at ?? 0
    const deposit = last?.slis.deposit
    expect(await valueAt('matchday_sli_good_total{sli="deposit"}', loadEndsAt)).toBe(deposit?.good)
    expect(await valueAt('matchday_sli_bad_total{sli="deposit"}', loadEndsAt)).toBe(deposit?.bad)
    expect(await valueAt('sum(rate(matchday_sli_good_total{sli="deposit"}[1m]))', loadEndsAt)).toBeGreaterThan(1)
    const p95 = 'histogram_quantile(0.95, sum by (le) (rate(matchday_sli_latency_seconds_bucket{sli="deposit"}[1m])))'
    const seconds = await valueAt(p95, loadEndsAt)
    expect(seconds).toBeGreaterThan(0)
    expect(seconds).toBeLessThan(1)

    const injected = records.find((each) => each.kind === 'fault-step' && each.step.is === 'injected')?.at ?? 0
    const healed = records.find((each) => each.kind === 'fault-step' && each.step.is === 'healed')?.at ?? 0
    expect(await valueAt('matchday_fault_active', injected + 5000)).toBe(1)
    expect(await valueAt('matchday_fault_active', healed + 5000)).toBe(0)
    expect(await asked('matchday_phase == 1', injected + 5000)).toMatchObject([{ metric: { phase: 'promo peak' } }])

    // Stale markers: five minutes of lookback would show the last values long after the run.
    await sleep(50)
    expect(await asked('{__name__=~"matchday_.+"}', endsAt + 10_000)).toEqual([])
    const names = (await asked('count by (__name__) ({__name__=~"matchday_.+"})', loadEndsAt)).map(
      ({ metric }) => metric.__name__,
    )
    expect(Object.keys(publishedSeries)).toEqual(expect.arrayContaining(names))
  }, 120_000)

  it('takes the same samples again, as after a crash', async () => {
    const to = { remoteWrite: { url: `${prometheus.url}/api/v1/write` } }
    const records = recentRun(to, Date.now())
    await publishStored(runFolder(records), to, authorizationOf, 30_000)
    const [again] = await publishStored(runFolder(records), to, authorizationOf, 30_000)
    expect(again).toMatchObject({ outstanding: 0 })
    const last = records.flatMap((each) => (each.kind === 'load-frame' ? [each] : [])).at(-1)
    expect(await valueAt('matchday_sli_good_total{sli="deposit"}', last?.at ?? 0)).toBe(last?.slis.deposit?.good)
  }, 120_000)
})
