import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { readCredentials } from '../../adapters/kubernetes/load-credentials.ts'
import { permission } from '../../adapters/kubernetes/permission.ts'
import { listNeeds } from '../../adapters/kubernetes/posture-lists.ts'
import { provisionsOf } from '../../adapters/kubernetes/provisions.ts'
import { EnvironmentError } from '../../controller/ports.ts'
import { dialReachOf, postureLists } from '../../controller/posture.ts'
import { booksRead } from '../../controller/settling.ts'
import { look as lookAtSights } from '../../controller/sight.ts'
import type { Issue, SourcePoint } from '../../domain/issue.ts'
import {
  effectWants,
  type PostureKind,
  type PostureWant,
  postureKinds,
  postureWants,
  readingWants,
} from '../../domain/posture.ts'
import type { Rehearsal, Target } from '../../domain/rehearsal.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { flagShapes } from '../../files/flags.ts'
import { withAccepted } from '../../judge/findings/accepted.ts'
import { sortFindings } from '../../judge/findings/findings.ts'
import { judgeWant } from '../../judge/posture/posture.ts'
import { createObjectsListed } from '../../judge/seen/listed.ts'
import { ApiRefusal, type KubernetesApi } from '../../protocols/kubernetes/api.ts'
import { type Check, checkText, type NotMade, provisionText, QUESTIONS, UNREAD } from '../check-text.ts'
import { systemClock } from '../clock.ts'
import { type ClusterFlags, chooseCluster, contextOf, withClusterFlags } from '../cluster-choice.ts'
import { amongWords, checkedFlag, ofShape, outputFlag } from '../flags.ts'
import { readInputs, readTarget, usualTargetPath } from '../inputs.ts'
import { publishIssues } from '../publish-child.ts'
import { stopSignal, stopsOnly } from '../stop-signal.ts'
import { columnsOf, jsonText, onStdout, print, say, term } from '../terminal.ts'
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
    .argument('[rehearsal]', 'a *.rehearsal.yaml, to check also what it needs of the cluster')
  withClusterFlags(command)
    .addOption(
      checkedFlag(
        '-n, --namespace <names...>',
        "namespaces to look at (default: those of the rehearsal's posture, or the target's)",
        ofShape(flagShapes.namespace, '--namespace'),
      ),
    )
    .addOption(
      checkedFlag(
        '--want <checks...>',
        `checks to make (default: those of the rehearsal's posture, or all but ${effectWants.join(' and ')}): ${postureWants.join(', ')}`,
        amongWords(postureWants, 'checks'),
      ),
    )
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nExit code 0: in order (warnings included), 1: a check failed, 5: the cluster does not answer, or a permission or an object is missing.\n\nExamples:\n  matchday check --lab\n  matchday check scenarios/release-smoke.rehearsal.yaml --context NAME\n  matchday check --context NAME --namespace casino --want default-deny pinned-images --output json',
    )
    .action(async (file: string | undefined, flags: Flags) => finish(await check(file, flags)))
}

async function check(file: string | undefined, flags: Flags): Promise<number> {
  const context = contextOf(flags)
  const named = flags.want && postureWants.filter((each) => flags.want?.includes(each))
  if (file === undefined && flags.target === undefined && !existsSync(usualTargetPath(context)))
    return checkCluster(flags)
  const inputs: Inputs =
    file === undefined ? { target: readTarget(context, flags.target) } : readInputs(file, context, flags.target)
  const wants = named ?? wantsOf(inputs)
  const namespaces = flags.namespace ?? namespacesOf(inputs)
  const { api } = await chooseCluster(
    { ...flags, workload: '', overlay: [] },
    false,
    stopSignal(stopsOnly('stopping; nothing was changed.')),
  )
  await reach(api)
  const found = await look(api, inputs, namespaces, wants, named !== undefined || flags.namespace !== undefined)
  const notAsked = named === undefined ? effectWants.filter((each) => !wants.includes(each)).map(notAskedFor) : []
  const seen = { ...found, notMade: [...notAsked, ...(found.notMade ?? [])] }
  print(
    flags.output === 'json'
      ? jsonText(jsonOf(context, seen))
      : term.join(checkText(seen, onStdout, columnsOf(process.stdout))),
  )
  return exitCodeOf(seen)
}

