/**
 * Whether an endpoint is silent: a call waits for it, nothing has come from it for a while, and it does not accept a connection. A
 * slow service is not silent, because its kernel accepts connections however busy it is. So a call to a silent endpoint may be given up
 * long before its timeout and retried, while a slow one (a deposit in a failover takes 1.7 s) is never sent twice.
 */
import net from 'node:net'

export type SilenceWatch = {
  isSilent(): boolean
  /** A call was sent. Tell when it ended, and whether the endpoint was heard from. */
  waiting(): (heard: boolean) => void
  stop(): void
}

/** A deposit takes 150 ms at p95, so that most calls never cause a check. */
const QUIET_MS = 200
/** A connection within a region takes a few milliseconds; a lost SYN is repeated after 1 s, which is why there is a second check. */
const LOOK_MS = 200
/** One check may fail because this process itself had no CPU. 200 + 2 × 200 ms: found silent within 0.6 s, a third of a client's 2 s. */
const LOOKS = 2
/** How soon a silent endpoint is back once it answers. */
const AGAIN_MS = 1_000

/** When a check is due: this long after the last sign of life or the start of the oldest waiting call, whichever is later. */
export function lookDueAtMs(heardAtMs: number, oldestAtMs: number): number {
  return Math.max(heardAtMs, oldestAtMs) + QUIET_MS
}

/** @param onSilent is called once, when the endpoint becomes silent */
export function watchSilence(host: string, port: number, onSilent: () => void): SilenceWatch {
  // In order of their start.
  const waits = new Set<{ readonly sinceMs: number }>()
  let heardAtMs = Number.NEGATIVE_INFINITY
  let silent = false
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let stopped = false

  function heard(): void {
    heardAtMs = performance.now()
    silent = false
  }

  function plan(): void {
    const [oldest] = waits
    if (stopped || looking || timer !== undefined || (oldest === undefined && !silent)) return
    const waitMs = silent
      ? AGAIN_MS
      : lookDueAtMs(heardAtMs, oldest?.sinceMs ?? Number.NEGATIVE_INFINITY) - performance.now()
    timer = setTimeout(wake, Math.max(waitMs, 1))
    timer.unref()
  }

  function wake(): void {
    timer = undefined
    const [oldest] = waits
    if (silent || (oldest !== undefined && lookDueAtMs(heardAtMs, oldest.sinceMs) <= performance.now())) void look()
    else plan()
  }

  async function look(): Promise<void> {
    looking = true
    const beganAtMs = performance.now()
    const answers = await takesConnection(host, port, silent ? 1 : LOOKS, () => heardAtMs >= beganAtMs)
    looking = false
    if (answers) heard()
    else if (!silent && !stopped) {
      silent = true
      onSilent()
    }
    plan()
  }

  return {
    isSilent: () => silent,
    waiting: () => {
      const wait = { sinceMs: performance.now() }
      waits.add(wait)
      plan()
      return (wasHeard) => {
        waits.delete(wait)
        if (wasHeard) heard()
      }
    },
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

async function takesConnection(host: string, port: number, looks: number, heard: () => boolean): Promise<boolean> {
  for (let left = looks; left > 0; left -= 1) {
    if (heard() || (await connects(host, port, LOOK_MS))) return true
  }
  return heard()
}

/** Whether the endpoint answers. A refused connection is an answer too. */
export function connects(host: string, port: number, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ host, port })
    const end = (answered: boolean): void => {
      clearTimeout(timer)
      socket.destroy()
      resolve(answered)
    }
    // After a stall of this process, timers run before the data that arrived meanwhile is read. So it is read first.
    const timer = setTimeout(() => setImmediate(end, false), withinMs)
    socket.once('connect', () => end(true))
    socket.on('error', (error) => end('code' in error && error.code === 'ECONNREFUSED'))
  })
}
