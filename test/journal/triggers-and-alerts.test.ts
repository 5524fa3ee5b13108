import { describe, expect, it } from 'vitest'
import type { AlertsRead } from '../../src/domain/alert.ts'
import type { Evidence, TriggerStep } from '../../src/domain/evidence.ts'
import type { Trigger } from '../../src/domain/trigger.ts'
import { millis, perSecond, ratio, seconds } from '../../src/domain/units.ts'
import { decodeHead, decodeLine } from '../../src/journal/format/decode.ts'
import { encodeRecord, FORMAT } from '../../src/journal/format/encode.ts'
import { evidence, rehearsal, secondAt, timeline } from '../support/evidence.ts'

const at = { file: 'a.yaml', line: 9, column: 1 }
const series = { of: 'broker', metric: 'waiting', where: { queue: 'mail' }, at }
const triggers: readonly Trigger[] = [
  { kind: 'autoscaler', autoscaler: 'orders', at },
  { kind: 'rollout', deployment: 'orders', share: ratio(0.5), at },
  { kind: 'pod', app: 'orders', turns: 'not-ready', at },
  { kind: 'gauge', ...series, pods: 'max', crosses: 'falls', value: 10, at },
  { kind: 'rate', ...series, crosses: 'rises', value: perSecond(5), at },
]

const [head] = evidence()
const [fault] = rehearsal.faults
const [planned] = timeline.faults
if (head?.kind !== 'run-started' || fault === undefined || planned === undefined)
  throw new Error('the stock run has a fault')

describe('a journal', () => {
  it.each(triggers.map((trigger) => [trigger.kind, trigger] as const))('keeps the trigger %s', (_, trigger) => {
    const trigger2 = { trigger, byMs: millis(60_000), forMs: millis(20_000) }
    const record: Evidence = {
      ...head,
      rehearsal: { ...rehearsal, faults: [{ ...fault, when: { trigger, fromMs: millis(5000) } }] },
      timeline: { ...timeline, faults: [{ ...planned, trigger: trigger2 }] },
    }
    const decoded = decodeHead(encodeRecord(record))
    expect(decoded).toMatchObject({ is: 'head', record })
  })

  it.each<[string, TriggerStep]>([
    ['armed', { is: 'armed', note: 'nothing was read of it' }],
    ['triggered', { is: 'triggered', note: 'more pods', readAt: secondAt(60) }],
    ['missed', { is: 'trigger-missed', note: 'nothing was read of it' }],
  ])('keeps that a trigger was %s', (_, step) => {
    for (const record of [
      { kind: 'fault-step', at: secondAt(60), fault: 'a', step },
      { kind: 'action-step', at: secondAt(60), action: 'a', step },
    ] as const)
      expect(decodeLine(encodeRecord(record), FORMAT)).toEqual({ ok: true, record })
  })

  it('keeps what is expected of alerts', () => {
    const alert = { alert: 'PspDown', labels: { severity: 'page' }, withinMs: seconds(20), at }
    const expected = [
      { kind: 'alerts', ...alert },
      { kind: 'resolves', ...alert },
    ] as const
    const others = { kind: 'no-other-alerts', allow: ['Watchdog'], at } as const
    const record: Evidence = {
      ...head,
      rehearsal: { ...rehearsal, faults: [{ ...fault, expect: expected }], expectations: [others] },
    }
    expect(decodeHead(encodeRecord(record))).toMatchObject({ is: 'head', record })
  })

  it.each<[string, AlertsRead]>([
    [
      'worked',
      {
        kind: 'alerts-read',
        at: secondAt(3),
        ok: true,
        active: [{ alert: 'PspDown', labels: {}, state: 'pending', activeAt: secondAt(1) }],
        rules: [
          { alert: 'PspDown', health: 'err', problem: 'no', evaluatedAt: secondAt(2) },
          { alert: 'X', health: 'unknown' },
        ],
      },
    ],
    ['failed', { kind: 'alerts-read', at: secondAt(3), ok: false, problem: 'answered 503' }],
  ])('keeps a reading of alerts that %s', (_, record) => {
    expect(decodeLine(encodeRecord(record), FORMAT)).toEqual({ ok: true, record })
  })
})
