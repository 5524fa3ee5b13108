import type { Command } from 'commander'
import { stringify } from 'yaml'
import { testRunOf } from '../../adapters/k6/runners/test-run.ts'
import type { Issue } from '../../domain/issue.ts'
import { secretVariables } from '../../domain/rehearsal.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { flagShapes } from '../../files/flags.ts'
import { planTimeline } from '../../plan/timeline.ts'
import { BadInput } from '../failure.ts'
import {
  aFile,
  checkedArgument,
  checkedFlag,
  checkedTogether,
  issueOfFlag,
  ofShape,
  type ValueCheck,
} from '../flags.ts'
import { scriptFacts } from '../script-facts.ts'
import { seedOf } from '../seed.ts'
import { stopSignal } from '../stop-signal.ts'
import { readChosen, type TargetFlags, withTargetFlags } from '../target-choice.ts'
import { print, say, term, termLines } from '../terminal.ts'
import { findTool } from '../tools.ts'
import { k6Settings } from '../wiring.ts'

type Flags = TargetFlags & { readonly remoteWrite: string; readonly seed?: string }

export function addLoad(root: Command, finish: (code: number) => void): void {
  const load = root.command('load').description('the load of a rehearsal for other tools')
  const command = load
    .command('export')
    .description('write the load as a TestRun for k6-operator, with its script in a ConfigMap')
    .addArgument(checkedArgument('<rehearsal>', 'a *.rehearsal.yaml', aFile))
  withTargetFlags(checkedTogether(command, missing), 'the load')
    .option('--testrun', 'output format: objects for k6-operator 1.6 or later')
    .addOption(
      checkedFlag(
        '--remote-write <url>',
        'remote-write URL of the Prometheus that receives the metrics of the runners',
        aRemoteWrite,
      ),
    )
    .addOption(
      checkedFlag(
        '--seed <number>',
        "seed of the players' choices (default: REHEARSAL_SEED, or a new one)",
        ofShape(flagShapes.seed, '--seed'),
      ),
    )
    .addHelpText(
      'after',
      `
For teams that must use k6-operator. It performs setup and teardown in each runner, starts the runners one after the other, and gives no verdict: read the
result from the Prometheus. \`matchday run\` with load in the target file needs no operator (docs/how-to/load-from-the-cluster.md).

Examples:
  matchday load export scenarios/derby-day.rehearsal.yaml --testrun --context NAME --remote-write http://prometheus.monitoring:9090/api/v1/write > testrun.yaml
  kubectl apply -f testrun.yaml`,
    )
    .action(async (file: string, flags: Flags) => finish(await exportLoad(file, flags)))
}

const REMOTE_WRITE = 'Say --remote-write http://prometheus.monitoring:9090/api/v1/write.'

const aRemoteWrite: ValueCheck = (written) =>
  /^https?:\/\/\S+$/.test(written)
    ? undefined
    : { problem: `${JSON.stringify(written)} is not an http URL.`, next: REMOTE_WRITE }

function missing({ testrun, remoteWrite }: Readonly<Record<string, unknown>>): readonly Issue[] {
  const without = (flag: string, problem: string, next: string) =>
    issueOfFlag(flag, { code: 'missing-key', problem, next })
  return [
    ...(testrun ? [] : [without('--testrun', 'no output format was chosen.', 'Say --testrun.')]),
    ...(remoteWrite === undefined
      ? [without('--remote-write', 'there is no URL for the metrics of the runners.', REMOTE_WRITE)]
      : []),
  ]
}

async function exportLoad(file: string, flags: Flags): Promise<number> {
  const inputs = readChosen(file, flags)
  const { rehearsal, target } = inputs
  const { load } = target
  if (load === undefined) {
    const at = { file: target.file, line: 0, column: 0 }
    throw new BadInput([
      { at, code: 'missing-key', problem: 'spec has no "load".', next: 'Add load: {runners: 3} to the target file.' },
    ])
  }
  const { path: binary } = await findTool('k6', stopSignal())
  const facts = await scriptFacts(binary, inputs)
  // k6-operator adds suffixes to it. A name that was cut must not end with a hyphen.
  const name = `matchday-${rehearsal.name}`.slice(0, 40).replace(/-+$/, '')
  const planned = planTimeline(rehearsal, target, { run: name, seed: seedOf(flags) }, facts)
  if (!planned.ok) throw new BadInput(planned.issues)
  const { cacheFolder } = k6Settings(binary)
  const credentials = Object.keys(target.credentials ?? {})
  const objects = await testRunOf({
    ...{ binary, cacheFolder, script: rehearsal.load.script, plan: planned.value.load, load, name },
    ...{ remoteWrite: flags.remoteWrite, credentials, withheld: secretVariables(target) },
  })
  const text = objects.map((each) => stringify(each, { lineWidth: 0, aliasDuplicateObjects: false })).join('---\n')
  print(termLines(text.trimEnd()))
  if (credentials.length > 0)
    say(term`the script also reads ${credentials.join(', ')}: add them to spec.runner.envFrom from a Secret`)
  return exitCodes.pass
}
