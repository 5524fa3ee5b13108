/** The load of k6 and its machine, from Linux' /proc. A generator at its limit makes a run inconclusive. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { GeneratorHealth } from '../../domain/evidence.ts'
import { instant, ratio } from '../../domain/units.ts'
import { parseProcessStat } from '../../protocols/linux/process-stat.ts'

export type Health = Omit<GeneratorHealth, 'kind'>

type Reading = {
  readonly at: number
  readonly cpuTicks: number
  readonly busy: number
  readonly total: number
  readonly rssBytes: number
}

/** Returns a function that measures since its previous call; undefined at first, and if /proc is not readable. */
export function healthOf(pid: number, instance: string): (at: number) => Health | undefined {
  const ticksPerSecond = clockTicks()
  let before: Reading | undefined
  return (at) => {
    const now = reading(pid, at)
    const last = before
    before = now ?? before
    if (now === undefined || last === undefined || now.at <= last.at) return undefined
    const seconds = (now.at - last.at) / 1000
    const total = now.total - last.total
    return {
      at: instant(at),
      instance,
      cpuCores: (now.cpuTicks - last.cpuTicks) / ticksPerSecond / seconds,
      hostBusy: ratio(total > 0 ? Math.min(1, Math.max(0, (now.busy - last.busy) / total)) : 0),
      rssBytes: now.rssBytes,
    }
  }
}

function reading(pid: number, at: number): Reading | undefined {
  try {
    // The kernel answers from memory: to wait for a thread of the pool takes far longer than to read.
    const process = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const host = readFileSync('/proc/stat', 'utf8')
    const memory = rssBytes(status)
    // A process that has ended but was not waited for has no memory any more.
    const stat = parseProcessStat(process)
    if (memory === undefined || stat === undefined) return undefined
    return { at, cpuTicks: stat.cpuTicks, ...hostTicks(host), rssBytes: memory }
  } catch {
    return undefined
  }
}

function rssBytes(status: string): number | undefined {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
}

/** First line of proc_stat(5): user nice system idle iowait irq softirq steal; guests are counted in user already. */
export function hostTicks(stat: string): { readonly busy: number; readonly total: number } {
  const ticks = (/^cpu +(.+)$/m.exec(stat)?.[1] ?? '').split(' ').slice(0, 8).map(Number)
  const total = ticks.reduce((sum, each) => sum + each, 0)
  const [, , , idle = 0, waiting = 0] = ticks
  return { busy: total - idle - waiting, total }
}

/** The kernel's unit of CPU time in /proc; 100 a second on every usual Linux. */
function clockTicks(): number {
  try {
    return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' })) || 100
  } catch {
    return 100
  }
}
