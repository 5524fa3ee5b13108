import type { Command } from 'commander'
import type { Timeline } from '../../domain/timeline.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { admitTimeline } from '../../plan/blast-radius.ts'
import { describePlan } from '../../plan/describe.ts'
import type { Inventory } from '../../plan/inventory.ts'
import { renderPlan } from '../../plan/render.ts'
import { planTimeline } from '../../plan/timeline.ts'
import { type ClusterFlags, chooseCluster, contextOf, withClusterFlags } from '../cluster-choice.ts'
import { BadInput } from '../failure.ts'
import { type Inputs, readInputs } from '../inputs.ts'
import { stopSignal } from '../stop-signal.ts'
import { print } from '../terminal.ts'
import { clusterPortsOf } from '../wiring.ts'

type Flags = ClusterFlags & { readonly output: string; readonly offline?: boolean }

export function addPlan(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('plan')
    .description('what a run would do, and the blast radius against live pods; touches nothing')
    .argument('<rehearsal>', 'a *.rehearsal.yaml')
  withClusterFlags(command)
    .option('--offline', 'without a cluster: the timeline only')
    .option('-o, --output <format>', 'text or json', 'text')
    .addHelpText(
      'after',
      '\nExamples:\n  matchday plan scenarios/psp-down-at-peak.rehearsal.yaml --lab --offline\n  matchday plan scenarios/psp-down-at-peak.rehearsal.yaml --context staging-eu',
    )
    .action(async (file: string, flags: Flags) => finish(await plan(file, flags)))
}

async function plan(file: string, flags: Flags): Promise<number> {
  const inputs = readInputs(file, contextOf(flags), flags.target)
  const planned = planTimeline(inputs.rehearsal, inputs.target, { run: 'plan', seed: 1 })
  if (!planned.ok) throw new BadInput(planned.issues)
  const inventory = flags.offline ? undefined : await inventoryOf(inputs, planned.value, flags)
  const admissions = inventory && admitTimeline(planned.value, inputs.rehearsal, inputs.target, inventory)
  const description = describePlan({ ...inputs, timeline: planned.value, ...(admissions ? { admissions } : {}) })
  print(flags.output === 'json' ? JSON.stringify(description, undefined, 2) : renderPlan(description))
  const refused = [...(admissions?.values() ?? [])].flatMap((each) => [...each.problems])
  if (refused.length > 0) throw new BadInput(refused)
  return exitCodes.pass
}

/** Everything that some fault or action may reach. */
async function inventoryOf({ target }: Inputs, { faults, actions }: Timeline, flags: Flags): Promise<Inventory> {
  const { api } = await chooseCluster({ ...flags, workload: '', overlay: [] }, false, stopSignal())
  const ports = clusterPortsOf(api)
  const parts: readonly Inventory[] = await Promise.all([
    ...faults.map((fault) => ports.faults.inventory(target, fault)),
    ...actions.map((action) => ports.actions.inventory(target, action)),
  ])
  const unique = <T extends Named>(items: readonly T[]): T[] => [
    ...new Map(
      items.map((item) => [[item.kind, item.metadata?.namespace, item.metadata?.name].join('/'), item]),
    ).values(),
  ]
  return {
    pods: unique(parts.flatMap((part) => [...part.pods])),
    nodes: unique(parts.flatMap((part) => [...part.nodes])),
    workloads: unique(parts.flatMap((part) => [...(part.workloads ?? [])])),
  }
}

type Named = { readonly kind?: string; readonly metadata?: { readonly name?: string; readonly namespace?: string } }
