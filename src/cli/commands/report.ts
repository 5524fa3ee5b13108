import { join } from 'node:path'
import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { judgedAgain } from '../capacity-folder.ts'
import { judgeComparison, writeComparison } from '../comparing.ts'
import { outputFlag } from '../flags.ts'
import { judgeFolder, writeReports } from '../judging.ts'
import { sessionIn } from '../session-kind.ts'
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
      const reports = await reportsOf(folder)
      if (flags.output === 'json') print(jsonText({ format: 1, folder, reports }))
      else for (const path of Object.values(reports)) print(term`${path}`)
      finish(exitCodes.pass)
    })
}

async function reportsOf(folder: string): Promise<Readonly<Record<string, string>>> {
  switch (await sessionIn(folder)) {
    case 'compare':
      return ofComparison(folder)
    case 'capacity':
      await judgedAgain(folder)
      return { html: join(folder, 'capacity.html'), verdict: join(folder, 'capacity.json') }
    case undefined:
      return ofRun(folder)
  }
}

async function ofRun(folder: string): Promise<Readonly<Record<string, string>>> {
  await writeReports(folder, await judgeFolder(folder))
  const at = (name: string) => join(folder, name)
  return { html: at('report.html'), markdown: at('report.md'), junit: at('junit.xml'), verdict: at('verdict.json') }
}

/** A comparison has no verdict of a rehearsal: judging it as a run would say nonsense. */
async function ofComparison(folder: string): Promise<Readonly<Record<string, string>>> {
  const [html = '', markdown = '', junit = '', verdict = ''] = writeComparison(folder, await judgeComparison(folder))
  return { html, markdown, junit, verdict }
}
