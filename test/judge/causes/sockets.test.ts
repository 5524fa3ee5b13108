import { describe, expect } from 'vitest'
import type { Evidence } from '../../../src/domain/evidence.ts'
import { evidence, mapped, rolledOut, rollout, secondAt, together, withActions } from '../../support/evidence.ts'
import { causesOf, sentenceOf } from '../../support/judged.ts'
import { it, judge } from '../../support/reviewed.ts'

describe('sockets in a rollout', () => {
  const falling = (perSecond: (second: number) => number, farewells = 0): Evidence[] => {
    let dropped = 0
    return mapped(evidence({ rehearsal: withActions(rollout) }), 'load-frame', (frame) => {
      dropped += perSecond(Math.floor((frame.at - secondAt(0)) / 1000))
      const sentAway = Math.round(dropped * farewells)
      return { ...frame, sockets: { open: 100, connected: 100 + dropped, failed: 0, dropped, sentAway } }
    })
  }

  it('that drop in one second were not drained', () => {
    const judgment = judge(
      together(
        falling((s) => (s === 105 ? 40 : 0)),
        rolledOut,
      ),
    )
    expect(causesOf(judgment)).toEqual(['sockets-not-drained'])
    expect(sentenceOf(judgment, 'sockets-not-drained')).toBe(
      '40 of 100 sockets (40 %) fell within 1.0 s during roll gateway, instead of being sent away one by one.',
    )
  })

  it.each<[string, (second: number) => number]>([
    ['over five seconds, although one pod has them all', (s) => (s >= 105 && s < 110 ? 20 : 0)],
    ['in small numbers, because the pod has few', (s) => (s === 105 ? 4 : 0)],
  ])('that leave %s were drained', (_, perSecond) => {
    expect(causesOf(judge(together(falling(perSecond), rolledOut)))).toEqual([])
  })

  const uneven = (s: number) => ({ 104: 6, 105: 12, 106: 5 })[s] ?? 0

  it.each<[string, number, string[]]>([
    ['without a close frame dropped, although other pods lost some too', 0, ['sockets-not-drained']],
    ['with a close frame were sent away, by several pods at the same time', 1, []],
  ])('that end in large numbers %s', (_, farewells, causes) => {
    expect(causesOf(judge(together(falling(uneven, farewells), rolledOut)))).toEqual(causes)
  })

  it('that are all closed in one second were not drained either', () => {
    expect(
      causesOf(
        judge(
          together(
            falling((s) => (s === 105 ? 40 : 0), 1),
            rolledOut,
          ),
        ),
      ),
    ).toEqual(['sockets-not-drained'])
  })

  it('that drop are counted without those that are closed at the same time', () => {
    const judgment = judge(
      together(
        falling((s) => (s === 105 ? 40 : 0), 0.5),
        rolledOut,
      ),
    )
    expect(sentenceOf(judgment, 'sockets-not-drained')).toMatch(/^20 of 100 sockets \(20 %\) fell/)
  })

  it('that drop pod by pod were not drained', () => {
    const judgment = judge(
      together(
        falling((s) => (s > 103 && s < 112 && s % 2 === 0 ? 25 : 0)),
        rolledOut,
      ),
    )
    expect(causesOf(judgment)).toEqual(['sockets-not-drained'])
  })

  it('that leave over ten seconds were drained', () => {
    expect(
      causesOf(
        judge(
          together(
            falling((s) => (s >= 105 && s < 115 ? 4 : 0)),
            rolledOut,
          ),
        ),
      ),
    ).toEqual([])
  })

  it('that drop without a planned disruption are no finding', () => {
    expect(
      causesOf(
        judge(
          together(
            falling((s) => (s === 140 ? 40 : 0)),
            rolledOut,
          ),
        ),
      ),
    ).toEqual([])
  })
})

describe('sockets that are replaced while all pods are healthy', () => {
  const replaced = (kept: number, moved: number): Evidence[] => {
    let second = 0
    return mapped(evidence(), 'load-frame', (frame) => {
      second++
      const grown = (each: number) => Math.min(each, Math.floor((each * second) / 60))
      return {
        ...frame,
        sockets: { open: 100, connected: 100, failed: 0, dropped: 0, kept: grown(kept), moved: grown(moved) },
      }
    })
  }

  it('and reconnect to any server are routing-not-sticky', () => {
    const judgment = judge(replaced(12, 48))
    expect(causesOf(judgment)).toEqual(['routing-not-sticky'])
    expect(sentenceOf(judgment, 'routing-not-sticky')).toContain('48 of 60 sockets (80 %)')
  })

  it.each([
    ['mostly return to their server', 50, 10],
    ['are too few to judge', 0, 9],
    ['do not name their server', 0, 0],
  ])('and %s are no finding', (_, kept, moved) => expect(causesOf(judge(replaced(kept, moved)))).toEqual([]))
})
