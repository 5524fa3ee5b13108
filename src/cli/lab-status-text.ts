/** `matchday lab status` for people. Everything else about a lab is in its JSON. */
import type { KedaStatus } from '../lab/keda/status.ts'
import { defaultLabRoot, type LabNetwork, type LabProcesses, type LabStatus, type OwnerStatus } from '../lab/lab.ts'
import { unenforcedNames } from '../lab/runtime/notices.ts'
import { type TerminalText, term } from './terminal.ts'

export function labStatusText(status: LabStatus, keda: KedaStatus | undefined): readonly TerminalText[] {
  if (status.kind === 'none') return [term`no lab is up (${defaultLabRoot()})`]
  if (status.kind === 'dead') return [term`the lab is dead; clean up with: matchday lab down`]
  const { state, status: owner } = status
  const unenforced = unenforcedNames(state.network?.kind === 'namespaces').join(', ')
  return [
    term`lab is ${owner.phase}`,
    term`kubeconfig  ${state.kubeconfig}`,
    term`pod network ${networkWords(state.network)}`,
    ...programs(owner),
    ...stages(owner),
    ...kedaLines(keda),
    term`not enforced in a lab, where a container is a process (pods that ask have an Event): ${unenforced}`,
  ]
}

/** Programs that do not run, or were restarted, get a line of their own. */
function programs({ components }: OwnerStatus): readonly TerminalText[] {
  const running = components.filter(({ state }) => state === 'running')
  const told = components.filter(({ state, restarts }) => state !== 'running' || restarts > 0)
  return [
    term`programs    ${running.length} of ${components.length} running`,
    ...told.map(({ name, state, restarts, lastExit }) => {
      const again = restarts > 0 ? `, restarted ${restarts === 1 ? 'once' : `${restarts} times`}` : ''
      return term`            ${name} is ${state}${again}${lastExit === undefined ? '' : ` (last exit: ${lastExit})`}`
    }),
  ]
}

/** Stages overlap, so their sum is not the boot time. */
function stages({ stages: done }: OwnerStatus): readonly TerminalText[] {
  const words = done
    .filter(({ ms }) => ms >= 100)
    .map(({ name, ms }) => `${name} ${(ms / 1000).toFixed(1)} s`)
    .join(', ')
  return words === '' ? [] : [term`booted      ${words}`]
}

function kedaLines(keda: KedaStatus | undefined): readonly TerminalText[] {
  const pods = Object.entries(keda ?? {}).map(([name, { ready, wanted }]) => `${name} ${ready}/${wanted}`)
  return pods.length > 0 ? [term`KEDA        ${pods.join(', ')}`] : []
}

function networkWords(network: LabNetwork | undefined): string {
  switch (network?.kind) {
    case 'namespaces':
      return `network namespaces of the kernel, one for each pod${processWords(network.processes)}`
    case 'preload':
      return `a preload in each Node process${network.why === 'chosen' ? '' : `, because ${network.why}`}`
    case undefined:
      return 'a preload in each Node process'
  }
}

function processWords(processes: LabProcesses | undefined): string {
  switch (processes?.kind) {
    case 'own':
      return ', in a PID namespace of the lab'
    case 'shared':
      return `; processes are the machine's, because the kernel refuses a PID namespace (${processes.why})`
    case undefined:
      return ''
  }
}
