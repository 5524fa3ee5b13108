/** Which cluster a command uses: the lab of this machine, or a context of the user's kubeconfig. Only this file knows the difference. */
import type { Command } from 'commander'
import { connectKubernetes } from '../adapters/kubernetes/connect.ts'
import { EnvironmentError } from '../controller/ports.ts'
import type { Issue } from '../domain/issue.ts'
import { labStatus } from '../lab/lab.ts'
import type { KubernetesApi } from '../protocols/kubernetes/api.ts'
import { aFile, aFileOrFolder, aFolder, checkedFlag, checkedTogether, issueOfFlag } from './flags.ts'
import type { LabRunners } from './lab-boot.ts'
import { loadLabBoot, requireLab } from './lab-loading.ts'
import { REFERENCE_WORKLOAD } from './reference-workload.ts'
import { say, term } from './terminal.ts'

export type ClusterFlags = {
  readonly lab?: boolean
  readonly context?: string
  readonly kubeconfig?: string
  readonly target?: string
  readonly workload: string
  readonly overlay: readonly string[]
  readonly keepLab?: boolean
  /** The rehearsal needs KEDA: a lab without KEDA gets it. */
  readonly keda?: boolean
  /** The load runs in the cluster: a lab gets k6 as an image, the namespace, and pods with networks of their own. */
  readonly runners?: LabRunners | undefined
}

export const LAB_CONTEXT = 'lab'

/** Flags of every command that uses a cluster. */
export function withClusterFlags(command: Command): Command {
  withContextFlags(command)
  return command.option('--target <file>', 'target file instead of targets/<context>.yaml beside the rehearsal')
}

/** The cluster alone, for commands that need no target file. */
export function withContextFlags(command: Command): Command {
  return checkedTogether(command, contextIssues)
    .option('--lab', 'use the lab of this machine (a run boots one when none is up)')
    .option('--context <name>', 'context of the kubeconfig; must be in the allow-list of the rehearsal')
    .addOption(checkedFlag('--kubeconfig <file>', 'kubeconfig to read instead of the default', aFile))
}

/** The current context of a kubeconfig is whichever was used last. Faults need a context that somebody named on purpose. */
function contextIssues({ lab, context, url, model }: Readonly<Record<string, unknown>>): readonly Issue[] {
  // A URL alone, or points on paper, need no cluster.
  if (url !== undefined || model) return []
  if (!lab && context === undefined) {
    const next = 'Say --lab for the lab of this machine, or --context NAME.'
    return [issueOfFlag('--context', { code: 'no-cluster', problem: 'no cluster was chosen.', next })]
  }
  if (!lab || context === undefined || context === LAB_CONTEXT) return []
  const problem = `--lab and --context ${String(context)} name two clusters.`
  return [issueOfFlag('--context', { code: 'two-clusters', problem, next: 'Leave out one of them.' })]
}

export function withLabFlags(command: Command): Command {
  return command
    .addOption(
      checkedFlag(
        '--workload <folder>',
        'what a lab that is booted runs: folder with a workload.yaml',
        aFileOrFolder,
        REFERENCE_WORKLOAD,
      ),
    )
    .addOption(checkedFlag('--overlay <folder...>', 'kustomize components on top of that workload', aFolder, []))
    .option('--keep-lab', 'leave a lab that was booted running')
}

/** Nothing is touched yet. `release` stops a lab that this command booted, unless it is to be kept. */
export type ChosenCluster = { readonly api: KubernetesApi; readonly release: () => Promise<void> }

export const contextOf = (flags: Pick<ClusterFlags, 'lab' | 'context'>): string => {
  const context = flags.lab ? LAB_CONTEXT : flags.context
  if (context === undefined) throw new Error('the flags of a cluster are checked before a command begins')
  return context
}

/** Says early that a lab cannot be booted, before k6 is built for it. @throws EnvironmentError */
export async function requireBootableLab(flags: ClusterFlags): Promise<void> {
  if (isLabOfThisMachine(flags) && (await labStatus()).kind !== 'up') requireLab()
}

const isLabOfThisMachine = (flags: ClusterFlags): boolean =>
  contextOf(flags) === LAB_CONTEXT && flags.kubeconfig === undefined

/** Connects, and boots the lab first if `boot` allows it. */
export async function chooseCluster(flags: ClusterFlags, boot: boolean, signal: AbortSignal): Promise<ChosenCluster> {
  if (!isLabOfThisMachine(flags)) {
    return {
      api: await connectKubernetes({
        context: contextOf(flags),
        ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
      }),
      release: async () => undefined,
    }
  }
  const status = await labStatus()
  if (status.kind === 'up') {
    if (flags.overlay.length > 0)
      throw new EnvironmentError(
        'a lab is up already, without the overlays that were asked for',
        'Run without --overlay, or: matchday lab down',
      )
    if (flags.workload !== REFERENCE_WORKLOAD && flags.workload !== '')
      throw new EnvironmentError(
        'a lab is up already, and runs what it was booted with',
        'Run without --workload to rehearse on that, or: matchday lab down',
      )
    if (flags.keda) await (await loadLabBoot()).addKeda(status.state, signal)
    if (flags.runners) await (await loadLabBoot()).addRunners(status.state, flags.runners)
    return {
      api: await connectKubernetes({ kubeconfig: status.state.kubeconfig, context: LAB_CONTEXT }),
      release: async () => undefined,
    }
  }
  if (!boot) throw new EnvironmentError('no lab is up', 'Boot one: matchday lab up')
  const { bootLab } = await loadLabBoot()
  const lab = await bootLab({
    workload: flags.workload,
    overlays: flags.overlay,
    keda: flags.keda ?? false,
    runners: flags.runners,
    signal,
  })
  if (flags.keepLab) lab.keep()
  const release = async () => {
    if (flags.keepLab) return say(term`lab is left running; stop it with: matchday lab down`)
    await lab.down()
  }
  return { api: await connectKubernetes({ kubeconfig: lab.kubeconfig, context: LAB_CONTEXT }), release }
}
