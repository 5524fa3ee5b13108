import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { exitCodes, type Judgment } from '../../domain/verdict.ts'
import { historyPage, type PastRun, sparkline, trendsOf, trendValue } from '../../report/history.ts'
import { BadInput } from '../failure.ts'
import { aFolder, checkedArgument, checkedFlag, issueOfFlag, outputFlag, type ValueCheck } from '../flags.ts'
import { judgeFolder, writeWhole } from '../judging.ts'
import { listRuns, type RunListed } from '../runs.ts'
import { jsonText, print, term } from '../terminal.ts'
import { table } from '../verdict-text.ts'

type Flags = { readonly reports: string; readonly output: string }

const aName: ValueCheck = (written) =>
  /^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(written)
    ? undefined
    : {
        problem: `"${written}" is no name of a rehearsal.`,
        next: 'Give metadata.name of a rehearsal; matchday list shows the runs.',
      }

export function addHistory(root: Command, finish: (code: number) => void): void {
  root
    .command('history')
    .description('the runs of one rehearsal in order of time, and the trend of each objective')
    .addArgument(checkedArgument('[rehearsal]', 'name of the rehearsal (default: that of the newest run)', aName))
    .addOption(checkedFlag('--reports <folder>', 'folder with the runs', aFolder, 'reports'))
    .addOption(outputFlag())
    .addHelpText(
      'after',
      "\nThe page is history-REHEARSAL.html in the reports folder.\n\nExamples:\n  matchday history\n  matchday history psp-down-at-peak --reports ci-reports\n  matchday history --output json | jq -r '.trends[] | .sli'",
    )
    .action(async (name: string | undefined, flags: Flags) => finish(await history(name, flags)))
}

async function history(name: string | undefined, { reports, output }: Flags): Promise<number> {
  const listed = (await listRuns(reports)).filter(({ startedAt, folder }) => startedAt !== undefined && isRun(folder))
  const rehearsal = name ?? listed[0]?.rehearsal
  const wanted = listed.filter((each) => each.rehearsal === rehearsal).reverse()
  if (rehearsal === undefined || wanted.length === 0) {
    const known = [...new Set(listed.flatMap((each) => each.rehearsal ?? []))]
    const problem = name === undefined ? `${reports} holds no run.` : `${reports} holds no run of ${name}.`
    const next = known.length === 0 ? 'Run one, or give --reports.' : `It holds runs of ${known.join(', ')}.`
    throw new BadInput([issueOfFlag('rehearsal', { code: 'no-runs', problem, next })])
  }
  const runs: PastRun[] = []
  for (const each of wanted) runs.push(await pastRun(each))
  const page = join(reports, `history-${rehearsal}.html`)
  writeWhole(page, historyPage(rehearsal, runs))
  if (output === 'json') print(jsonText({ format: 1, rehearsal, page, runs: runs.map(brief), trends: trendsOf(runs) }))
  else tell(rehearsal, runs, page)
  return exitCodes.pass
}

/** Comparisons and searches for capacity have files of their own, and no verdict of a rehearsal. */
const isRun = (folder: string): boolean =>
  !existsSync(join(folder, 'comparison.json')) && !existsSync(join(folder, 'capacity.json'))

/** The verdict as it was written; a run that was never judged is judged now. */
async function pastRun({ folder, startedAt = 0 }: RunListed): Promise<PastRun> {
  const path = join(folder, 'verdict.json')
  const judgment: Judgment = existsSync(path)
    ? JSON.parse(readFileSync(path, 'utf8'))
    : (await judgeFolder(folder)).judgment
  return { folder, startedAt, judgment }
}

const brief = ({ folder, startedAt, judgment }: PastRun) => ({
  run: judgment.run,
  folder,
  startedAt,
  verdict: judgment.verdict.kind,
  summary: judgment.summary,
})

function tell(rehearsal: string, runs: readonly PastRun[], page: string): void {
  print(term`${rehearsal}: ${runs.length} runs, oldest first`)
  for (const line of table(
    trendsOf(runs).map((trend) => {
      const values = trend.points.map(({ value }) => value)
      const newest = trendValue(trend, values.at(-1))
      return [trend.sli, trend.objective, sparkline(values), `newest ${newest}`]
    }),
  ))
    print(line)
  for (const line of table(
    runs.map(({ startedAt, folder, judgment }) => [
      `${new Date(startedAt).toISOString().slice(0, 16).replace('T', ' ')} UTC`,
      judgment.verdict.kind,
      folder,
    ]),
  ))
    print(line)
  print(term`  ${page}`)
}
