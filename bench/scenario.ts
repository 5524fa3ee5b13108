/**
 * What the bundled scenario costs: requests for each CPU-second of the generator, against a k6 script written by hand and against
 * Artillery, with the same requests at the same rate to the same server; and what our receiver costs beside it. CPU is read from
 * /proc in the middle of each run, so that start-up does not count. The two scripts run side by side, so that whatever else the machine does is fair to both.
 */
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { vusFor } from '../scenarios/lib/sizing.ts'
import { k6LoadGenerator } from '../src/adapters/k6/load-generator.ts'
import { systemClock } from '../src/cli/clock.ts'
import type { LoadPlan } from '../src/domain/timeline.ts'
import { millis, perSecond } from '../src/domain/units.ts'
import { resolveTool } from '../src/toolchain/toolchain.ts'
import { artilleryProgram, artilleryScript } from './peers/artillery.ts'

/** Of each of the three requests; k6 is far from its limit there, and CPU for each request is what is compared. */
const RATE = 200
const SECONDS = 75
const ROUNDS = 2
const WINDOW_FROM_MS = 2500
/** Long enough for several garbage collections of each: a window of 7 s had one or none, and the ratio showed which. */
const WINDOW_MS = 60_000
/** Of both scripts: matchday starts k6 with it, and the hand-written script is to be no better or worse for another setting of Go. */
const GOGC = process.env.GOGC ?? '200'
/**
 * Artillery fills a core at a few hundred requests a second. Here it is at its best: well below that, but busy enough that its idle work hardly
 * counts (at half the rate it needs twice as much for a request), with kept connections as k6 has them, and after its code is compiled.
 */
const ARTILLERY_RATE = 60
const ARTILLERY_SECONDS = 20
const ARTILLERY_WARM_MS = 10_000
const ARTILLERY_WINDOW_MS = 7000

const level = [{ durationMs: millis(SECONDS * 1000), from: perSecond(RATE), to: perSecond(RATE) }] as const

type Figure = { name: string; goal: string; figure: string; met: boolean }

type Cost = { readonly requests: number; readonly cpuSeconds: number; readonly ownCpuSeconds: number }

/** A load generator that has sent its first order. `leader` leads its process group. */
type Running = { readonly leader: number; readonly server: Server; readonly ended: Promise<void> }

export async function bench(): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'matchday-bench-'))
  const server = await startServer()
  const other = await startServer()
  try {
    const { path: k6 } = await resolveTool('k6')
    const ours: Cost[] = []
    const bare: Cost[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const scenario = await startScenario(k6, folder, server)
      const byHand = await startCommand([k6, 'run', '--quiet', '--no-usage-report', peer('bare-k6.js')], other, RATE)
      const [own, theirs] = await costsOf([scenario, byHand], WINDOW_FROM_MS, WINDOW_MS)
      if (own !== undefined) ours.push(own)
      if (theirs !== undefined) bare.push(theirs)
    }
    return [
      againstBare(ours, bare),
      receiverShare(ours),
      await againstArtillery(ours, folder, server).catch((error: unknown) =>
        missing('scenario against Artillery', error),
      ),
    ]
  } finally {
    server.stop()
    other.stop()
    rmSync(folder, { recursive: true })
  }
}

function againstBare(ours: readonly Cost[], bare: readonly Cost[]): Figure {
  const ratio = perCpuSecond(ours) / perCpuSecond(bare)
  const detail = `${perCpuSecond(ours).toFixed(0)} against ${perCpuSecond(bare).toFixed(0)} requests a CPU-second`
  return {
    name: `scenario against a hand-written k6 script, both with GOGC=${GOGC}`,
    goal: '≥ 0.97 × requests a CPU-second',
    figure: `${ratio.toFixed(2)} × (${detail})`,
    met: ratio >= 0.97,
  }
}

/** The receiver sees the same number of series however busy k6 is, so its CPU a second is its share of a k6 that fills a core. */
function receiverShare(ours: readonly Cost[]): Figure {
  const share = sum(ours.map(({ ownCpuSeconds }) => ownCpuSeconds)) / (ours.length * (WINDOW_MS / 1000))
  return {
    name: 'receiver beside a k6 that fills a core',
    goal: '≤ 2 % of its CPU',
    figure: `${(share * 100).toFixed(2)} %`,
    met: share <= 0.02,
  }
}

