/**
 * Notifications of a run that is under way are sent by a process of their own, as the live page is shown by one (live-child.ts): a receiver that is
 * slow, or a TLS handshake, must not delay the controller.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { exitCodes } from '../domain/verdict.ts'
import { followRun } from '../notify/notify-run.ts'
import { attachedChild, attachToRun, runIsOver } from './attached-child.ts'
import { configuredWebhooks, outstandingLines, reportedVerdict } from './notifications.ts'
import { say, term } from './terminal.ts'

/** How long the end of a run waits for receivers, and how long a killed run goes on trying. */
const GRACE_MS = 10_000
/** Longer waiting is said. */
const SILENT_MS = 1500
/** A child that does not end by itself after that is stopped. */
const STOP_MS = 2000

export type NotificationChild = {
  /** The journal is open. Does nothing where no webhook is configured. */
  start(): void
  /** The run is over and judged. Waits for the notifications to arrive, for some seconds at most. */
  end(): Promise<void>
}

export function createNotificationChild(folder: string): NotificationChild {
  let child: { end(): Promise<void> } | undefined
  return {
    start() {
      if (configuredWebhooks().length > 0) child ??= started(folder)
    },
    end: async () => child?.end(),
  }
}

function started(folder: string): { end(): Promise<void> } {
  const child = attachedChild(['notify', folder], 'no notifications')
  return {
    async end() {
      child.over()
      const waited = new AbortController()
      const within = (ms: number) => sleep(ms, undefined, { signal: waited.signal })
      const late = within(GRACE_MS + STOP_MS).catch(() => undefined)
      // The verdict is printed: whoever waits for the prompt learns why it does not come.
      within(SILENT_MS).then(
        () => say(term`notifications: waiting up to ${GRACE_MS / 1000} s for their receivers`),
        () => undefined,
      )
      await Promise.race([child.ended, late])
      waited.abort()
      child.kill()
    },
  }
}

/** The child's end. */
export async function notifyForRun(folder: string): Promise<number> {
  attachToRun()
  process.stdout.on('error', () => undefined)
  const following = followRun(folder, configuredWebhooks())
  // A killed run was not judged. `heal` and `matchday notify` tell its verdict.
  const verdict = (await runIsOver()) ? reportedVerdict(folder) : undefined
  const left = await following.end(verdict, GRACE_MS)
  for (const line of outstandingLines(folder, left)) process.stdout.write(`${line.text}\n`)
  return exitCodes.pass
}
