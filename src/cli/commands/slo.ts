import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { openSloText } from '../../files/openslo/write.ts'
import { aFile, checkedArgument } from '../flags.ts'
import { readChosen, type TargetFlags, withTargetFlags } from '../target-choice.ts'
import { print, termLines } from '../terminal.ts'

export function addSlo(root: Command, finish: (code: number) => void): void {
  const slo = root.command('slo').description('objectives as OpenSLO documents')
  const command = slo
    .command('export')
    .description('write the objectives of a rehearsal as OpenSLO v1 documents')
    .addArgument(checkedArgument('<rehearsal>', 'a *.rehearsal.yaml', aFile))
  withTargetFlags(command, 'the series')
    .addHelpText(
      'after',
      `
Indicators that a Prometheus counts keep their series. Those that the load generator measures use the series that matchday publishes
(docs/how-to/publish-to-prometheus-and-grafana.md). Guardrails are not exported.

Examples:
  matchday slo export scenarios/psp-down-at-peak.rehearsal.yaml --context NAME
  matchday slo export shop.rehearsal.yaml --target targets/staging-eu.yaml > slos/shop.yaml`,
    )
    .action((file: string, flags: TargetFlags) => finish(exportSlos(file, flags)))
}

function exportSlos(file: string, flags: TargetFlags): number {
  const inputs = readChosen(file, flags)
  const text = openSloText(inputs.rehearsal, inputs.target)
  print(termLines(text.trimEnd()))
  return exitCodes.pass
}
