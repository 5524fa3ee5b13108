import type { Command } from 'commander'
import type { Issue } from '../../domain/issue.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { openSloText } from '../../files/openslo/write.ts'
import { aFile, checkedArgument, checkedFlag, checkedTogether, issueOfFlag } from '../flags.ts'
import { readInputs, readTargetFile } from '../inputs.ts'
import { print, termLines } from '../terminal.ts'

type Flags = { readonly context?: string; readonly target?: string }

export function addSlo(root: Command, finish: (code: number) => void): void {
  const slo = root.command('slo').description('objectives as OpenSLO documents')
  const command = slo
    .command('export')
    .description('write the objectives of a rehearsal as OpenSLO v1 documents')
    .addArgument(checkedArgument('<rehearsal>', 'a *.rehearsal.yaml', aFile))
  checkedTogether(command, noTarget)
    .option(
      '--context <name>',
      'kube context whose target file has the series (targets/NAME.yaml beside the rehearsal)',
    )
    .addOption(checkedFlag('--target <file>', 'target file with the series', aFile))
    .addHelpText(
      'after',
      `
Indicators that a Prometheus counts keep their series. Those that the load generator measures use the series that matchday publishes
(docs/how-to/publish-to-prometheus-and-grafana.md). Guardrails are not exported.

Examples:
  matchday slo export scenarios/psp-down-at-peak.rehearsal.yaml --context NAME
  matchday slo export shop.rehearsal.yaml --target targets/staging-eu.yaml > slos/shop.yaml`,
    )
    .action((file: string, flags: Flags) => finish(exportSlos(file, flags)))
}

function noTarget({ context, target }: Readonly<Record<string, unknown>>): readonly Issue[] {
  if (context !== undefined || target !== undefined) return []
  const next = 'Say --context NAME, or --target FILE.'
  return [issueOfFlag('--target', { code: 'no-cluster', problem: 'no target file was chosen.', next })]
}

function exportSlos(file: string, { context, target }: Flags): number {
  const chosen = context ?? readTargetFile(target ?? '').context
  const inputs = readInputs(file, chosen, target)
  const text = openSloText(inputs.rehearsal, inputs.target)
  print(termLines(text.trimEnd()))
  return exitCodes.pass
}
