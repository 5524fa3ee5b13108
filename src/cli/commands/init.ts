import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import type { Command } from 'commander'
import { K6_LIBRARY } from '../../adapters/k6/bundle-config.ts'
import { type Survey, surveyCluster } from '../../adapters/kubernetes/survey.ts'
import { EnvironmentError } from '../../controller/ports.ts'
import type { Issue } from '../../domain/issue.ts'
import { messageOf } from '../../domain/unknown.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { flagShapes } from '../../files/flags.ts'
import { labStatus } from '../../lab/lab.ts'
import { counted } from '../../report/words.ts'
import { type ClusterFlags, chooseCluster, contextOf, withContextFlags } from '../cluster-choice.ts'
import { BadInput } from '../failure.ts'
import { aFolderToWrite, checkedArgument, checkedFlag, ofShape, outputFlag } from '../flags.ts'
import { type FirstFiles, firstFiles, type InitFile } from '../init/files.ts'
import { stopSignal } from '../stop-signal.ts'
import { jsonText, onStdout, print, term } from '../terminal.ts'

type Flags = ClusterFlags & { readonly namespace?: string; readonly output: string }

export function addInit(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('init')
    .description(
      "write a target file, a rehearsal, a scenario and a fault for a cluster's own services; overwrites nothing",
    )
    .addArgument(checkedArgument('[folder]', 'where scenarios/ and chaos/ are made (default: here)', aFolderToWrite))
  withContextFlags(command)
    .addOption(
      checkedFlag(
        '-n, --namespace <name>',
        'namespace of the services (default: the one with a route, or with most workloads)',
        ofShape(flagShapes.namespace, '--namespace'),
      ),
    )
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nLines that need a decision are marked with DECIDE. So is what this login may not read.\n\nExamples:\n  matchday init --lab\n  matchday init --context NAME --namespace shop\n  matchday init rehearsals --context NAME --output json | jq .decisions',
    )
    .action(async (folder: string | undefined, flags: Flags) => finish(await init(folder ?? '.', flags)))
}

async function init(folder: string, flags: Flags): Promise<number> {
  const { api } = await chooseCluster({ ...flags, workload: '', overlay: [] }, false, stopSignal())
  const survey = await surveyCluster(api, flags.namespace)
  const labEntry = flags.lab ? await labEntryNow() : undefined
  const first =
    survey &&
    firstFiles(survey, {
      folder: relative(process.cwd(), folder) || '.',
      packageName: PACKAGE,
      ...(labEntry === undefined ? {} : { labEntry }),
    })
  if (survey === undefined || first === undefined) throw nothingFound(contextOf(flags), flags.namespace, survey)
  writeAll(first.files)
  if (flags.output === 'json') print(jsonText(jsonOf(survey, first)))
  else tell(survey, first, flags)
  return exitCodes.pass
}

/** The lab's ingress listens on one address of this machine. */
async function labEntryNow(): Promise<string> {
  const status = await labStatus()
  const place = status.kind === 'up' ? status.state.place : 0
  return `http://127.99.0.${place + 1}:8080`
}

/** The package whose folder in node_modules holds the editor's schemas: that of the library, also when the lab's package runs. */
const PACKAGE = K6_LIBRARY.slice(0, K6_LIBRARY.lastIndexOf('/'))

function nothingFound(context: string, namespace: string | undefined, survey: Survey | undefined): Error {
  const refused = survey?.unread.find(({ what }) => what === 'deployments')
  const where = namespace === undefined ? `context ${context}` : `namespace ${namespace} of context ${context}`
  if (refused !== undefined || (survey === undefined && namespace === undefined))
    return new EnvironmentError(
      `no workload of ${where} can be seen with this login`,
      'Name the namespace of your services with --namespace, or use a login that may list its deployments.',
    )
  return new EnvironmentError(
    `${where} has no Deployment or StatefulSet`,
    'Deploy your services first, or choose another namespace with --namespace.',
  )
}

/** All conflicts are named at once. If a file cannot be written, those before it are removed again. @throws BadInput */
function writeAll(files: readonly InitFile[]): void {
  const conflicts = files.filter(({ path }) => existsSync(path)).map(({ path }) => conflict(path))
  if (conflicts.length > 0) throw new BadInput(conflicts)
  const written: string[] = []
  try {
    for (const { path, text } of files) {
      mkdirSync(dirname(path), { recursive: true })
      // Fails where somebody made the file in the meantime.
      writeFileSync(path, text, { flag: 'wx' })
      written.push(path)
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true })
    throw new EnvironmentError(
      `the files cannot be written: ${messageOf(error)}`,
      'Nothing was left behind. Choose another folder: matchday init FOLDER',
      error,
    )
  }
}

const conflict = (path: string): Issue => ({
  at: { file: path, line: 0, column: 0 },
  code: 'file-exists',
  problem: 'this file exists already, and nothing is overwritten.',
  next: 'Move it away, or choose another folder: matchday init FOLDER',
})

function tell(survey: Survey, { rehearsal, files, decisions }: FirstFiles, flags: Flags): void {
  print(term`From namespace ${survey.namespace} of context ${survey.context}:`)
  for (const { path } of files) print(term`  ${onStdout('green', 'wrote')} ${path}`)
  for (const { what, namespace } of survey.unread)
    print(
      term`  ${onStdout('yellow', 'not read')} ${what} ${namespace === '' ? 'of all namespaces' : `of ${namespace}`}`,
    )
  print(term`\n${counted(decisions.length, 'line')} need a decision (DECIDE):`)
  for (const { file, line, question } of decisions) print(term`  ${file}:${line}  ${question}`)
  const cluster = flags.lab ? '--lab' : `--context ${survey.context}`
  print(
    term`\nNext: edit these lines, then\n  matchday plan ${rehearsal} ${cluster}\n  matchday check ${rehearsal} ${cluster}\n  matchday run ${rehearsal} ${cluster}`,
  )
}

function jsonOf({ context, namespace, unread }: Survey, { rehearsal, files, decisions }: FirstFiles) {
  return { format: 1, context, namespace, rehearsal, files: files.map(({ path }) => path), decisions, unread }
}
