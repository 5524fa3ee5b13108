/**
 * Delivers notices at least once and in order. Each webhook has its own queue: one that is slow or down delays no other and nothing else. A notice that did
 * not arrive is tried again with growing pauses; those behind it wait.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cursor } from './cursor.ts'
import { letterOf, type NoticeForm } from './forms.ts'
import type { Notice } from './notices.ts'
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
  readonly form: NoticeForm
  readonly sent: number
  readonly outstanding: number
  readonly problem?: string
}

export type Courier = {
  /** Notices that arrived already, by the cursor, are dropped. */
  add(notice: Notice): void
  /** Waits until all have arrived, at most this long; then nothing is sent any more. */
  settle(graceMs: number): Promise<readonly Outstanding[]>
}

export function createCourier(webhooks: readonly Destination[], cursor: Cursor, pace: Pace = PACE): Courier {
  const rounds = webhooks.map((webhook) => roundOf(webhook, cursor, pace))
  return {
    add: (notice) => {
      for (const round of rounds) round.add(notice)
    },
    settle: (graceMs) => Promise.all(rounds.map((round) => round.settle(graceMs))),
  }
}

type Round = { add(notice: Notice): void; settle(graceMs: number): Promise<Outstanding> }

function roundOf(webhook: Destination, cursor: Cursor, pace: Pace): Round {
  const { form } = webhook
  const queue: Notice[] = []
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
  const deliver = async (notice: Notice): Promise<void> => {
    const letter = letterOf(form, notice, webhook.key, Date.now())
    const attempt = await post(webhook.url, letter, pace.timeoutMs, ending.signal)
    if (attempt.ok) {
      queue.shift()
      sent += 1
      ;[failures, problem] = [0, undefined]
      cursor.advance(form, notice.line)
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
    add(notice) {
      const { line, verdict } = cursor.of(form)
      if (notice.line === Number.POSITIVE_INFINITY ? verdict : notice.line <= line) return
      queue.push(notice)
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
