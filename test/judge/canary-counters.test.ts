/** What both releases counted, when one source scrapes the pods of both, and for some routes only. */
import { describe, expect } from 'vitest'
import type { EvidenceOf } from '../../src/domain/evidence.ts'
import { canaryCounters, countsBetween, isCounted, lastAnswer } from '../../src/judge/seen/canary-counters.ts'
import { createCounters } from '../../src/judge/seen/counters.ts'
import { canaryAct } from '../support/canary.ts'
import { withActions } from '../support/evidence.ts'
import { actionOf } from '../support/evidence-actions.ts'
import { secondAt } from '../support/evidence-rehearsal.ts'
import { it, noted } from '../support/reviewed.ts'

const { gate } = canaryAct().canary
const release = canaryAct({
  gate: { ...gate, stable: 'gateway', canary: 'gateway', where: [{ route: '/login' }, { route: '/orders' }] },
})
const named = { action: 'gateway 2', release }

function counted(...pods: readonly (readonly [pod: string, perSecond: number, until: number])[]) {
  const counters = createCounters()
  for (const wanted of canaryCounters(withActions(actionOf('gateway 2', release)))) counters.want(wanted)
  for (let second = 0; second <= 20; second++)
    for (const [pod, perSecond, until] of pods) {
      const value = perSecond * Math.min(second, until)
      counters.add(scrape(pod, second, value), second)
    }
  return counters
}

const scrape = (pod: string, second: number, value: number): EvidenceOf<'sample'> => ({
  kind: 'sample',
  at: secondAt(second),
  source: 'gateway',
  pod,
  ok: true,
  series: [
    { name: 'http_requests_total', labels: { route: '/login', code: '200' }, value },
    { name: 'http_requests_total', labels: { route: '/orders', code: '503' }, value },
    { name: 'http_requests_total', labels: { route: '/hooks', code: '200' }, value: value * 10 },
    { name: 'http_request_duration_seconds_count', labels: { route: '/login' }, value },
    { name: 'http_request_duration_seconds_sum', labels: { route: '/login' }, value: value * 0.04 },
    { name: 'http_request_duration_seconds_count', labels: { route: '/orders' }, value },
    { name: 'http_request_duration_seconds_sum', labels: { route: '/orders' }, value: value * 0.08 },
  ],
})

const OLD = 'gateway-66d9c7b5f-abcde'
const FRESH = 'gateway-canary-7c9d8f6b54-fghij'

describe('the counters of one source', () => {
  const counters = counted([OLD, 9, 20], [FRESH, 1, 12])

  it('are split by the Deployment of the pod, and only the named routes count', () => {
    const counts = countsBetween(counters, named)
    expect(noted(counts('stable', secondAt(2), secondAt(12)))).toMatchObject({ requests: 180, bad: 90 })
    const fresh = noted(counts('canary', secondAt(2), secondAt(12)))
    expect(fresh).toMatchObject({ requests: 20, bad: 10 })
    expect([fresh.timed, fresh.seconds / fresh.timed]).toEqual([expect.closeTo(20), expect.closeTo(0.06)])
  })

  it('show when the new release answered for the last time', () => {
    expect(lastAnswer(counters, named)).toEqual({ at: secondAt(12), line: 12 })
  })

  it('show nothing of a release without pods', () => {
    expect(isCounted(counted([OLD, 9, 20]), named)).toBe(false)
  })
})
