/** What matchday's own process costs while three runners in the cluster make the load: it reads their metrics and logs through the API server. */
import { readFileSync } from 'node:fs'
import { parseProcessStat } from '../src/protocols/linux/process-stat.ts'
import { resolveTool } from '../src/toolchain/toolchain.ts'
import { shopLab, withRunners } from '../test/shop/shop-lab.ts'

const NAMESPACE = 'matchday-load'
const OWN_CPU_GOAL = 0.05

export async function bench(): Promise<{ name: string; goal: string; figure: string; met: boolean }[]> {
  const { path: k6 } = await resolveTool('k6')
  const shop = await shopLab({ k6, namespace: NAMESPACE })
  try {
    const run = shop.run('test/shop/carrier-down.rehearsal.yaml', withRunners(3, NAMESPACE))
    const first = await run.until((record) => record.kind === 'load-frame')
    const before = cpuSecondsOf(run.pid)
    const recovery = await run.until((record) => record.kind === 'phase-started' && record.phase === 'recovery')
    const cpu = (cpuSecondsOf(run.pid) - before) / ((recovery.at - first.at) / 1000)
    await run.ended
    return [
      {
        name: 'controller with three runners in the cluster',
        goal: `<= ${OWN_CPU_GOAL * 100} % of a core`,
        figure: `${(cpu * 100).toFixed(2)} %`,
        met: cpu <= OWN_CPU_GOAL,
      },
    ]
  } finally {
    await shop.down()
  }
}

function cpuSecondsOf(pid: number): number {
  const stat = parseProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  if (!stat) throw new Error(`process ${pid} is gone`)
  return stat.cpuTicks / 100
}
