import { describe, expect } from 'vitest'
import type { Sample } from '../../src/domain/evidence.ts'
import type { RateWitness } from '../../src/domain/rehearsal.ts'
import { instant, millis, perSecond } from '../../src/domain/units.ts'
import { testify } from '../../src/judge/faults/witness.ts'
import { type Counters, createCounters } from '../../src/judge/seen/counters.ts'
import { requestsId, wantedCounters } from '../../src/judge/seen/wanted-counters.ts'
import { rehearsal, target } from '../support/evidence-rehearsal.ts'
import { it, noted } from '../support/reviewed.ts'

/** A Prometheus that scrapes every 15 s: two instances, their scrapes spread over the interval, each counts `rateAt` a second. */
const EVERY_MS = 15_000
const WANTED = { id: 'w', source: 'carrier-a', metric: 'calls_total', labels: {} }

function scraped(rateAt: (second: number) => number, until = 240): Counters {
  const all = createCounters(() => EVERY_MS)
  all.want(WANTED)
  const values = { a: 50_000, b: 70_000 }
  for (let second = 0; second < until; second += 1) {
    for (const pod of ['a', 'b'] as const) {
      values[pod] += rateAt(second)
      if (second % 15 === (pod === 'a' ? 0 : 7)) all.add(sample(second, pod, values[pod]), second)
    }
  }
  return all
}

const sample = (second: number, pod: string, value: number): Sample => ({
  kind: 'sample',
  at: instant(second * 1000),
  source: 'carrier-a',
  pod,
  ok: true,
  series: [{ name: 'calls_total', labels: {}, value }],
})

const witness = (direction: 'falls' | 'rises', becomes: number): RateWitness => ({
  kind: 'rate',
  direction,
  metric: 'calls_total',
  where: {},
  of: 'carrier-a',
  becomes: perSecond(becomes),
  withinMs: millis(30_000),
  at: { file: 'x', line: 1, column: 1 },
})
const TIMES = { createdAt: 80_000, injectedAt: 82_000, endAt: 160_000 }
const inFault = (second: number): boolean => second >= 81 && second < 160
const track = (rateAt: (second: number) => number, until?: number) => scraped(rateAt, until).track('w')

describe('a witness that Prometheus scrapes every 15 s', () => {
  it('proves a fall that lasts as long as the fault', () => {
    const told = noted(
      testify(
        witness('falls', 0),
        track((at) => (inFault(at) ? 0 : 10)),
        TIMES,
        EVERY_MS,
      ),
    )
    expect(told).toMatchObject({ proven: true })
    // The scrape over the edge holds traffic of before and of the fault.
    expect(told.before).toBeGreaterThan(15)
  })

  it('proves a rise', () => {
    const rates = (at: number) => (inFault(at) ? 5 : 0.01)
    expect(noted(testify(witness('rises', 5), track(rates), TIMES, EVERY_MS))).toMatchObject({ proven: true })
  })

  it.each([
    ['traffic that goes on', track(() => 10)],
    ['samples that end before the fault does', track((at) => (inFault(at) ? 0 : 10), 100)],
    ['no samples at all', track(() => 10, 0)],
  ])('proves nothing by %s', (_, readings) => {
    expect(noted(testify(witness('falls', 0), readings, TIMES, EVERY_MS))).toMatchObject({ proven: false })
  })

  it('does not mistake an instance that is scraped later in the interval for a new one', () => {
    const counted = track(() => 1).increments.reduce((sum, { count }) => sum + count, 0)
    expect(counted).toBeLessThan(2 * 240)
    expect(counted).toBeGreaterThan(2 * 200)
  })

  it('needs fewer samples than a scraped pod, for which the same samples prove nothing', () => {
    expect(
      noted(
        testify(
          witness('falls', 0),
          track((at) => (inFault(at) ? 0 : 10)),
          TIMES,
        ),
      ),
    ).toMatchObject({ proven: false })
  })
})

describe('an autoscaler whose requests a Prometheus counts', () => {
  const { 'payments-api': _, ...others } = target.sources
  const prometheus = {
    server: { kind: 'url', url: 'http://p' },
    scrapeMs: millis(EVERY_MS),
    sources: { 'payments-api': { http_requests_total: 'http_requests_total{app="payments-api"}' } },
  } as const

  it('is judged by them as by those of its pods', () => {
    const wanted = wantedCounters(rehearsal, { ...target, sources: others, prometheus })
    expect(wanted.map(({ id }) => id)).toContain(requestsId('payments-api'))
    expect(wantedCounters(rehearsal, { ...target, sources: others }).map(({ id }) => id)).not.toContain(
      requestsId('payments-api'),
    )
  })
})
