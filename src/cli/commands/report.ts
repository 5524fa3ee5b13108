import { join } from 'node:path'
import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { outputFlag } from '../flags.ts'
import { judgeFolder, writeReports } from '../judging.ts'
import { jsonText, print, term } from '../terminal.ts'

export function addReport(root: Command, finish: (code: number) => void): void {
  root
    .command('report')
    .description('render the reports of a stored run (HTML, Markdown, JUnit, JSON) and print where they are')
    .argument('[folder]', 'folder of the run', 'reports/latest')
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nExamples:\n  matchday report\n  matchday report reports/psp-down-at-peak-20261123-201500\n  matchday report --output json | jq -r .reports.html',
    )
    .action(async (folder: string, flags: { output: string }) => {
      const judged = await judgeFolder(folder)
      await writeReports(folder, judged)
      const at = (name: string) => join(folder, name)
      const reports = {
        html: at('report.html'),
        markdown: at('report.md'),
        junit: at('junit.xml'),
        verdict: at('verdict.json'),
      }
      if (flags.output === 'json') print(jsonText({ format: 1, folder, reports }))
      else for (const path of Object.values(reports)) print(term`${path}`)
      finish(exitCodes.pass)
    })
}
