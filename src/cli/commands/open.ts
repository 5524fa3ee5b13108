import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'
import { EnvironmentError } from '../../controller/ports.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { outputFlag } from '../flags.ts'
import { judgeFolder, writeReports } from '../judging.ts'
import { runFolders } from '../run-folder.ts'
import { jsonText, print, say, term } from '../terminal.ts'

const REPORTS = 'reports'

export function addOpen(root: Command, finish: (code: number) => void): void {
  root
    .command('open')
    .description("show a run's report in the browser; prints its path where there is no display")
    .argument('[folder]', 'folder of the run (default: the newest one in reports/)')
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nThe variable BROWSER names another program to show it.\n\nExamples:\n  matchday open\n  matchday open reports/psp-down-at-peak-20261123-201500\n  matchday open --output json | jq -r .report',
    )
    .action(async (folder: string | undefined, flags: { output: string }) => {
      const report = await reportOf(folder ?? newest())
      const opened = await shown(report, process.env)
      if (flags.output === 'json') print(jsonText({ format: 1, report, opened }))
      else print(term`${report}`)
      if (!opened && flags.output !== 'json') say(term`There is no display here: open this file in a browser.`)
      finish(exitCodes.pass)
    })
}

function newest(): string {
  const [folder] = runFolders(REPORTS)
  if (folder !== undefined) return folder
  throw new EnvironmentError(`there is no run in ${REPORTS}`, 'Run a rehearsal first, or name the folder of a run.')
}

/** A run that was killed has a journal, and its report is drawn now. */
async function reportOf(folder: string): Promise<string> {
  const report = join(folder, 'report.html')
  if (!existsSync(report)) await writeReports(folder, await judgeFolder(folder))
  return report
}

/** False where there is nothing to show it with. */
async function shown(report: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  const command = browserOf(env)
  if (command === undefined) return false
  const [program, ...parameters] = command
  const child = spawn(program, [...parameters, report], { stdio: 'ignore', detached: true })
  const { promise, resolve } = Promise.withResolvers<boolean>()
  child.once('error', () => resolve(false))
  child.once('spawn', () => resolve(true))
  child.unref()
  return promise
}

function browserOf(env: NodeJS.ProcessEnv): readonly [string, ...string[]] | undefined {
  if (env.BROWSER) return [env.BROWSER]
  if (process.platform === 'darwin') return ['open']
  if (process.platform === 'win32') return ['cmd', '/c', 'start', '']
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : undefined
}
