import { CONTAINER_ROOT_VARIABLE, LAB_PROCESS_VARIABLE } from '../machine/marks.ts'
import { isAlive, type ProcessId, processFamilies, signalProcess } from '../machine/processes.ts'
import { readState } from '../machine/state.ts'

const GONE_WITHIN_MS = 10_000
const LOOK_EVERY_MS = 50

// A process in the middle of an exec shows no environment. So the lab is gone only after two looks in a row that find nothing.
const CLEAN_LOOKS = 2

/**
 * Kills the processes that a dead owner left and returns their number. A process belongs to the lab if it or an ancestor has the lab's mark
 * in its environment, or if the state file names it and its start time is still the same. A reused pid is never touched.
 * `mayKill` is called between finding and killing, and stops it by throwing. @throws Error when a process does not end
 */
export async function killLeftovers(
  root: string,
  statePath: string,
  mayKill: () => Promise<void> = async () => undefined,
): Promise<number> {
  const killed = new Set<number>()
  const deadlineMs = performance.now() + GONE_WITHIN_MS
  for (let cleanLooks = 0; cleanLooks < CLEAN_LOOKS; ) {
    const found = findLeftovers(root, statePath)
    await mayKill()
    if (found.length === 0) cleanLooks += 1
    else cleanLooks = 0
    if (performance.now() > deadlineMs) {
      throw new Error(`processes of the lab do not end: ${found.map((id) => id.pid).join(', ')}`)
    }
    for (const id of found) if (signalProcess(id, 'SIGKILL')) killed.add(id.pid)
    if (cleanLooks < CLEAN_LOOKS) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
  return killed.size
}

/** For whoever boots the next lab. */
export const cleanedUp = (processes: number): string => `cleaned up ${processes} processes of a dead lab`

function findLeftovers(root: string, statePath: string): ProcessId[] {
  const named = (readState(statePath)?.components ?? []).flatMap((component) => component.process ?? []).filter(isAlive)
  const mark = `${LAB_PROCESS_VARIABLE}=${root}`
  const container = `${CONTAINER_ROOT_VARIABLE}=${root}/`
  const marked = processFamilies((entry) => entry === mark || entry.startsWith(container))
  return [...new Map([...named, ...marked].map((id) => [id.pid, id])).values()].filter(({ pid }) => pid !== process.pid)
}
