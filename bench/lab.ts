/** Boot of the lab until every pod is Ready, with each stage's share, and the time from a fault's creation to its witness. Warm toolchain and images. */
import { startRun, type TestLab, testLab, verdictOf } from '../test/support/lab.ts'

const BOOT_GOAL_S = 12
const WITNESS_GOAL_S = 2

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  // The first boot stages images; the second is what a user sees from then on.
  const root = process.env.MATCHDAY_LAB_DIR
  const cold = await testLab()
  await cold.down()
  const startedAt = performance.now()
  const lab = await testLab()
  const bootS = (performance.now() - startedAt) / 1000
  try {
    return [boot(lab, bootS), await witness(lab)]
  } finally {
    await lab.down()
    if (root !== undefined) process.env.MATCHDAY_LAB_DIR = root
  }
}

function boot(lab: TestLab, bootS: number) {
  const stages = lab.handle.stages.map((stage) => `${stage.name} ${(stage.ms / 1000).toFixed(1)}`).join(', ')
  return {
    name: 'lab boot to all pods Ready, images included',
    goal: `<= ${BOOT_GOAL_S} s`,
    figure: `${bootS.toFixed(1)} s (${stages})`,
    met: bootS <= BOOT_GOAL_S,
  }
}

async function witness(lab: TestLab) {
  const run = startRun(lab, 'test/rehearsals/crash.rehearsal.yaml')
  const created = await run.until((record) => record.kind === 'fault-step' && record.step.is === 'created')
  await run.ended
  const witnessedAt = verdictOf(run).faults[0]?.witnessedAt
  const tookS = witnessedAt === undefined ? Number.POSITIVE_INFINITY : (witnessedAt - created.at) / 1000
  return {
    name: 'fault applied to witness',
    goal: `<= ${WITNESS_GOAL_S} s`,
    figure: `${tookS.toFixed(2)} s`,
    met: tookS <= WITNESS_GOAL_S,
  }
}
