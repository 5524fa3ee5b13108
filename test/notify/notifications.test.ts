import { describe, expect, it } from 'vitest'
import type { Evidence } from '../../src/domain/evidence.ts'
import { judge } from '../../src/judge/judge.ts'
import { letterOf, signature } from '../../src/notify/forms.ts'
import { createNotifications, type Notification } from '../../src/notify/notifications.ts'
import { escapeSlack } from '../../src/report/escape/slack.ts'
import { evidence, RUN, secondAt, together } from '../support/evidence.ts'

function notificationsOf(records: readonly Evidence[]): readonly Notification[] {
  const { notification, verdict } = createNotifications()
  const told = records.flatMap((record, index) => notification(record, index + 1) ?? [])
  return [...told, verdict(judge(records))].filter((each) => each !== undefined)
}

const tripped: Evidence = {
  kind: 'guardrail-tripped',
  at: secondAt(80),
  id: 'deposit-90',
  sli: 'deposit',
  measured: 0.85 as never,
  below: 0.9 as never,
  forMs: 10_000 as never,
}
const healedByHeal: Evidence = { kind: 'undo-done', at: secondAt(300), id: 'u1', by: 'heal', outcome: 'undone' }

describe('notifications of a run', () => {
  const records = evidence()
  const notifications = notificationsOf(records)

  it('are planned, started, injected, healed and the verdict, in this order', () => {
    expect(notifications.map(({ kind }) => kind)).toEqual(['planned', 'started', 'injected', 'healed', 'verdict'])
    expect(notifications.map(({ sentence }) => sentence)).toEqual([
      'about to start in casino: 2m40s with 1 fault and 0 actions.',
      'the load runs for 2m40s.',
      expect.stringMatching(/^fault psp-a down: injected at \d+ pods\.$/),
      'fault psp-a down: healed.',
      expect.stringMatching(/^PASS\. Every objective is proven/),
    ])
  })

  it('have the journal line in their ids, so that they are the same each time', () => {
    const lines = notifications.slice(0, -1).map(({ line }) => line)
    expect(lines[0]).toBe(1)
    expect(notifications.map(({ id }) => id)).toEqual([...lines, 'verdict'].map((each) => `${RUN}/${each}`))
    expect(notificationsOf(records)).toEqual(notifications)
  })

  it('report the start of a load by several runners once', () => {
    const byTwo = records.flatMap((record): readonly Evidence[] =>
      record.kind === 'load-started'
        ? [1, 0].map((index) => ({ ...record, instance: `runner-${index}`, pod: `load-${index}`, node: 'node-1' }))
        : [record],
    )
    expect(notificationsOf(byTwo).map(({ kind }) => kind)).toEqual(notifications.map(({ kind }) => kind))
  })

  it('report guardrails, and what heal undid after a killed run', () => {
    const told = notificationsOf(together(records, [tripped, healedByHeal]))
    expect(told.find(({ kind }) => kind === 'guardrail')?.sentence).toMatch(/^guardrail deposit-90 tripped: deposit at/)
    expect(told.filter(({ kind }) => kind === 'healed').at(-1)?.data).toEqual({ undo: 'u1', by: 'heal' })
  })

  it('report the causes of a failed run', () => {
    const failed = evidence({ approved: (s) => ({ a: s > 65 && s < 90 ? 0 : 55, b: 0 }) })
    const data = notificationsOf(failed).at(-1)?.data
    expect(data).toMatchObject({ verdict: 'fail', exitCode: 1, healed: true })
    expect(data?.findings).toContainEqual(expect.objectContaining({ weight: 'breach', cause: 'failover-missing' }))
  })
})

describe('a notification as a CloudEvent', () => {
  const [planned] = notificationsOf(evidence())
  if (!planned) throw new Error('nothing to tell')
  const letter = letterOf('cloudevents', planned, undefined, 0)

  it('is in structured mode, with every attribute that the specification requires', () => {
    expect(letter.headers['content-type']).toBe('application/cloudevents+json; charset=UTF-8')
    expect(JSON.parse(letter.body)).toMatchObject({
      specversion: '1.0',
      id: `${RUN}/1`,
      source: '/matchday/rehearsals/psp-down-at-peak',
      type: 'dev.matchday.run.planned',
      subject: RUN,
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      datacontenttype: 'application/json',
      data: { rehearsal: 'psp-down-at-peak', context: 'lab', faults: [{ name: 'psp-a down' }] },
    })
  })

  it('is signed only with a key, as in the example of Standard Webhooks', () => {
    expect(Object.keys(letter.headers)).not.toContain('webhook-signature')
    const key = Buffer.from('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'base64')
    expect(signature('msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', key, 1_614_265_330_500)).toEqual({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    })
  })
})

describe('a notification for a chat', () => {
  it('is a text in which names are escaped', () => {
    const [planned] = notificationsOf(evidence())
    if (!planned) throw new Error('nothing to tell')
    const hostile = { ...planned, rehearsal: '<!channel>', sentence: 'a & <https://x|click>\n*bold*' }
    const { headers, body } = letterOf('slack', hostile, undefined, 0)
    expect(headers['content-type']).toBe('application/json; charset=UTF-8')
    expect(JSON.parse(body)).toEqual({
      text: '&lt;!channel&gt; on lab: a &amp; &lt;https://x|click&gt;␊*bold*',
      mrkdwn: false,
    })
    expect(escapeSlack('&lt;')).toBe('&amp;lt;')
  })
})
