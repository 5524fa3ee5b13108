import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { EnvironmentError } from '../../controller/ports.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { flagShapes, parseFlag } from '../../files/flags.ts'
import { watchRun } from '../../live/watch-run.ts'
import { BadInput } from '../failure.ts'
import { checkedFlag, ofShape, outputFlag } from '../flags.ts'
import { watchForRun } from '../live-child.ts'
import { stopSignal, stopsOnly } from '../stop-signal.ts'
import { jsonText, onStdout, print, say, term } from '../terminal.ts'

type Flags = { readonly port?: string; readonly speed?: string; readonly attached?: boolean; readonly output: string }

export function addLive(root: Command, finish: (code: number) => void): void {
  root
    .command('live')
    .description('show a run in the browser: one under way as it grows, or a stored one')
    .argument('[folder]', 'folder of the run', 'reports/latest')
    .addOption(
      checkedFlag('--port <number>', 'port on 127.0.0.1 (default: a free one)', ofShape(flagShapes.port, '--port')),
    )
    .addOption(
      checkedFlag(
        '--speed <factor>',
        'replay a stored run this many times as fast',
        ofShape(flagShapes.speed, '--speed'),
      ),
    )
    .addOption(outputFlag())
    .addOption(new Option('--attached', 'started by `matchday run --live`').hideHelp())
    .addHelpText(
      'after',
      '\nExamples:\n  matchday live\n  matchday live reports/psp-down-at-peak-20261123-201500 --speed 10\n  matchday live --port 7070      # then, from another machine: ssh -L 7070:127.0.0.1:7070 HOST\n  matchday live --output json    # one line with both addresses, then the page is served until Ctrl-C',
    )
    .action(async (folder: string, flags: Flags) => finish(await live(folder, flags)))
}

async function live(folder: string, flags: Flags): Promise<number> {
  const journal = join(folder, 'journal.ndjson')
  if (!existsSync(journal))
    throw new EnvironmentError(
      `${journal} does not exist`,
      'Give the folder of a run in reports/, or start one with `matchday run … --live`.',
    )
  const port = numberOf('--port', 'port', flags.port) ?? 0
  const speed = numberOf('--speed', 'speed', flags.speed)
  const watching = { folder, journal, port, ...(speed === undefined ? {} : { speed }) }
  if (flags.attached) return watchForRun(watching)

  const signal = stopSignal(stopsOnly('the page ends; the run goes on.'))
  const watched = await watchRun(watching)
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  if (flags.output === 'json') {
    print(jsonText({ format: 1, folder, state: watched.state, urls: watched.urls }))
    say(term`Ctrl-C ends the page, not the run.`)
  } else {
    print(term`${onStdout('bold', watched.urls.act)}  (may write notes and stop the run)`)
    print(term`${watched.urls.watch}  (reads only, for a shared screen)`)
    print(term`Ctrl-C ends the page, not the run.`)
  }
  // A journal that cannot be read any further is an error; its end is not.
  await Promise.race([stopped, watched.over.then(() => stopped)])
  await watched.close()
  return exitCodes.pass
}

function numberOf(flag: string, shape: 'port' | 'speed', written: string | undefined): number | undefined {
  if (written === undefined) return undefined
  const parsed = parseFlag(flagShapes[shape], flag, written)
  if (!parsed.ok) throw new BadInput(parsed.issues)
  return parsed.value
}
