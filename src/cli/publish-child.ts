/** A separate process publishes while a run goes on, as for notifications (notify-child.ts). A slow receiver must not delay the controller. */
import { readFileSync } from 'node:fs'
import { authorizationOf } from '../adapters/metrics/prometheus-server.ts'
import type { Issue } from '../domain/issue.ts'
import type { PublishEndpoint, Target } from '../domain/rehearsal.ts'
import { messageOf } from '../domain/unknown.ts'
import { exitCodes } from '../domain/verdict.ts'
import { type Published, publishFollowing } from '../publish/publish-run.ts'
import { type AttachedChild, attachedChild, attachToRun, endChild, GRACE_MS, runIsOver } from './attached-child.ts'
import { targetOfRun } from './run-target.ts'
import { onStderr, type TerminalText, term } from './terminal.ts'

export type PublishChild = {
  /** The journal is open. Does nothing if the target file has no `publish`. */
  start(): void
  /** The run is over. Waits for the receivers, for some seconds at most. */
  end(): Promise<void>
}

export function createPublishChild(folder: string, { publish }: Target): PublishChild {
  let child: AttachedChild | undefined
  return {
    start() {
      if (publish !== undefined) child ??= attachedChild(['publish', folder], 'nothing is published')
    },
    end: async () => child && endChild(child, 'published series and annotations'),
  }
}

/** Receivers whose credential or certificates cannot be read. They are told before the run: afterwards nobody watched it. */
export const publishIssues = ({ file, publish = {} }: Target): readonly Issue[] =>
  Object.entries(publish).flatMap(([receiver, { at = { file, line: 0, column: 0 }, ...endpoint }]) =>
    unreadable(endpoint).map((problem) => ({
      at,
      code: 'credential-missing' as const,
      problem: `publish.${receiver}: ${problem.replace(/\.$/, '')}.`,
      next: 'set it before you start matchday, or remove this receiver from the target file.',
    })),
  )

function unreadable({ login, ca }: PublishEndpoint): readonly string[] {
  const reads = [() => login && authorizationOf(login), () => ca && readFileSync(ca)]
  return reads.flatMap((read) => {
    try {
      read()
      return []
    } catch (error) {
      return [messageOf(error)]
    }
  })
}

/** The child's side. */
export async function publishForRun(folder: string): Promise<number> {
  attachToRun()
  process.stdout.on('error', () => undefined)
  const to = (await targetOfRun(folder))?.publish
  if (to === undefined) return exitCodes.pass
  const publishing = publishFollowing(folder, to, authorizationOf)
  await runIsOver()
  for (const line of unpublishedLines(folder, await publishing.end(GRACE_MS))) process.stdout.write(`${line.text}\n`)
  return exitCodes.pass
}

export const unpublishedLines = (folder: string, all: readonly Published[]): readonly TerminalText[] =>
  all.flatMap(({ receiver, outstanding, refused, problem }) => {
    const why = problem === undefined ? '' : `: ${problem}`
    const next = receiver === 'remoteWrite' ? REFUSED_NEXT : 'Does the token have the permission annotations:write?'
    return [
      ...(outstanding > 0
        ? [
            term`${onStderr('yellow', 'not published')} ${outstanding} requests (${receiver}${why}). Next: matchday publish ${folder}`,
          ]
        : []),
      ...(refused > 0 ? [term`${onStderr('yellow', 'refused')} ${refused} requests (${receiver}${why}). ${next}`] : []),
    ]
  })

const REFUSED_NEXT =
  'Prometheus refuses all samples without --web.enable-remote-write-receiver, and samples older than its head block unless out_of_order_time_window allows them.'
