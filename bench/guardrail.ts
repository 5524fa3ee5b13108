/** From a guardrail's trip to the last undo: on the lab, with a platform that has no failover, by the run's own journal. */
import { recordsOf, startRun, testLab } from '../test/support/lab.ts'

const GOAL_S = 2

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  const lab = await testLab()
  try {
    await lab.become(['test/canary/defects/no-failover'])
    const run = startRun(lab, 'bench/guardrail.rehearsal.yaml', '--quiet')
    await run.ended
    const records = await recordsOf(run)
    const tripped = records.find((record) => record.kind === 'guardrail-tripped')
    const healed = records.findLast((record) => record.kind === 'undo-done')
    if (tripped === undefined || healed === undefined) throw new Error(`no guardrail tripped: see ${run.folder()}`)
    const tookS = (healed.at - tripped.at) / 1000
    return [
      { name: 'guardrail to healed', goal: `<= ${GOAL_S} s`, figure: `${tookS.toFixed(2)} s`, met: tookS <= GOAL_S },
    ]
  } finally {
    await lab.down()
  }
}
