import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { clock } from '../../report/words.ts'
import { aFolder, checkedArgument, outputFlag } from '../flags.ts'
import { listRuns, type RunListed } from '../runs.ts'
import { jsonText, onStdout, print, say, type TerminalText, term } from '../terminal.ts'
import { table } from '../verdict-text.ts'

export function addList(root: Command, finish: (code: number) => void): void {
  root
    .command('list')
    .description('the runs below a reports folder, newest first: when, rehearsal, verdict, duration')
    .addArgument(checkedArgument('[folder]', 'folder with the runs', aFolder).default('reports'))
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nExamples:\n  matchday list\n  matchday list ci-reports --output json | jq -r \'.runs[] | select(.verdict == "fail") | .folder\'',
    )
    .action(async (folder: string, flags: { output: string }) => {
      const runs = await listRuns(folder)
      if (flags.output === 'json') print(jsonText({ format: 1, folder, runs }))
      else if (runs.length === 0) say(term`no run in ${folder}`)
      else for (const line of table(runs.map(cells))) print(line)
      finish(exitCodes.pass)
    })
}

const colours: Readonly<Record<string, 'green' | 'red' | 'yellow'>> = { pass: 'green', fail: 'red' }

const cells = ({
  run,
  rehearsal,
  startedAt,
  durationMs,
  verdict,
  folder,
}: RunListed): readonly (string | TerminalText)[] => [
  startedAt === undefined ? '-' : `${new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
  rehearsal ?? run,
  verdict === undefined ? onStdout('dim', 'not judged') : onStdout(colours[verdict] ?? 'yellow', verdict),
  durationMs === undefined ? '-' : clock(durationMs / 1000),
  folder,
]