const notAskedFor = (want: PostureWant): NotMade => ({
  want,
  why: 'not-asked',
  reason: `It tries something, and needs a role of its own (docs/how-to/rbac.yaml). Ask for it with --want ${want}.`,
})

/** Without a target file, all that can be asked is what the cluster itself provides. */
async function checkCluster(flags: Flags): Promise<number> {
  const { api } = await chooseCluster(
    { ...flags, workload: '', overlay: [] },
    false,
    stopSignal(stopsOnly('stopping; nothing was changed.')),
  )
  await reach(api)
  const seen: Check = {
    posture: [],
    findings: [],
    sights: [],
    issues: [],
    provisions: await provisionsOf(api, undefined),
  }
  say(
    term`There is no target file ${usualTargetPath(api.context)}, so only the cluster was looked at. \`matchday init\` writes one.`,
  )
  print(
    flags.output === 'json' ? jsonText(jsonOf(api.context, seen)) : term.join(provisionText(seen.provisions, onStdout)),
  )
  return exitCodes.pass
}

/** Order of rows: first failed checks, then checks that could not be made, then the rest. */
function exitCodeOf({ findings, issues }: Check): number {
  if (findings.some(({ weight }) => weight === 'breach')) return exitCodes.fail
  return issues.length > 0 ? exitCodes.environment : exitCodes.pass
}

type Inputs = { readonly target: Target; readonly rehearsal?: Rehearsal }

const posturesOf = ({ rehearsal }: Inputs) =>
  rehearsal?.expectations.flatMap((each) => (each.kind === 'posture' ? [each] : [])) ?? []

function namespacesOf(inputs: Inputs): readonly string[] {
  const wanted = posturesOf(inputs).flatMap(({ namespaces }) => namespaces)
  return wanted.length > 0 ? [...new Set(wanted)] : [inputs.target.namespace]
}

/** The checks of the rehearsal; all checks if it names none. */
function wantsOf(inputs: Inputs): readonly PostureWant[] {
  const wanted = new Set(posturesOf(inputs).flatMap(({ wants }) => wants))
  return wanted.size > 0 ? postureWants.filter((each) => wanted.has(each)) : readingWants
}

/** Says in one sentence if nothing answers, or if the answer is not from a cluster. Missing permissions are reported in their own rows. */
async function reach(api: KubernetesApi): Promise<void> {
  try {
    await clusterPortsOf(api).cluster.identify()
  } catch (error) {
    if (!isForbidden(error)) throw error
  }
}

const isForbidden = (error: unknown): boolean => error instanceof ApiRefusal && error.status === 403

/** The posture rules on the present objects, and the checks that could not be made. */
async function look(
  api: KubernetesApi,
  { target, rehearsal }: Inputs,
  namespaces: readonly string[],
  wants: readonly PostureWant[],
  postureOnly: boolean,
): Promise<Check> {
  const ports = clusterPortsOf(api)
  const at: SourcePoint = { file: target.file, line: 0, column: 0 }
  const { seen, issues, missing } = await readLists(api, target, namespaces, wants, at)
  const judged = namespaces.flatMap((namespace) => wants.map((want) => judgeWant(namespace, want, seen.of(namespace))))
  const problems = rehearsal === undefined ? [] : await ports.cluster.preflight(rehearsal, target)
  const books = rehearsal ? booksRead(rehearsal, target) : target.books.map(({ book }) => book)
  const sights = postureOnly && rehearsal === undefined ? [] : await lookAtSights(ports, target, books, rehearsal)
  const provisions = postureOnly ? [] : await provisionsOf(api, target)
  const credentials = postureOnly ? [] : [...(await readCredentials(api, target)).issues, ...publishIssues(target)]
  const told = [
    ...issues,
    ...unanswered(judged, issues, at),
    ...problems,
    ...credentials,
    ...sights.flatMap(({ issue }) => issue ?? []),
  ]
  const found = judged.flatMap((each) => each.findings)
  // Not complete: most findings that a target accepts are not about posture, so nothing is said of those that matched nothing.
  const accepting = { acceptances: target.acceptedFindings ?? [], at: systemClock.now(), complete: false }
  return {
    posture: judged.map((each) => each.result),
    findings: sortFindings(withAccepted(found, accepting)),
    sights,
    provisions,
    issues: [...new Map(told.map((each) => [each.problem, each])).values()],
    notMade: judged.flatMap((each) => unmade(each, missing)),
  }
}