async function againstArtillery(ours: readonly Cost[], folder: string, server: Server): Promise<Figure> {
  const script = join(folder, 'artillery.json')
  writeFileSync(script, artilleryScript(server.entry, ARTILLERY_RATE, ARTILLERY_SECONDS))
  const command = [process.execPath, await artilleryProgram(), 'run', '--quiet', script]
  const running = await startCommand(command, server, ARTILLERY_RATE)
  const theirs = await costsOf([running], ARTILLERY_WARM_MS, ARTILLERY_WINDOW_MS)
  const ratio = perCpuSecond(ours) / perCpuSecond(theirs)
  return {
    name: 'scenario against Artillery',
    goal: '≥ 20 × requests a CPU-second',
    figure: `${ratio.toFixed(1)} × (Artillery ${perCpuSecond(theirs).toFixed(0)} requests a CPU-second)`,
    met: ratio >= 20,
  }
}

const missing = (name: string, error: unknown): Figure => ({
  name,
  goal: 'runs',
  figure: error instanceof Error ? error.message : String(error),
  met: false,
})

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
const perCpuSecond = (costs: readonly Cost[]): number =>
  sum(costs.map(({ requests }) => requests)) / sum(costs.map(({ cpuSeconds }) => cpuSeconds))
const peer = (name: string): string => join(import.meta.dirname, 'peers', name)

async function startScenario(k6: string, folder: string, server: Server): Promise<Running> {
  const plan: LoadPlan = {
    run: 'bench',
    seed: 1,
    entry: server.entry,
    profiles: ['login', 'deposit', 'bet'].map((name) => ({ name, stages: level })),
    unions: {},
    limits: {},
  }
  const generator = k6LoadGenerator({ binary: k6, clock: systemClock, cacheFolder: join(folder, 'bundles') })
  const script = join(import.meta.dirname, '..', 'scenarios', 'promo-peak.ts')
  const load = await generator.start(script, plan, folder, () => undefined)
  return { leader: load.pid, server, ended: load.ended }
}

/** Starts a load generator as a user would, and waits for its first order. */
async function startCommand(command: readonly string[], server: Server, rate: number): Promise<Running> {
  const [program = '', ...args] = command
  const env = {
    ...process.env,
    ENTRY: server.entry,
    RATE: `${rate}`,
    SECONDS: `${SECONDS}`,
    VUS: `${vusFor(level)}`,
    GOGC,
  }
  const child = spawn(program, args, { env, stdio: 'ignore', detached: true })
  const ended = new Promise<void>((done) => child.once('close', () => done()).once('error', () => done()))
  const { orders } = await server.counts()
  for (let tries = 0; (await server.counts()).orders === orders; tries++) {
    if (tries > 600 || child.exitCode !== null) throw new Error(`${command.join(' ')} sent nothing`)
    await sleep(100)
  }
  return { leader: child.pid ?? 0, server, ended }
}

/** What each costs in the same window. Waits until all have ended. */
async function costsOf(running: readonly Running[], warmMs: number, windowMs: number): Promise<readonly Cost[]> {
  const reading = () =>
    Promise.all(
      running.map(async ({ leader, server }) => ({ cpu: groupCpuSeconds(leader), ...(await server.counts()) })),
    )
  await sleep(warmMs)
  const before = await reading()
  const ownBefore = process.cpuUsage()
  await sleep(windowMs)
  const own = process.cpuUsage(ownBefore)
  const costs = (await reading()).map(({ count, cpu }, index) => ({
    requests: count - (before[index]?.count ?? 0),
    cpuSeconds: cpu - (before[index]?.cpu ?? 0),
    ownCpuSeconds: (own.user + own.system) / 1e6,
  }))
  await Promise.all(running.map(({ ended }) => ended))
  return costs
}

/** utime and stime, in ticks of 10 ms, of all processes in the group that `leader` leads. */
function groupCpuSeconds(leader: number): number {
  const ticks = readdirSync('/proc').map((pid) => {
    if (!/^\d+$/.test(pid)) return 0
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      return Number(fields[2]) === leader ? Number(fields[11]) + Number(fields[12]) : 0
    } catch {
      return 0
    }
  })
  return sum(ticks) / 100
}

type Server = {
  readonly entry: string
  counts(): Promise<{ count: number; orders: number }>
  stop(): void
}

async function startServer(): Promise<Server> {
  const child = spawn(process.execPath, [peer('server.mjs')], { stdio: ['pipe', 'pipe', 'inherit'] })
  const port = await new Promise<number>((told) => child.stdout.once('data', (data) => told(Number(String(data)))))
  const entry = `http://127.0.0.1:${port}`
  const counts = async () => {
    const [count = 0, orders = 0] = (await (await fetch(`${entry}/count`)).text()).split(' ').map(Number)
    return { count, orders }
  }
  return { entry, counts, stop: () => child.stdin.end() }
}
