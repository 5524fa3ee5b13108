import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Command, Option } from 'commander'
import { EnvironmentError } from '../../controller/ports.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { flagShapes, parseFlag } from '../../files/flags.ts'
import { BadInput } from '../failure.ts'
import { checkedFlag, ofShape, outputFlag } from '../flags.ts'
import { configuredWebhooks, deliverOutstanding, isUnderWay, outstandingLines } from '../notifications.ts'
import { notifyForRun } from '../notify-child.ts'
import { jsonText, print, say, term } from '../terminal.ts'

type Flags = { readonly output: string; readonly for?: string; readonly attached?: boolean }

/** Longer than the end of a run waits: somebody asked for it. */
const GRACE = '30s'

export function addNotify(root: Command, finish: (code: number) => void): void {
  root
    .command('notify')
    .description('deliver the notifications of a run that did not reach their webhook')
    .argument('[folder]', 'folder of the run', 'reports/latest')
    .addOption(checkedFlag('--for <duration>', 'how long to try (default: 30s)', ofShape(flagShapes.duration, '--for')))
    .addOption(outputFlag())
    .addOption(new Option('--attached', 'started by `matchday run`').hideHelp())
    .addHelpText(
      'after',
      `
\`matchday run\` sends them itself while it runs. Their addresses are secrets and come from the environment:
  MATCHDAY_WEBHOOK_URL     CloudEvents 1.0 as JSON       MATCHDAY_SLACK_URL    a text, for Slack and what reads its form
  MATCHDAY_WEBHOOK_SECRET  signs the events (whsec_…)    …_FILE                each can be the path of a file instead

Examples:
  matchday notify
  matchday notify reports/psp-down-at-peak-20261123-201500 --for 5m
  MATCHDAY_SLACK_URL_FILE=/run/secrets/slack matchday notify reports/latest --output json`,
    )
    .action(async (folder: string, flags: Flags) => finish(await notify(folder, flags)))
}

async function notify(folder: string, flags: Flags): Promise<number> {
  if (flags.attached) return notifyForRun(folder)
  const webhooks = configuredWebhooks()
  if (webhooks.length === 0)
    throw new EnvironmentError('no webhook is configured', 'Set MATCHDAY_WEBHOOK_URL or MATCHDAY_SLACK_URL.')
  if (!existsSync(join(folder, 'journal.ndjson')))
    throw new EnvironmentError(`${folder} holds no journal`, 'Give the folder of a run in reports/.')
  if (await isUnderWay(folder))
    throw new EnvironmentError(`the run in ${folder} is under way`, 'It sends its notifications itself.')
  const delivered = await deliverOutstanding(folder, webhooks, graceOf(flags))
  if (flags.output === 'json') print(jsonText({ format: 1, folder, webhooks: delivered }))
  else for (const { form, sent } of delivered) say(term`${form}: ${sent} delivered`)
  for (const line of outstandingLines(folder, delivered)) say(line)
  return delivered.some(({ outstanding }) => outstanding > 0) ? exitCodes.environment : exitCodes.pass
}

function graceOf(flags: Flags): number {
  const parsed = parseFlag(flagShapes.duration, '--for', flags.for ?? GRACE)
  if (!parsed.ok) throw new BadInput(parsed.issues)
  return parsed.value
}