/** A gap is about the whole check, a warning about a part of it. */
function unmade({ result, findings }: ReturnType<typeof judgeWant>, missing: Missing): readonly NotMade[] {
  const { namespace, want } = result
  const problems = [...new Set(postureKinds[want].flatMap((kind) => missing.get(`${namespace}/${kind}`) ?? []))]
  if (problems.length > 0) return [{ want, namespace, why: 'unread', reason: problems.join(' ') }]
  return findings
    .filter(({ cause }) => cause === UNREAD)
    .map(({ weight, sentence }) => ({
      want,
      namespace,
      why: weight === 'gap' ? 'unread' : 'untried',
      reason: sentence,
    }))
}

/** Checks that were made and found no answer. Where lists could not be read, their rows say it, and an issue says why. */
function unanswered(
  judged: readonly ReturnType<typeof judgeWant>[],
  unread: readonly Issue[],
  at: SourcePoint,
): readonly Issue[] {
  if (unread.length > 0) return []
  return judged
    .flatMap(({ findings }) => findings)
    .filter(({ weight }) => weight === 'gap')
    .map(({ subject, sentence, next }) => ({ at, code: UNREAD, problem: `${subject}: ${sentence}`, next }))
}

/** By namespace and kind: the problems that kept it from being read. */
type Missing = ReadonlyMap<string, readonly string[]>

/** A missing permission affects only the checks that need it. A namespace without workloads must not pass. */
async function readLists(
  api: KubernetesApi,
  target: Target,
  namespaces: readonly string[],
  wants: readonly PostureWant[],
  at: SourcePoint,
): Promise<{
  readonly seen: ReturnType<typeof createObjectsListed>
  readonly issues: readonly Issue[]
  readonly missing: Missing
}> {
  const { cluster } = clusterPortsOf(api)
  const seen = createObjectsListed()
  const issues: Issue[] = []
  const missing = new Map<string, readonly string[]>()
  for (const { namespace, resource } of postureLists(namespaces, wants)) {
    const refused = await permissionsMissing(api, namespace, resource, at)
    issues.push(...refused)
    if (refused.length > 0) {
      const problems = refused.map(({ problem }) => problem)
      missing.set(`${namespace}/${resource}`, problems)
      continue
    }
    const objects = await cluster.list(namespace, resource, dialReachOf(target))
    if (resource === 'Workload' && objects.length === 0)
      throw new EnvironmentError(
        `namespace ${namespace} of context ${api.context} has no workload to check`,
        'Deploy the platform first, or choose another one with --namespace.',
      )
    // There is no journal, so there is no line number.
    seen.add({ kind: 'objects-listed', at: systemClock.now(), namespace, resource, objects }, 0)
  }
  return { seen, issues, missing }
}

async function permissionsMissing(
  api: KubernetesApi,
  namespace: string,
  resource: PostureKind,
  at: SourcePoint,
): Promise<readonly Issue[]> {
  const needs = listNeeds(resource, namespace, at)
  const answers = await Promise.all(needs.map((need) => permission(api, need)))
  return answers.filter((each) => each !== undefined)
}

function jsonOf(context: string, { posture, findings, sights, issues, provisions, notMade = [] }: Check) {
  const told = findings.map(({ evidence: _, ...rest }) => rest)
  return { format: 1, context, posture, findings: told, sights, issues, provisions, notMade, questions: QUESTIONS }
}
