import type { Command } from 'commander'
import { missingObjects } from '../../adapters/kubernetes/preflight.ts'
import { lookAtAlerts } from '../../controller/alert-sight.ts'
import { measuredIn } from '../../domain/indicators.ts'
import type { ScriptFacts } from '../../domain/script.ts'
import type { Timeline } from '../../domain/timeline.ts'
import { exitCodes } from '../../domain/verdict.ts'
import type { Admission } from '../../plan/blast-radius.ts'
import { describePlan } from '../../plan/describe.ts'
import { renderPlan } from '../../plan/render.ts'
import { planTimeline } from '../../plan/timeline.ts'
import { visibleIn } from '../../report/escape/visible.ts'
import { admissionsOf } from '../admissions.ts'
import { type ClusterFlags, chooseCluster, contextOf, withClusterFlags } from '../cluster-choice.ts'
import { BadInput } from '../failure.ts'
import { outputFlag } from '../flags.ts'
import { type Inputs, readInputs } from '../inputs.ts'
import { scriptFacts } from '../script-facts.ts'
import { stopSignal } from '../stop-signal.ts'
import { jsonText, print, termLines } from '../terminal.ts'
import { findTool } from '../tools.ts'
import { clusterPortsOf } from '../wiring.ts'

type Flags = ClusterFlags & { readonly output: string; readonly offline?: boolean }

export function addPlan(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('plan')
    .description('what a run would do, and the blast radius against live pods; touches nothing')
    .argument('<rehearsal>', 'a *.rehearsal.yaml')
  withClusterFlags(command)
    .option('--offline', 'without a cluster: the timeline only')
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nExamples:\n  matchday plan scenarios/psp-down-at-peak.rehearsal.yaml --lab --offline\n  matchday plan scenarios/psp-down-at-peak.rehearsal.yaml --context NAME\n  matchday plan scenarios/derby-day.rehearsal.yaml --lab --output json | jq .faults',
    )
    .action(async (file: string, flags: Flags) => finish(await plan(file, flags)))
}

async function plan(file: string, flags: Flags): Promise<number> {
  const inputs = readInputs(file, contextOf(flags), flags.target)
  const signal = stopSignal()
  const facts = await factsFor(inputs, signal)
  const planned = planTimeline(inputs.rehearsal, inputs.target, { run: 'plan', seed: 1 }, facts)
  if (!planned.ok) throw new BadInput(planned.issues)
  const admissions = flags.offline ? undefined : await admittedNow(inputs, planned.value, flags, signal)
  const description = describePlan({
    ...inputs,
    at: Date.now(),
    timeline: planned.value,
    ...(admissions ? { admissions } : {}),
  })
  // The plan's text has several lines; a name has one.
  print(flags.output === 'json' ? jsonText(description) : termLines(renderPlan(visibleIn(description))))
  const refused = [...(admissions?.values() ?? [])].flatMap((each) => [...each.problems])
  if (refused.length > 0) throw new BadInput(refused)
  return exitCodes.pass
}

/** The load or the indicators are the script's: then k6 is asked. Otherwise a plan needs no k6. */
async function factsFor(inputs: Inputs, signal: AbortSignal): Promise<ScriptFacts | undefined> {
  const { load, slis } = inputs.rehearsal
  if (!load.own && Object.keys(measuredIn(slis)).length === 0) return undefined
  const k6 = await findTool('k6', signal)
  return scriptFacts(k6.path, inputs)
}

async function admittedNow(
  inputs: Inputs,
  timeline: Timeline,
  flags: Flags,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Admission>> {
  const { api } = await chooseCluster({ ...flags, workload: '', overlay: [] }, false, signal)
  const ports = clusterPortsOf(api)
  await ports.cluster.identify()
  const missing = await missingObjects(api, inputs.rehearsal, inputs.target)
  const alerts = await lookAtAlerts(ports, inputs.target, inputs.rehearsal)
  const issues = [...missing, ...alerts.flatMap(({ issue }) => issue ?? [])]
  if (issues.length > 0) throw new BadInput(issues, exitCodes.environment)
  return admissionsOf(ports, inputs, timeline)
}
