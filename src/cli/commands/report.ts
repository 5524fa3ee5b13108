import { join } from 'node:path'
import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { judgeFolder, writeReports } from '../judging.ts'
import { print, term } from '../terminal.ts'

export function addReport(root: Command, finish: (code: number) => void): void {
  root
    .command('report')
    .description('render the reports of a stored run (HTML, Markdown, JUnit, JSON) and print where they are')
    .argument('[folder]', 'folder of the run', 'reports/latest')
    .addHelpText('after', '\nExamples:\n  matchday report\n  xdg-open "$(matchday report | head -1)"')
    .action(async (folder: string) => {
      const judged = await judgeFolder(folder)
      await writeReports(folder, judged)
      for (const name of ['report.html', 'report.md', 'junit.xml', 'verdict.json']) print(term`${join(folder, name)}`)
      finish(exitCodes.pass)
    })
}
