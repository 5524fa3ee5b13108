import { setTimeout as sleep } from 'node:timers/promises'
import { environmentOf, listPids, memoryOf, statOf, TICK_NANOS } from './proc.ts'

/** Every process of a container has this in its environment. So a process that leaves its parent and its session is still found. */
export const CONTAINER_VARIABLE = 'MATCHDAY_CONTAINER'

export type ProcessUsage = { cpuNanos: number; workingSetBytes: number; processes: number }

/**
 * Which process belongs to which container, and what the containers use. One pass over /proc serves all containers of all nodes, at most
 * once per `maxAgeMs`. Processes that are known to belong to nobody here cost nothing in later passes.
 */
export type ProcessTable = {
  addRoot(pid: number, container: string): void
  usage(container: string): ProcessUsage
  /** When `usage` was measured, ms since 1970. */
  sampledAtMs(): number
  /** Sends SIGKILL until no process is left, except `spare`. */
  kill(container: string, spare?: number): void
  /** Like kill, and waits until they are gone. A killed process may hold its ports and memory for some more milliseconds. */
  end(container: string): Promise<void>
  forget(container: string): void
}

type Member = { pid: number; startTicks: number; container: string | undefined }

const NO_USAGE: ProcessUsage = { cpuNanos: 0, workingSetBytes: 0, processes: 0 }

// A process may fork while it is being killed. Each round finds what the previous one left.
const KILL_ROUNDS_MAX = 20

// A process in uninterruptible sleep survives SIGKILL. Waiting longer would not help.
const GONE_MS_MAX = 2000
const GONE_LOOK_MS = 2

// A foreign pid is checked again after this time, because the kernel may have reused it for a container.
const FOREIGN_MS_MAX = 15_000

// kthreadd(2) is the parent of all kernel threads, which have no environment.
const KERNEL_THREADS = 2

// More generations than any container has, so that a reused pid cannot cause an endless loop.
const DEPTH_MAX = 100

export function openProcessTable(maxAgeMs = 500, now: () => number = Date.now): ProcessTable {
  let members = new Map<number, Member>()
  let foreignSinceMs = now()
  let sampledAt = 0
  const usages = new Map<string, ProcessUsage>()

  let undecided = 0
  const remember = (pid: number, startTicks: number, container: string | undefined) => {
    members.set(pid, { pid, startTicks, container })
    return container
  }
  const containerOf = (pid: number, depth = 0): string | undefined => {
    const known = members.get(pid)
    if (known) return known.container
    const stat = pid <= 1 || depth > DEPTH_MAX ? undefined : statOf(pid)
    if (!stat) return undefined
    const inherited = containerOf(stat.parent, depth + 1)
    if (inherited !== undefined || stat.ended || stat.parent === KERNEL_THREADS)
      return remember(pid, stat.startTicks, inherited)
    const environment = environmentOf(pid, CONTAINER_VARIABLE)
    if (environment.kind === 'known') return remember(pid, stat.startTicks, environment.value)
    undecided += 1 // the next pass checks it again
    return undefined
  }
  const refresh = () => {
    const pids = listPids()
    const alive = new Set(pids)
    const keepForeign = now() - foreignSinceMs < FOREIGN_MS_MAX
    if (!keepForeign) foreignSinceMs = now()
    members = new Map([...members].filter(([pid, member]) => alive.has(pid) && (keepForeign || member.container)))
    undecided = 0
    for (const pid of pids) containerOf(pid)
  }
  const sample = () => {
    if (now() - sampledAt < maxAgeMs) return
    refresh()
    sampledAt = now()
    for (const [container, used] of sumByContainer(members)) {
      // When a process ends without being waited for, its time leaves the sum. But a counter must never fall.
      const cpuNanos = Math.max(used.cpuNanos, usages.get(container)?.cpuNanos ?? 0)
      usages.set(container, { ...used, cpuNanos })
    }
  }
  const kill = (container: string, spare?: number): Member[] => {
    const killed = new Map<number, Member>()
    for (let round = 0; round < KILL_ROUNDS_MAX; round++) {
      refresh()
      const own = [...members.values()].filter((one) => one.container === container && one.pid !== spare)
      const targets = own.filter(({ pid }) => !killed.has(pid))
      if (targets.length === 0 && undecided === 0) break
      for (const target of targets) {
        killOne(target)
        killed.set(target.pid, target)
      }
    }
    return [...killed.values()]
  }
  return {
    addRoot(pid, container) {
      const stat = statOf(pid)
      if (stat) members.set(pid, { pid, startTicks: stat.startTicks, container })
    },
    usage(container) {
      sample()
      return usages.get(container) ?? NO_USAGE
    },
    sampledAtMs: () => sampledAt,
    kill: (container, spare) => void kill(container, spare),
    async end(container) {
      const killed = kill(container)
      const deadlineMs = now() + GONE_MS_MAX
      while (killed.some(isRunning) && now() < deadlineMs) await sleep(GONE_LOOK_MS)
    },
    forget(container) {
      usages.delete(container)
    },
  }
}

function isRunning(member: Member): boolean {
  const stat = statOf(member.pid)
  return stat?.startTicks === member.startTicks && !stat.ended
}

function killOne(member: Member): void {
  if (!isRunning(member)) return
  try {
    process.kill(member.pid, 'SIGKILL')
  } catch {
    // it has just ended
  }
}

/** Shared memory (program text, PostgreSQL's buffers) counts once per container: the largest share of one process. */
function sumByContainer(members: ReadonlyMap<number, Member>): Map<string, ProcessUsage> {
  const sums = new Map<string, ProcessUsage & { privateBytes: number; sharedBytes: number }>()
  for (const { pid, container, startTicks } of members.values()) {
    const stat = container === undefined ? undefined : statOf(pid)
    const memory = stat?.startTicks === startTicks ? memoryOf(pid) : undefined
    if (container === undefined || !stat || !memory) continue
    const sum = sums.get(container) ?? { ...NO_USAGE, privateBytes: 0, sharedBytes: 0 }
    sum.cpuNanos += (stat.cpuTicks + stat.waitedCpuTicks) * TICK_NANOS
    sum.processes += 1
    sum.privateBytes += memory.privateBytes
    sum.sharedBytes = Math.max(sum.sharedBytes, memory.sharedBytes)
    sum.workingSetBytes = sum.privateBytes + sum.sharedBytes
    sums.set(container, sum)
  }
  return sums
}
