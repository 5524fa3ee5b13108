/** What a comparison and a search have alike before their first block. */
import type { Performance } from '../controller/perform.ts'
import type { SessionPorts } from '../controller/session.ts'
import type { Rehearsal } from '../domain/rehearsal.ts'
import type { ScriptFacts } from '../domain/script.ts'
import { exitCodes } from '../domain/verdict.ts'
import { blockIssues, steadyIssues } from '../plan/blocks.ts'
import { planTimeline } from '../plan/timeline.ts'
import { environmentOf } from './environment.ts'
import { BadInput } from './failure.ts'
import type { Inputs } from './inputs.ts'
import type { RunFolder } from './run-folder.ts'

/**
 * `rehearsal`: the part of the inputs that is performed. `touched`: what is changed in the cluster. @throws BadInput when the load cannot be planned
 * or the cluster lacks something
 */
export async function planSession(
  ports: SessionPorts,
  inputs: Inputs & { readonly facts: ScriptFacts },
  folder: RunFolder,
  k6: string,
  seed: number,
  rehearsal = inputs.rehearsal,
  touched: Pick<Rehearsal, 'faults' | 'actions'> = rehearsal,
): Promise<Performance> {
  const { target, facts } = inputs
  const unmeasured = [...blockIssues(rehearsal), ...steadyIssues(rehearsal, facts)]
  if (unmeasured.length > 0) throw new BadInput(unmeasured)
  const planned = planTimeline(rehearsal, target, { run: folder.run, seed }, facts)
  if (!planned.ok) throw new BadInput(planned.issues)
  const cluster = await ports.cluster?.cluster.identify()
  const problems = (await ports.cluster?.cluster.preflight({ ...rehearsal, ...touched }, target)) ?? []
  if (problems.length > 0) throw new BadInput(problems, exitCodes.environment)
  const environment = environmentOf(inputs, k6, seed, cluster)
  return { rehearsal, target, timeline: planned.value, facts, environment, folder: folder.path }
}
