/**
 * Delivers notifications at least once and in order. Each webhook has its own queue: one that is slow or down delays no other and nothing else. A
 * notification that did not arrive is tried again with growing pauses; those behind it wait.
 */
import type { Cursor } from './cursor.ts'
import { letterOf, type NotificationForm } from './forms.ts'
import type { Notification } from './notifications.ts'
import { post } from './post.ts'
import { createRound, type RoundPace } from './round.ts'
import type { Destination } from './webhooks.ts'

export type Pace = RoundPace & {
  readonly timeoutMs: number
  /** Between two deliveries to a chat: Slack takes one message per second. */
  readonly chatMs: number
}
export const PACE: Pace = { timeoutMs: 10_000, pauseMs: 1000, pauseMostMs: 60_000, chatMs: 1000 }

/** `problem`: why the last attempt failed. */
export type Outstanding = {
  readonly form: NotificationForm
  readonly sent: number
  readonly outstanding: number
  readonly problem?: string
}

export type Courier = {
  /** Notifications that arrived already, by the cursor, are dropped. */
  add(notification: Notification): void
  /** Waits until all have arrived, at most this long; then nothing is sent any more. */
  settle(graceMs: number): Promise<readonly Outstanding[]>
}

export function createCourier(webhooks: readonly Destination[], cursor: Cursor, pace: Pace = PACE): Courier {
  const rounds = webhooks.map((webhook) => roundOf(webhook, cursor, pace))
  return {
    add: (notification) => {
      for (const round of rounds) round.add(notification)
    },
    settle: (graceMs) => Promise.all(rounds.map((round) => round.settle(graceMs))),
  }
}

type WebhookRound = { add(notification: Notification): void; settle(graceMs: number): Promise<Outstanding> }

function roundOf(webhook: Destination, cursor: Cursor, pace: Pace): WebhookRound {
  const { form, url, key } = webhook
  const round = createRound<Notification>(
    {
      deliver: (notification, signal) =>
        post(url, letterOf(form, notification, key, Date.now()), pace.timeoutMs, signal),
      passed(notification, more) {
        cursor.advance(form, notification.line)
        return form === 'slack' && more ? pace.chatMs : 0
      },
    },
    pace,
  )
  return {
    add(notification) {
      const { line, verdict } = cursor.of(form)
      if (notification.line === Number.POSITIVE_INFINITY ? verdict : notification.line <= line) return
      round.add(notification)
    },
    async settle(graceMs) {
      const { sent, outstanding, problem } = await round.settle(graceMs)
      return { form, sent, outstanding, ...(problem === undefined ? {} : { problem }) }
    },
  }
}
