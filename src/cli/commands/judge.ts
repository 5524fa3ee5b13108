import type { Command } from 'commander'
import { tellGitHub } from '../github.ts'
import { judgeFolder, printJudgment, writeReports } from '../judging.ts'

/** `finish` takes the exit code. */
export function addJudge(root: Command, finish: (code: number) => void): void {
  root
    .command('judge')
    .description('judge a stored run again, from its journal alone, and render its reports')
    .argument('[folder]', 'folder of the run', 'reports/latest')
    .option('-o, --output <format>', 'text or json', 'text')
    .addHelpText(
      'after',
      '\nExamples:\n  matchday judge\n  matchday judge reports/psp-down-at-peak-20261123-201500 --output json | jq .verdict.kind',
    )
    .action(async (folder: string, flags: { output: string }) => {
      const judged = await judgeFolder(folder)
      await writeReports(folder, judged)
      printJudgment(judged.judgment, folder, flags.output)
      tellGitHub(judged, process.env)
      finish(judged.judgment.exitCode)
    })
}
