import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { LAB_PROCESS_VARIABLE } from '../machine/marks.ts'
import { type ProcessId, startTicksOf } from '../machine/processes.ts'
import type { ComponentState } from '../machine/state.ts'

/** A program that the owner keeps running. */
export type ComponentPlan = {
  readonly name: string
  readonly argv: readonly [string, ...string[]]
  readonly root: string
  readonly log: string
  readonly env?: Readonly<Record<string, string>>
  /** The lab's own programs end when their standard input ends, that is, when the owner is gone. */
  readonly lifeline: boolean
  /** Descriptors of this process that the program gets as 3, 4, … */
  readonly descriptors?: readonly number[]
  /** The time from SIGTERM to SIGKILL. */
  readonly stopWithinMs: number
}

export type Component = {
  readonly name: string
  state(): ComponentState
  start(): void
  /** SIGTERM, then SIGKILL; stays down until it is started again. Resolves when the process is gone. */
  stop(): Promise<void>
  /** SIGKILL at once; stays down until it is started again. Resolves when the process is gone. */
  kill(): Promise<void>
  /** SIGKILL; restarted as after any crash. */
  crash(): void
}

// A program that crashes is restarted at once, then after a delay that doubles each time. The delay is reset when it ran for a while.
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 10_000
const STEADY_AFTER_MS = 30_000

/** Supervises one program. `changed` is called after every change of its state. */
export function createComponent(plan: ComponentPlan, changed: () => void): Component {
  let child: ChildProcess | undefined
  let id: ProcessId | undefined
  let gone: Promise<void> = Promise.resolve()
  let wanted = false
  let restarts = 0
  let pauseMs = FIRST_PAUSE_MS
  let timer: NodeJS.Timeout | undefined
  let lastExit: string | undefined

  const launch = () => {
    timer = undefined
    const startedMs = performance.now()
    const { promise, resolve } = Promise.withResolvers<void>()
    gone = promise
    const running = spawnPlan(plan)
    child = running
    id = processIdOf(running)
    const ended = (how: string) => {
      if (child !== running) return
      child = undefined
      id = undefined
      lastExit = how
      if (performance.now() - startedMs > STEADY_AFTER_MS) pauseMs = FIRST_PAUSE_MS
      if (wanted) scheduleRestart()
      resolve()
      changed()
    }
    running.on('error', (error) => ended(error.message))
    running.on('exit', (code, signal) => ended(signal ? `killed by ${signal}` : `exit code ${code}`))
    changed()
  }

  const scheduleRestart = () => {
    restarts += 1
    timer = setTimeout(launch, pauseMs)
    pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)
  }

  const end = async (signal: NodeJS.Signals) => {
    wanted = false
    clearTimeout(timer)
    timer = undefined
    const running = child
    if (!running) return
    running.kill(signal)
    const insist = setTimeout(() => running.kill('SIGKILL'), plan.stopWithinMs)
    await gone
    clearTimeout(insist)
  }

  return {
    name: plan.name,
    state: () => ({
      name: plan.name,
      state: child ? 'running' : wanted ? 'waiting' : 'stopped',
      ...(id ? { process: id } : {}),
      restarts,
      ...(lastExit === undefined ? {} : { lastExit }),
    }),
    start: () => {
      if (wanted) return
      wanted = true
      pauseMs = FIRST_PAUSE_MS
      if (!child) launch()
    },
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    crash: () => void child?.kill('SIGKILL'),
  }
}

function spawnPlan(plan: ComponentPlan): ChildProcess {
  const log = openSync(plan.log, 'a', 0o640)
  try {
    const [program, ...parameters] = plan.argv
    return spawn(program, parameters, {
      cwd: plan.root,
      // Runs in its own process group, so that signals from a terminal never reach it.
      detached: true,
      stdio: [plan.lifeline ? 'pipe' : 'ignore', log, log, ...(plan.descriptors ?? [])],
      env: { ...process.env, ...plan.env, [LAB_PROCESS_VARIABLE]: plan.root },
    })
  } finally {
    closeSync(log)
  }
}

function processIdOf(child: ChildProcess): ProcessId | undefined {
  const startTicks = child.pid === undefined ? undefined : startTicksOf(child.pid)
  return child.pid === undefined || startTicks === undefined ? undefined : { pid: child.pid, startTicks }
}
