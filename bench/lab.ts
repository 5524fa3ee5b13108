/**
 * Boot of the lab until every pod is Ready, with each stage's share; the time from a fault's creation to its witness; and what matchday's
 * own process (controller, receiver, watches, journal) costs meanwhile. Warm: the toolchain is built, and images and compiled code are
 * there from an earlier lab in the same folder, as in any second boot.
 */
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { labPaths } from '../src/lab/lab.ts'
import { parseProcessStat } from '../src/protocols/linux/process-stat.ts'
import { ownLab, startRun, type TestLab, verdictOf } from '../test/support/lab.ts'

const BOOT_GOAL_S = 12
const WITNESS_GOAL_S = 2
const STORED_WITHIN_MS = 60_000
/** Of a core, which is what a k6 at its limit fills: our part is the same number of series and objects however busy k6 is. */
const OWN_CPU_GOAL = 0.02

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  const before = process.env.MATCHDAY_LAB_DIR
  const folder = mkdtempSync(join(tmpdir(), 'md-'))
  const cold = await ownLab(folder)
  await untilStored(labPaths(cold.root).images)
  await cold.down()
  const startedAt = performance.now()
  const lab = await ownLab(folder)
  const bootS = (performance.now() - startedAt) / 1000
  try {
    return [await boot(lab, bootS), ...(await rehearse(lab))]
  } finally {
    await lab.down()
    rmSync(folder, { recursive: true, force: true })
    if (before === undefined) delete process.env.MATCHDAY_LAB_DIR
    else process.env.MATCHDAY_LAB_DIR = before
  }
}

/** Pods store their compiled code some seconds after their start. A lab that goes down before leaves none to the next one. */
async function untilStored(images: string): Promise<void> {
  const hasFiles = (cache: string) => globSync('*/*', { cwd: join(images, cache) }).length > 0
  const deadlineMs = performance.now() + STORED_WITHIN_MS
  while (!globSync('*/*/compile-cache', { cwd: images }).every(hasFiles)) {
    if (performance.now() > deadlineMs) throw new Error(`not every image has compiled code below ${images}`)
    await sleep(500)
  }
}

async function boot(lab: TestLab, bootS: number) {
  const stages = lab.handle.stages.map((stage) => `${stage.name} ${(stage.ms / 1000).toFixed(1)}`)
  const nodesS = Math.max(...lab.handle.stages.map((stage) => stage.startMs + stage.ms)) / 1000
  const pods = (await lab.kubectl('get', 'pods', '-A', '-o', 'name')).trim().split('\n').length
  return {
    name: `lab boot to ${pods} pods Ready, warm`,
    goal: `<= ${BOOT_GOAL_S} s`,
    figure: `${bootS.toFixed(1)} s (${stages.join(', ')}; the lab ${nodesS.toFixed(1)} s after its owner's start, pods the rest)`,
    met: bootS <= BOOT_GOAL_S,
  }
}

async function rehearse(lab: TestLab) {
  const run = startRun(lab, 'test/rehearsals/crash.rehearsal.yaml')
  const created = await run.until((record) => record.kind === 'fault-step' && record.step.is === 'created')
  // Some seconds into the load: start-up is over, and a fault is the controller's highest load.
  const cpuBefore = cpuSecondsOf(run.pid)
  const ended = await run.until((record) => record.kind === 'load-ended')
  const cpu = (cpuSecondsOf(run.pid) - cpuBefore) / ((ended.at - created.at) / 1000)
  await run.ended
  const witnessedAt = verdictOf(run).faults[0]?.witnessedAt
  const tookS = witnessedAt === undefined ? Number.POSITIVE_INFINITY : (witnessedAt - created.at) / 1000
  return [
    {
      name: 'fault applied to witness',
      goal: `<= ${WITNESS_GOAL_S} s`,
      figure: `${tookS.toFixed(2)} s`,
      met: tookS <= WITNESS_GOAL_S,
    },
    {
      name: 'controller and receiver beside a k6 that fills a core',
      goal: `<= ${OWN_CPU_GOAL * 100} % of its CPU`,
      figure: `${(cpu * 100).toFixed(2)} %`,
      met: cpu <= OWN_CPU_GOAL,
    },
  ]
}

function cpuSecondsOf(pid: number): number {
  const stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  if (!stat) throw new Error(`process ${pid} is gone`)
  return stat.cpuTicks / 100
}
