/** A Rollout that is followed from second 40 on, with two steps, and what both of its releases counted. */
import type { Follow } from '../../src/domain/action.ts'
import type { ActionStepData, Evidence } from '../../src/domain/evidence.ts'
import { ratio, seconds } from '../../src/domain/units.ts'
import { secondAt } from './evidence-rehearsal.ts'

export type FollowMoment = readonly [number, ActionStepData]
export type FollowCounted = { readonly share: (second: number) => number; readonly bad: number }

export const followAct: Follow = {
  kind: 'follow',
  rollout: 'shop',
  withinMs: seconds(60),
  gate: { source: 'shop', where: [], errors: { atMost: ratio(0.01), from: 20 } },
}

export const begun: FollowMoment = [40, { is: 'begun', targets: [] }]
export const set = (second: number, step: number, share: number): FollowMoment => [
  second,
  { is: 'step-set', step, share: ratio(share), release: 'b2' },
]
export const wentOn = (second: number, step: number): FollowMoment => [
  second,
  { is: 'step-decided', step, outcome: 'promote', note: 'Argo Rollouts went on' },
]
export const done = (second: number): FollowMoment => [second, { is: 'done', note: '' }]
export const kept = (second: number): FollowMoment => [second, { is: 'kept' }]
export const first = [begun, set(45, 1, 0.25)]
export const promoted = [...first, wentOn(65, 1), set(70, 2, 0.5), wentOn(90, 2), done(95), kept(95)]

export const asked = (second: number) => (second < 45 ? 0 : second < 70 ? 0.25 : second < 92 ? 0.5 : 1)

export const atFirst = (second: number) => (second < 45 ? 0 : 0.25)

/** Pods of both releases in one source, once a second: 40 requests. */
export function scrapes({ share, bad }: FollowCounted): Evidence[] {
  const counts = { 'shop-a1-xxxxx': [0, 0], 'shop-b2-yyyyy': [0, 0] }
  return Array.from({ length: 161 }, (_, second) => second).flatMap((second) => {
    const part = 40 * share(second - 0.5)
    const [stable, fresh] = [counts['shop-a1-xxxxx'], counts['shop-b2-yyyyy']]
    stable[0] = (stable[0] ?? 0) + 40 - part
    fresh[0] = (fresh[0] ?? 0) + part * (1 - bad)
    fresh[1] = (fresh[1] ?? 0) + part * bad
    return Object.entries(counts).map(
      ([pod, [good = 0, wrong = 0]]): Evidence => ({
        kind: 'sample',
        at: secondAt(second),
        source: 'shop',
        pod,
        ok: true,
        series: [
          { name: 'http_requests_total', labels: { code: '200' }, value: good },
          { name: 'http_requests_total', labels: { code: '500' }, value: wrong },
        ],
      }),
    )
  })
}
