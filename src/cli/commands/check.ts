import type { Command } from 'commander'
import { type Need, permission, unique } from '../../adapters/kubernetes/permission.ts'
import { needsOfWants } from '../../adapters/kubernetes/preflight.ts'
import { EnvironmentError } from '../../controller/ports.ts'
import { postureLists } from '../../controller/posture.ts'
import type { SourcePoint } from '../../domain/issue.ts'
import { type PostureWant, postureWants } from '../../domain/posture.ts'
import type { Rehearsal, Target } from '../../domain/rehearsal.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { chooseAmong } from '../../files/did-you-mean.ts'
import { sortFindings } from '../../judge/findings/findings.ts'
import { judgeWant } from '../../judge/posture/posture.ts'
import { objectsListed } from '../../judge/seen/listed.ts'
import type { KubernetesApi } from '../../protocols/kubernetes/api.ts'
import { type Check, checkText, QUESTIONS } from '../check-text.ts'
import { systemClock } from '../clock.ts'
import { type ClusterFlags, chooseCluster, contextOf, withClusterFlags } from '../cluster-choice.ts'
import { BadInput } from '../failure.ts'
import { readInputs, readTarget } from '../inputs.ts'
import { stopSignal } from '../stop-signal.ts'
import { columnsOf, jsonText, onStdout, print, term } from '../terminal.ts'
import { clusterPortsOf } from '../wiring.ts'

type Flags = ClusterFlags & {
  readonly namespace?: readonly string[]
  readonly want?: readonly string[]
  readonly output: string
}

export function addCheck(root: Command, finish: (code: number) => void): void {
  const command = root
    .command('check')
    .description("judge a target's objects by the release checklist, without load; touches nothing")
    .argument('[rehearsal]', 'a *.rehearsal.yaml whose permissions and objects are asked for too')
  withClusterFlags(command)
    .option(
      '-n, --namespace <names...>',
      "namespaces to look at (default: those of the rehearsal's posture, or the target's)",
    )
    .option(
      '--want <wants...>',
      `what to judge (default: what the rehearsal's posture wants, or everything): ${postureWants.join(', ')}`,
    )
    .option('-o, --output <format>', 'text or json', 'text')
    .addHelpText(
      'after',
      '\nExit code 0: nothing found, 1: something is amiss, 5: the cluster or a permission is missing.\n\nExamples:\n  matchday check --lab\n  matchday check scenarios/release-smoke.rehearsal.yaml --context staging-eu\n  matchday check --context staging-eu --namespace casino --want default-deny pinned-images --output json',
    )
    .action(async (file: string | undefined, flags: Flags) => finish(await check(file, flags)))
}

async function check(file: string | undefined, flags: Flags): Promise<number> {
  const context = contextOf(flags)
  const named = flags.want?.map(wantNamed)
  const inputs: Inputs =
    file === undefined ? { target: readTarget(context, flags.target) } : readInputs(file, context, flags.target)
  const wants = named ?? wantsOf(inputs)
  const namespaces = flags.namespace ?? namespacesOf(inputs)
  const { api } = await chooseCluster({ ...flags, workload: '', overlay: [] }, false, stopSignal())
  await refuseIfBlind(api, inputs, namespaces, wants)
  const seen = await look(api, namespaces, wants)
  print(
    flags.output === 'json'
      ? jsonText(jsonOf(context, seen))
      : term.join(checkText(seen, onStdout, columnsOf(process.stdout))),
  )
  return seen.posture.every((each) => each.held) ? exitCodes.pass : exitCodes.fail
}

type Inputs = { readonly target: Target; readonly rehearsal?: Rehearsal }

const posturesOf = ({ rehearsal }: Inputs) =>
  rehearsal?.expectations.flatMap((each) => (each.kind === 'posture' ? [each] : [])) ?? []

function namespacesOf(inputs: Inputs): readonly string[] {
  const wanted = posturesOf(inputs).flatMap(({ namespaces }) => namespaces)
  return wanted.length > 0 ? [...new Set(wanted)] : [inputs.target.namespace]
}

/** What the rehearsal would judge; everything where it says nothing of it. */
function wantsOf(inputs: Inputs): readonly PostureWant[] {
  const wanted = new Set(posturesOf(inputs).flatMap(({ wants }) => wants))
  return wanted.size > 0 ? postureWants.filter((each) => wanted.has(each)) : postureWants
}

function wantNamed(written: string): PostureWant {
  const want = postureWants.find((known) => known === written)
  if (want !== undefined) return want
  const at: SourcePoint = { file: '--want', line: 0, column: 0 }
  const next = chooseAmong(written, postureWants, 'wants')
  throw new BadInput([{ at, code: 'wrong-value', problem: `there is no want "${written}".`, next }])
}

/** Every permission that is missing, and with a rehearsal everything that would keep it from running, at once. */
async function refuseIfBlind(
  api: KubernetesApi,
  { target, rehearsal }: Inputs,
  namespaces: readonly string[],
  wants: readonly PostureWant[],
): Promise<void> {
  const at: SourcePoint = { file: target.file, line: 0, column: 0 }
  const { cluster } = clusterPortsOf(api)
  // First, since it says in one sentence when nobody answers at all.
  await cluster.identify()
  const needs = unique(namespaces.flatMap((namespace): readonly Need[] => needsOfWants(namespace, wants, at)))
  const issues = [
    ...(await Promise.all(needs.map((need) => permission(api, need)))).filter((each) => each !== undefined),
    ...(rehearsal === undefined ? [] : await cluster.preflight(rehearsal, target)),
  ]
  const told = [...new Map(issues.map((each) => [each.problem, each])).values()]
  if (told.length > 0) throw new BadInput(told, exitCodes.environment)
}

/** The rules of a rehearsal's posture on what is there now. A namespace without workloads must not pass for one in order. */
async function look(api: KubernetesApi, namespaces: readonly string[], wants: readonly PostureWant[]): Promise<Check> {
  const { cluster } = clusterPortsOf(api)
  const seen = objectsListed()
  for (const { namespace, resource } of postureLists(namespaces, wants)) {
    const objects = await cluster.list(namespace, resource)
    if (resource === 'Workload' && objects.length === 0)
      throw new EnvironmentError(
        `namespace ${namespace} of context ${api.context} has no workload to check`,
        'Deploy the platform first, or choose another one with --namespace.',
      )
    // There is no journal whose line it would be.
    seen.add({ kind: 'objects-listed', at: systemClock.now(), namespace, resource, objects }, 0)
  }
  const judged = namespaces.flatMap((namespace) => wants.map((want) => judgeWant(namespace, want, seen.of(namespace))))
  return {
    posture: judged.map((each) => each.result),
    findings: sortFindings(judged.flatMap((each) => each.findings)),
  }
}

function jsonOf(context: string, { posture, findings }: Check) {
  const told = findings.map(({ evidence: _, ...rest }) => rest)
  return { format: 1, context, posture, findings: told, questions: QUESTIONS }
}
