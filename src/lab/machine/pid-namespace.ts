// A lab may have a PID namespace of its own. Then its programs, and the state file that its owner writes, use other process ids than the machine.
// Outside, an id of the lab is translated before anything is done with it.
import { readlinkSync } from 'node:fs'
import { innerPidsOf, isAlive, type ProcessId, processesBelow } from './processes.ts'
import type { ComponentState, LabState } from './state.ts'

/** The PID namespace of this process, as the kernel names it: `pid:[4026531836]`. */
export const ownPidNamespace = (): string => readlinkSync('/proc/self/ns/pid')

type Lab = Pick<LabState, 'owner' | 'pidNamespace'>

/**
 * The components with the process ids that this process sees. A process that it cannot find is left out: with the ids of another namespace, it could
 * be mistaken for a process of this one. The owner is the first process of the lab that the machine sees; all others descend from it.
 */
export function componentsSeenHere(
  components: readonly ComponentState[],
  { owner, pidNamespace }: Lab,
): readonly ComponentState[] {
  if (pidNamespace === undefined || pidNamespace === ownPidNamespace()) return components
  const seen = isAlive(owner) ? processesBelow(owner.pid) : []
  const names = new Map(seen.flatMap((id) => innerNames(id).map((name) => [name, id])))
  return components.map(({ process, ...component }) => {
    const here = process && names.get(nameOf(process))
    return here ? { ...component, process: here } : component
  })
}

/** Start times are the same in all namespaces. */
const nameOf = ({ pid, startTicks }: ProcessId): string => `${pid} ${startTicks}`

/** What the process is called one namespace further in. */
function innerNames({ pid, startTicks }: ProcessId): readonly string[] {
  const inner = innerPidsOf(pid)[0]
  return inner === undefined ? [] : [nameOf({ pid: inner, startTicks })]
}
