/** `matchday judge --serve`: verdicts for delivery tools, until Ctrl-C. */
import type { KeyObject } from 'node:crypto'
import { existsSync, realpathSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Command } from 'commander'
import type { Issue } from '../../domain/issue.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { flagShapes, parseFlag } from '../../files/flags.ts'
import { systemClock } from '../clock.ts'
import { BadInput } from '../failure.ts'
import { aFolder, checkedFlag, checkedTogether, issueOfFlag, ofShape } from '../flags.ts'
import { stopSignal, stopsOnly } from '../stop-signal.ts'
import { onStdout, print, say, term } from '../terminal.ts'
import { aListen, LISTEN, parseListen, TOKEN_VARIABLE, tokenIssues } from './listen.ts'
import { createServedRuns } from './served-runs.ts'
import { serveVerdicts } from './server.ts'

export type ServeFlags = { readonly serve?: boolean; readonly listen: string; readonly maxAge: string }

const MAX_AGE = '1h'
const withoutServe = { problem: '--listen and --max-age are for --serve.', next: 'Add --serve, or leave them out.' }
const LISTEN_FLAG = '--listen <host:port>'

export function withServeFlags(command: Command): Command {
  return checkedTogether(command, serveIssues)
    .option('--serve', 'answer Argo Rollouts and Flagger over HTTP about this run, or the newest one below a folder')
    .addOption(
      checkedFlag(
        LISTEN_FLAG,
        `with --serve: where to listen; beyond this machine only with ${TOKEN_VARIABLE}`,
        aListen,
        LISTEN,
      ),
    )
    .addOption(
      checkedFlag(
        '--max-age <duration>',
        'with --serve: the newest run is inconclusive if it ended longer ago',
        ofShape(flagShapes.duration, '--max-age'),
        MAX_AGE,
      ),
    )
}

function serveIssues(flags: Readonly<Record<string, unknown>>): readonly Issue[] {
  const { serve, listen, maxAge, output } = flags
  if (serve !== true) return listen === LISTEN && maxAge === MAX_AGE ? [] : [issueOfFlag('--serve', withoutServe)]
  const address = typeof listen === 'string' ? parseListen(listen) : undefined
  const answers = { problem: '--serve prints no result: its answers are JSON over HTTP.', next: 'Leave out --output.' }
  return [
    ...(output === 'json' ? [issueOfFlag('--output', answers)] : []),
    ...(address === undefined ? [] : tokenIssues(address, process.env[TOKEN_VARIABLE])),
  ]
}

/** Without a folder: the newest run below `reports`. Returns the exit code. */
export async function serve(given: string | undefined, flags: ServeFlags, key: KeyObject | undefined): Promise<number> {
  const complaint = aFolder(given ?? 'reports')
  const age = parseFlag(flagShapes.duration, '--max-age', flags.maxAge)
  const listen = parseListen(flags.listen)
  if (complaint !== undefined) throw new BadInput([issueOfFlag('folder', complaint)])
  if (!age.ok || listen === undefined) throw new Error('a flag was not checked')
  // `latest` is a link that moves; what is served is the run that it names now.
  const folder = nearest(realpathSync(given ?? 'reports'))
  const runs = createServedRuns({ folder, maxAgeMs: age.value, ...(key === undefined ? {} : { key }) })
  const token = process.env[TOKEN_VARIABLE]
  const server = await serveVerdicts(runs, listen, {
    ...(token === undefined ? {} : { token }),
    now: () => systemClock.now(),
    answered: (line) => say(term`${line}`),
  })
  const signal = stopSignal(stopsOnly('the server ends.'))
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  const what = existsSync(join(folder, 'journal.ndjson')) ? `the run in ${folder}` : `the newest run below ${folder}`
  print(term`${onStdout('bold', server.url)} answers about ${what}${token === undefined ? '' : ', with a token'}`)
  print(term`  Argo Rollouts  ${server.url}/v1/verdict`)
  print(term`  Flagger        ${server.url}/v1/flagger/confirm and ${server.url}/v1/flagger/rollback`)
  print(term`Ctrl-C ends it. docs/how-to/gate-a-release.md has what to write there.`)
  await stopped
  await server.close()
  return exitCodes.pass
}

/** From here if it is below, else from the root. */
function nearest(path: string): string {
  const below = relative(process.cwd(), path)
  return below.startsWith('..') ? path : below || '.'
}
