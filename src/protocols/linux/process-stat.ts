/** One line of /proc/PID/stat (proc_pid_stat(5)), whose format is a public promise of Linux. */
export type ProcessStat = {
  readonly parent: number
  /** utime and stime of all its threads */
  readonly cpuTicks: number
  /** cutime and cstime: of children that it waited for */
  readonly waitedCpuTicks: number
  /** Clock ticks since boot; with it a pid means one process and not its successor. */
  readonly startTicks: number
  /** Memory that it really has, in pages. */
  readonly rssPages: number
  /** A zombie, or dead: its pid is not free yet, but nothing runs. */
  readonly ended: boolean
}

/** Undefined when the text is no such line, as when the process went while it was read. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  // The command name may itself contain spaces and parentheses: count from the last one. The manual's field n stands at n - 3.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const at = (n: number) => Number(fields[n - 3])
  const stat = {
    parent: at(4),
    cpuTicks: at(14) + at(15),
    waitedCpuTicks: at(16) + at(17),
    startTicks: at(22),
    rssPages: at(24),
    ended: fields[0] === 'Z' || fields[0] === 'X',
  }
  return Number.isFinite(stat.startTicks) ? stat : undefined
}
