/**
 * A notification as an HTTP request. `cloudevents`: one event in structured mode (CloudEvents 1.0.2, HTTP binding 3.2 and JSON format). `slack`: the
 * text form of incoming webhooks, which other chats read as well.
 */
import { createHmac } from 'node:crypto'
import { slack } from '../report/escape/slack.ts'
import { type Notification, timeOf } from './notifications.ts'

export const forms = ['cloudevents', 'slack'] as const
export type NotificationForm = (typeof forms)[number]

export type Letter<Body extends string | Uint8Array = string> = {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
}

/** Reverse DNS, as the specification advises for types. */
const TYPE = 'dev.matchday.run'

/** `key` signs as Standard Webhooks do; `now` in ms since 1970. */
export function letterOf(
  form: NotificationForm,
  notification: Notification,
  key: Buffer | undefined,
  now: number,
): Letter {
  const { type, body } = form === 'slack' ? slackText(notification) : cloudEvent(notification)
  const headers = { 'content-type': type, 'cache-control': 'no-store', 'user-agent': 'matchday' }
  return { headers: { ...headers, ...signature(notification.id, body, key, now) }, body }
}

/** id and source together are unique, and the same at each attempt: by them a receiver drops what it got twice. */
function cloudEvent({ id, kind, at, run, rehearsal, context, sentence, data }: Notification) {
  const event = {
    specversion: '1.0',
    id,
    source: `/matchday/rehearsals/${encodeURIComponent(rehearsal)}`,
    type: `${TYPE}.${kind}`,
    subject: run,
    time: timeOf(at),
    datacontenttype: 'application/json',
    data: { run, rehearsal, context, sentence, ...data },
  }
  return { type: 'application/cloudevents+json; charset=UTF-8', body: JSON.stringify(event) }
}

function slackText({ rehearsal, context, sentence }: Notification) {
  const text = slack`${rehearsal} on ${context}: ${sentence}`.text
  return { type: 'application/json; charset=UTF-8', body: JSON.stringify({ text, mrkdwn: false }) }
}

/** Standard Webhooks: HMAC-SHA256 over id, time and body, so that a receiver knows the sender and the age. */
export function signature(
  id: string,
  body: string,
  key: Buffer | undefined,
  now: number,
): Readonly<Record<string, string>> {
  if (key === undefined) return {}
  const seconds = String(Math.floor(now / 1000))
  const signed = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')
  return { 'webhook-id': id, 'webhook-timestamp': seconds, 'webhook-signature': `v1,${signed}` }
}
