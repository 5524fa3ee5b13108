import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { authorizationOf } from '../../adapters/metrics/prometheus-server.ts'
import { EnvironmentError } from '../../controller/ports.ts'
import type { PublishTarget } from '../../domain/rehearsal.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { flagShapes, parseFlag } from '../../files/flags.ts'
import { publishStored } from '../../publish/publish-run.ts'
import { BadInput } from '../failure.ts'
import { checkedFlag, ofShape, outputFlag } from '../flags.ts'
import { readTargetFile } from '../inputs.ts'
import { isUnderWay } from '../notifications.ts'
import { publishForRun, unpublishedLines } from '../publish-child.ts'
import { targetOfRun } from '../run-target.ts'
import { jsonText, print, say, term } from '../terminal.ts'

type Flags = {
  readonly output: string
  readonly for?: string
  readonly target?: string
  readonly attached?: boolean
}

/** Longer than the wait at the end of a run, because a user asked for it. */
const GRACE = '30s'

export function addPublish(root: Command, finish: (code: number) => void): void {
  root
    .command('publish')
    .description('publish the series and annotations of a run that did not reach Prometheus or Grafana')
    .argument('[folder]', 'folder of the run', 'reports/latest')
    .addOption(checkedFlag('--for <duration>', 'how long to try (default: 30s)', ofShape(flagShapes.duration, '--for')))
    .option('--target <file>', 'target file whose `publish` is used (default: the one that the run had)')
    .addOption(outputFlag())
    .addOption(new Option('--attached', 'started by `matchday run`').hideHelp())
    .addHelpText(
      'after',
      `
\`matchday run\` publishes itself while it runs, where the target file says \`publish:\`. What arrived is not sent again.

Examples:
  matchday publish
  matchday publish reports/psp-down-at-peak-20261123-201500 --for 5m
  matchday publish reports/latest --target scenarios/targets/lab.yaml --output json`,
    )
    .action(async (folder: string, flags: Flags) => finish(await publish(folder, flags)))
}

async function publish(folder: string, flags: Flags): Promise<number> {
  if (flags.attached) return publishForRun(folder)
  if (!existsSync(join(folder, 'journal.ndjson')))
    throw new EnvironmentError(`${folder} holds no journal`, 'Give the folder of a run in reports/.')
  if (await isUnderWay(folder))
    throw new EnvironmentError(`the run in ${folder} is under way`, 'It publishes by itself.')
  const published = await publishStored(folder, await placesOf(folder, flags), authorizationOf, graceOf(flags))
  if (flags.output === 'json') print(jsonText({ format: 1, folder, receivers: published }))
  else for (const { receiver, sent } of published) say(term`${receiver}: ${sent} requests delivered`)
  for (const line of unpublishedLines(folder, published)) say(line)
  const isIncomplete = published.some(({ outstanding, refused }) => outstanding + refused > 0)
  return isIncomplete ? exitCodes.environment : exitCodes.pass
}

async function placesOf(folder: string, { target }: Flags): Promise<PublishTarget> {
  const read = target === undefined ? await targetOfRun(folder, 1) : readTargetFile(target)
  if (read?.publish !== undefined) return read.publish
  const problem = `${target ?? 'the target file of this run'} says nowhere to publish to`
  throw new EnvironmentError(
    problem,
    'Add publish: {remoteWrite: {url: …}} to a target file and name it with --target.',
  )
}

function graceOf(flags: Flags): number {
  const parsed = parseFlag(flagShapes.duration, '--for', flags.for ?? GRACE)
  if (!parsed.ok) throw new BadInput(parsed.issues)
  return parsed.value
}
