/**
 * A separate process sends the notifications of a run that is under way, as for the live page (live-child.ts). A slow receiver or a TLS handshake
 * must not delay the controller.
 */
import { exitCodes } from '../domain/verdict.ts'
import { followRun } from '../notify/notify-run.ts'
import { type AttachedChild, attachedChild, attachToRun, endChild, GRACE_MS, runIsOver } from './attached-child.ts'
import { configuredWebhooks, outstandingLines, reportedVerdict } from './notifications.ts'

export type NotificationChild = {
  /** The journal is open. Does nothing where no webhook is configured. */
  start(): void
  /** The run is over and judged. Waits for the notifications to arrive, for some seconds at most. */
  end(): Promise<void>
}

export function createNotificationChild(folder: string): NotificationChild {
  let child: AttachedChild | undefined
  return {
    start() {
      if (configuredWebhooks().length > 0) child ??= attachedChild(['notify', folder], 'no notifications')
    },
    end: async () => child && endChild(child, 'notifications'),
  }
}

/** The child's side. */
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
