/**
 * Delivers notifications at least once and in order. Each webhook has its own queue: one that is slow or down delays no other and nothing else. A
 * notification that did not arrive is tried again with growing pauses; those behind it wait.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cursor } from './cursor.ts'
import { letterOf, type NotificationForm } from './forms.ts'
import type { Notification } from './notifications.ts'
import { post } from './post.ts'
import type { Destination } from './webhooks.ts'

export type Pace = {
  readonly timeoutMs: number
  /** The pause after the first failure. It doubles with each further one, up to the longest. */
  readonly pauseMs: number
  readonly pauseMostMs: number
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

type Round = { add(notification: Notification): void; settle(graceMs: number): Promise<Outstanding> }

function roundOf(webhook: Destination, cursor: Cursor, pace: Pace): Round {
  const { form } = webhook
  const queue: Notification[] = []
  const ending = new AbortController()
  let hurry = new AbortController()
  let working: Promise<void> | undefined
  let [sent, failures] = [0, 0]
  let problem: string | undefined
  let isGone = false

  const pause = async (ms: number, isOrder: boolean): Promise<void> => {
    const signal = isOrder ? ending.signal : AbortSignal.any([ending.signal, hurry.signal])
    await sleep(ms, undefined, { signal }).catch(() => undefined)
  }
  const deliver = async (notification: Notification): Promise<void> => {
    const letter = letterOf(form, notification, webhook.key, Date.now())
    const attempt = await post(webhook.url, letter, pace.timeoutMs, ending.signal)
    if (attempt.ok) {
      queue.shift()
      sent += 1
      ;[failures, problem] = [0, undefined]
      cursor.advance(form, notification.line)
      if (form === 'slack' && queue.length > 0) await pause(pace.chatMs, true)
      return
    }
    if (ending.signal.aborted) return
    failures += 1
    problem = attempt.problem
    isGone = attempt.isGone === true
    // What the receiver asks for is obeyed, also in a hurry.
    if (!isGone) await pause(attempt.waitMs ?? pauseAfter(failures, pace), attempt.waitMs !== undefined)
  }
  const work = async (): Promise<void> => {
    for (let next = queue[0]; next !== undefined && !ending.signal.aborted && !isGone; next = queue[0])
      await deliver(next)
    working = undefined
  }

  return {
    add(notification) {
      const { line, verdict } = cursor.of(form)
      if (notification.line === Number.POSITIVE_INFINITY ? verdict : notification.line <= line) return
      queue.push(notification)
      working ??= work()
    },
    async settle(graceMs) {
      failures = 0
      hurry.abort()
      hurry = new AbortController()
      const limit = new AbortController()
      const late = sleep(graceMs, undefined, { signal: limit.signal }).catch(() => undefined)
      await Promise.race([working, late])
      limit.abort()
      ending.abort()
      return { form, sent, outstanding: queue.length, ...(problem === undefined ? {} : { problem }) }
    },
  }
}

/** Up to a fifth more or less, so that many runs do not come back at the same moment. */
const pauseAfter = (failures: number, { pauseMs, pauseMostMs }: Pace): number =>
  Math.min(pauseMostMs, pauseMs * 2 ** Math.min(failures - 1, 16)) * (0.8 + Math.random() * 0.4)
