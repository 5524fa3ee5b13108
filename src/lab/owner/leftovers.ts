import { isAlive, type ProcessId, processesWithEnv, signalProcess } from './processes.ts'
import { readState } from './state.ts'

/**
 * Every process that the owner starts carries this variable with the lab's root, and hands it down to its own children: so whatever
 * belongs to a lab can be found even when nobody is left who remembers it.
 */
export const LAB_PROCESS_VARIABLE = 'MATCHDAY_LAB_PROCESS'

const GONE_WITHIN_MS = 10_000
const LOOK_EVERY_MS = 50

/**
 * Kills what a dead owner left of its lab, and returns how many processes that were. A process counts as the lab's when it carries the
 * lab's mark, or when the state file names it and its start time is still the same; a recycled pid is never touched.
 * Looks again until nothing is found, since a dying program may have started another meanwhile.
 * @throws Error when something refuses to die
 */
export async function killLeftovers(root: string, statePath: string, spare: readonly number[] = []): Promise<number> {
  const killed = new Set<number>()
  const deadline = Date.now() + GONE_WITHIN_MS
  for (;;) {
    const found = findLeftovers(root, statePath).filter((id) => !spare.includes(id.pid))
    if (found.length === 0) return killed.size
    if (Date.now() > deadline)
      throw new Error(`processes of the lab don't end: ${found.map((id) => id.pid).join(', ')}`)
    for (const id of found) if (signalProcess(id, 'SIGKILL')) killed.add(id.pid)
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

export function findLeftovers(root: string, statePath: string): ProcessId[] {
  const named = (readState(statePath)?.components ?? []).flatMap((component) => component.process ?? []).filter(isAlive)
  const marked = processesWithEnv(LAB_PROCESS_VARIABLE, root)
  return [...new Map([...named, ...marked].map((id) => [id.pid, id])).values()]
}
