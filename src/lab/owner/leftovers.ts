import { CONTAINER_ROOT_VARIABLE, LAB_PROCESS_VARIABLE } from '../machine/marks.ts'
import { isAlive, type ProcessId, processFamilies, signalProcess } from '../machine/processes.ts'
import { readState } from '../machine/state.ts'

const GONE_WITHIN_MS = 10_000
const LOOK_EVERY_MS = 50

// A process that is just replacing its program shows no environment: only a second look without a find counts.
const CLEAN_LOOKS = 2

/**
 * Kills what a dead owner left of its lab, and returns how many processes that were. A process counts as the lab's when it, or one of
 * its ancestors, carries the lab's mark, or when the state file names it and its start time is still the same; a recycled pid is
 * never touched.
 * @throws Error when something refuses to die
 */
export async function killLeftovers(root: string, statePath: string): Promise<number> {
  const killed = new Set<number>()
  const deadlineMs = performance.now() + GONE_WITHIN_MS
  for (let cleanLooks = 0; cleanLooks < CLEAN_LOOKS; ) {
    const found = findLeftovers(root, statePath)
    if (found.length === 0) cleanLooks += 1
    else cleanLooks = 0
    if (performance.now() > deadlineMs) {
      throw new Error(`processes of the lab don't end: ${found.map((id) => id.pid).join(', ')}`)
    }
    for (const id of found) if (signalProcess(id, 'SIGKILL')) killed.add(id.pid)
    if (cleanLooks < CLEAN_LOOKS) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  return killed.size
}

function findLeftovers(root: string, statePath: string): ProcessId[] {
  const named = (readState(statePath)?.components ?? []).flatMap((component) => component.process ?? []).filter(isAlive)
  const mark = `${LAB_PROCESS_VARIABLE}=${root}`
  const container = `${CONTAINER_ROOT_VARIABLE}=${root}/`
  const marked = processFamilies((entry) => entry === mark || entry.startsWith(container))
  return [...new Map([...named, ...marked].map((id) => [id.pid, id])).values()].filter(({ pid }) => pid !== process.pid)
}
