import type { Command } from 'commander'
import { EnvironmentError } from '../../controller/ports.ts'
import { exitCodes } from '../../domain/verdict.ts'
import { kedaStatus } from '../../lab/keda/status.ts'
import { defaultLabRoot, labDown, labStatus, NETWORK_CHOICES, type NetworkChoice } from '../../lab/lab.ts'
import { LAB_CONTEXT } from '../cluster-choice.ts'
import { aFileOrFolder, aFolder, amongWords, checkedFlag, outputFlag, type ValueCheck } from '../flags.ts'
import { loadLabBoot } from '../lab-loading.ts'
import { labStatusText } from '../lab-status-text.ts'
import { REFERENCE_WORKLOAD } from '../reference-workload.ts'
import { stopSignal, stopsOnly } from '../stop-signal.ts'
import { jsonText, print, say, term } from '../terminal.ts'
import { karpenterTools } from '../tools.ts'

export function addLab(root: Command, finish: (code: number) => void): void {
  const lab = root.command('lab').description('a real Kubernetes cluster on this machine, without Docker or root')
  lab
    .command('up')
    .description('boot the lab with a workload and keep it until `lab down`')
    .addOption(checkedFlag('--workload <folder>', 'folder with a workload.yaml', aFileOrFolder, REFERENCE_WORKLOAD))
    .addOption(
      checkedFlag(
        '-f, --filename <path>',
        "manifests instead of the workload's: a folder, a file, or - for standard input",
        orStandardInput(aFileOrFolder),
      ),
    )
    .addOption(
      checkedFlag(
        '--overlay <folder...>',
        'kustomize components on top of the workload (defects, other sizes)',
        aFolder,
        [],
      ),
    )
    .addOption(
      checkedFlag(
        '--network <kind>',
        `pod network: ${NETWORK_CHOICES.join(', ')}; default: MATCHDAY_LAB_NETWORK, else auto: namespaces where the kernel allows them`,
        amongWords(NETWORK_CHOICES, 'networks'),
      ),
    )
    .option('--keda', 'with KEDA, also where the workload has no ScaledObject')
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nExamples:\n  matchday lab up\n  matchday lab up --workload ./my-services\n  helm template shop ./chart | matchday lab up --workload ./my-services -f -\n  matchday lab up --overlay test/canary/defects/no-failover\n  matchday lab up --network preload\n  kubectl --kubeconfig "$(matchday lab status --output kubeconfig)" get pods -A',
    )
    .action(
      async (flags: {
        workload: string
        filename?: string
        overlay: string[]
        network?: NetworkChoice
        keda?: boolean
        output: string
      }) => {
        const { bootLab } = await loadLabBoot()
        const handle = await bootLab({
          ...chosen(flags),
          overlays: flags.overlay,
          keda: flags.keda ?? false,
          network: flags.network,
          signal: stopSignal(stopsOnly('stopping; everything that was started is being stopped…')),
        })
        handle.keep()
        say(term`lab is up; stop it with: matchday lab down`)
        const { kubeconfig } = handle
        print(flags.output === 'json' ? jsonText({ format: 1, context: LAB_CONTEXT, kubeconfig }) : term`${kubeconfig}`)
        finish(exitCodes.pass)
      },
    )
  lab
    .command('status')
    .description('what runs, and where its kubeconfig is')
    .addOption(outputFlag(['text', 'json', 'kubeconfig']))
    .addHelpText(
      'after',
      '\nExamples:\n  matchday lab status\n  export KUBECONFIG="$(matchday lab status --output kubeconfig)"\n  matchday lab status --output json | jq .kind',
    )
    .action(async (flags: { output: string }) => {
      const found = await labStatus()
      const keda = found.kind === 'up' ? await kedaStatus(found.state.root) : undefined
      const status = keda ? { ...found, keda } : found
      if (flags.output === 'json') print(jsonText({ format: 1, ...status }))
      else if (flags.output === 'kubeconfig') print(term`${status.kind === 'none' ? '' : status.state.kubeconfig}`)
      else for (const line of labStatusText(found, keda)) print(line)
      finish(status.kind === 'up' ? exitCodes.pass : exitCodes.environment)
    })
  lab
    .command('keda')
    .description('add KEDA to the lab that is up')
    .addOption(outputFlag())
    .addHelpText('after', '\nExamples:\n  matchday lab keda')
    .action(async (flags: { output: string }) => {
      const status = await labStatus()
      if (status.kind !== 'up') throw new EnvironmentError('no lab is up', 'Boot one: matchday lab up --keda')
      const { addKeda } = await loadLabBoot()
      await addKeda(status.state, stopSignal(stopsOnly('stopping; everything that was started is being stopped…')))
      say(term`KEDA serves in namespace keda`)
      if (flags.output === 'json') print(jsonText({ format: 1, done: 'keda' }))
      finish(exitCodes.pass)
    })
  lab
    .command('karpenter')
    .description('add Karpenter to the lab that is up: pods that do not fit get new nodes, at most four')
    .addOption(
      checkedFlag(
        '--node-delay <duration>',
        'time from a NodeClaim to its node, as a cloud takes for a machine; run it again to change the time',
        wholeSeconds,
        '20s',
      ),
    )
    .addOption(outputFlag())
    .addHelpText(
      'after',
      '\nBuild it first, once: matchday toolchain build karpenter\n\nExamples:\n  matchday lab karpenter\n  matchday lab karpenter --node-delay 90s\n  kubectl --kubeconfig "$(matchday lab status --output kubeconfig)" get nodeclaims,nodes',
    )
    .action(async (flags: { nodeDelay: string; output: string }) => {
      const { addKarpenter } = await loadLabBoot()
      // What takes longest is asked for first.
      const tools = await karpenterTools()
      const status = await labStatus()
      if (status.kind !== 'up') throw new EnvironmentError('no lab is up', 'Boot one: matchday lab up')
      const signal = stopSignal(stopsOnly('stopping; everything that was started is being stopped…'))
      await addKarpenter(status.state, tools, flags.nodeDelay, signal)
      say(term`Karpenter launches nodes; each takes ${flags.nodeDelay} and the start of its kubelet`)
      if (flags.output === 'json') print(jsonText({ format: 1, done: 'karpenter' }))
      finish(exitCodes.pass)
    })
  lab
    .command('down')
    .description('stop the lab and everything that belongs to it')
    .addOption(outputFlag())
    .addHelpText('after', '\nExamples:\n  matchday lab down\n  matchday lab down --output json')
    .action(async (flags: { output: string }) => {
      const done = await labDown()
      const words = {
        stopped: 'lab stopped',
        cleaned: 'cleaned up after a dead lab',
        nothing: `no lab in ${defaultLabRoot()}`,
      }
      say(term`${words[done]}`)
      if (flags.output === 'json') print(jsonText({ format: 1, done }))
      finish(exitCodes.pass)
    })
}

/** With manifests of its own, a lab needs the images of the reference platform only if its workload is asked for. */
function chosen({ workload, filename }: { workload: string; filename?: string }) {
  if (filename === undefined) return { workload }
  return { manifests: filename, ...(workload === REFERENCE_WORKLOAD ? {} : { workload }) }
}

const orStandardInput =
  (check: ValueCheck): ValueCheck =>
  (path) =>
    path === '-' ? undefined : check(path)

/** The field of the KWOKNodeClass takes no fractions and no milliseconds. */
const wholeSeconds: ValueCheck = (written) =>
  /^(\d+h)?(\d+m)?(\d+s)?$/.test(written) && written !== ''
    ? undefined
    : { problem: `"${written}" is not a duration in whole seconds.`, next: 'Write 20s, 2m or 1m30s.' }
