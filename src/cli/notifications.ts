/** Notifications, for the commands: where they go, what they contain about a verdict, and the message about those that did not arrive. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Issue } from '../domain/issue.ts'
import { joinControl } from '../live/control.ts'
import type { Outstanding } from '../notify/courier.ts'
import { CURSOR_FILE, cursorIn } from '../notify/cursor.ts'
import type { VerdictNews } from '../notify/notifications.ts'
import { deliverStored } from '../notify/notify-run.ts'
import { type Destination, webhooksOf } from '../notify/webhooks.ts'
import { BadInput } from './failure.ts'
import { issueOfFlag } from './flags.ts'
import { judgeFolder } from './judging.ts'
import { runFolders } from './run-folder.ts'
import { onStderr, say, type TerminalText, term } from './terminal.ts'

export const notificationIssues = (): readonly Issue[] =>
  webhooksOf(process.env).problems.map(({ variable, ...problem }) => issueOfFlag(variable, problem))

/** @throws BadInput for variables that cannot be used */
export function configuredWebhooks(): readonly Destination[] {
  const issues = notificationIssues()
  if (issues.length > 0) throw new BadInput(issues)
  return webhooksOf(process.env).webhooks
}

const kinds = z.enum(['pass', 'fail', 'aborted', 'inconclusive'])
const finding = z.object({
  weight: z.enum(['breach', 'gap', 'warning']),
  cause: z.string(),
  subject: z.string(),
  sentence: z.string(),
})
const news = z.object({
  verdict: z.object({ kind: kinds }),
  summary: z.string(),
  exitCode: z.int(),
  healed: z.boolean(),
  findings: z.array(finding),
})

/** The verdict as it was reported; undefined if the run was not judged. */
export function reportedVerdict(folder: string): VerdictNews | undefined {
  try {
    return news.parse(JSON.parse(readFileSync(join(folder, 'verdict.json'), 'utf8'))) as VerdictNews
  } catch {
    return undefined
  }
}

/** Nobody performs this run: what is outstanding is delivered now, within this time. */
export async function deliverOutstanding(
  folder: string,
  webhooks: readonly Destination[],
  graceMs: number,
): Promise<readonly Outstanding[]> {
  const verdict = reportedVerdict(folder) ?? (await judgeFolder(folder)).judgment
  return deliverStored(folder, webhooks, verdict, graceMs)
}

export async function isUnderWay(folder: string): Promise<boolean> {
  const controller = await joinControl(folder)
  controller?.leave()
  return controller !== undefined
}

export const outstandingLines = (folder: string, all: readonly Outstanding[]): readonly TerminalText[] =>
  all
    .filter(({ outstanding }) => outstanding > 0)
    .map(
      ({ form, outstanding, problem }) =>
        term`${onStderr('yellow', 'not delivered')} ${outstanding} of the notifications (${form}${problem === undefined ? '' : `: ${problem}`}). Next: matchday notify ${folder}`,
    )

/** What is older is no news any more; `matchday notify FOLDER` delivers it all the same. */
const NEWS_MS = 24 * 3_600_000
const HEAL_GRACE_MS = 5000

/** After `heal`: runs that began to tell and were killed, or whose receiver was down. It never fails: healing is what counts. */
export async function deliverAfterHeal(reports: string, healed: readonly string[]): Promise<void> {
  const { webhooks } = webhooksOf(process.env)
  if (webhooks.length === 0) return
  for (const folder of runFolders(reports)) {
    if (!isOwed(folder, webhooks, healed) || (await isUnderWay(folder))) continue
    try {
      for (const line of outstandingLines(folder, await deliverOutstanding(folder, webhooks, HEAL_GRACE_MS))) say(line)
    } catch (error) {
      say(term`${onStderr('yellow', 'not delivered')} ${folder}: ${error instanceof Error ? error.message : 'failed'}`)
    }
  }
}

function isOwed(folder: string, webhooks: readonly Destination[], healed: readonly string[]): boolean {
  const cursor = cursorIn(folder)
  if (cursor === undefined) return false
  if (healed.includes(folder)) return true
  const isNews = Date.now() - statSync(join(folder, CURSOR_FILE)).mtimeMs < NEWS_MS
  return isNews && webhooks.some(({ form }) => !cursor.of(form).verdict)
}
