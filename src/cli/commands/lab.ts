import type { Command } from 'commander'
import { exitCodes } from '../../domain/verdict.ts'
import { defaultLabRoot, labDown, labStatus } from '../../lab/lab.ts'
import { REFERENCE_WORKLOAD } from '../reference-workload.ts'
import { stopSignal } from '../stop-signal.ts'
import { print, say } from '../terminal.ts'

export function addLab(root: Command, finish: (code: number) => void): void {
  const lab = root.command('lab').description('a real Kubernetes cluster on this machine, without Docker or root')
  lab
    .command('up')
    .description('boot the lab with a workload and keep it until `lab down`')
    .option('--workload <folder>', 'folder with a workload.yaml', REFERENCE_WORKLOAD)
    .option('--overlay <folder...>', 'kustomize components on top of the workload (defects, other sizes)', [])
    .addHelpText(
      'after',
      '\nExamples:\n  matchday lab up\n  matchday lab up --workload ./my-services\n  matchday lab up --overlay test/canary/defects/no-failover\n  kubectl --kubeconfig "$(matchday lab status --output kubeconfig)" get pods -A',
    )
    .action(async (flags: { workload: string; overlay: string[] }) => {
      const { bootLab } = await import('../lab-boot.ts')
      const handle = await bootLab({ workload: flags.workload, overlays: flags.overlay, signal: stopSignal() })
      handle.keep()
      say('lab is up; stop it with: matchday lab down')
      print(handle.kubeconfig)
      finish(exitCodes.pass)
    })
  lab
    .command('status')
    .description('what runs, and where its kubeconfig is')
    .option('-o, --output <format>', 'text, json or kubeconfig', 'text')
    .action(async (flags: { output: string }) => {
      const status = await labStatus()
      if (flags.output === 'json') print(JSON.stringify(status, undefined, 2))
      else if (flags.output === 'kubeconfig') print(status.kind === 'none' ? '' : status.state.kubeconfig)
      else printStatus(status)
      finish(status.kind === 'up' ? exitCodes.pass : exitCodes.environment)
    })
  lab
    .command('down')
    .description('stop the lab and everything that belongs to it')
    .action(async () => {
      const done = await labDown()
      say(
        { stopped: 'lab stopped', cleaned: 'cleaned up after a dead lab', nothing: `no lab in ${defaultLabRoot()}` }[
          done
        ],
      )
      finish(exitCodes.pass)
    })
}

function printStatus(status: Awaited<ReturnType<typeof labStatus>>): void {
  if (status.kind === 'none') return print(`no lab is up (${defaultLabRoot()})`)
  if (status.kind === 'dead') return print('the lab is dead; clean up with: matchday lab down')
  print(`lab is up\nkubeconfig  ${status.state.kubeconfig}`)
  print(JSON.stringify(status.status, undefined, 2))
}
