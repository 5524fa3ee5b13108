/** The power control that docs/adr/0014 asks of a cluster: a node that has the label obeys the annotation. */
import { createInterface } from 'node:readline'
import { createNodePower, POWER_ANNOTATION, POWER_CONTROL_LABEL } from '../../src/lab/nodes/power.ts'
import type { RealCluster } from './cluster.ts'

export type PowerControl = { stop(): void }

const PAUSE_MS = 500
/** `n1=off`, for each node at first and then for each change of one. */
const LINES = `jsonpath={.metadata.name}={.metadata.annotations.${POWER_ANNOTATION.replaceAll('.', '\\.')}}{"\\n"}`

/** Resolves when all nodes have the label. */
export async function startPowerControl(cluster: RealCluster): Promise<PowerControl> {
  let stopped = false
  const power = createNodePower({
    killKubelet: (node) => cluster.powerOff(node),
    startKubelet: (node) => cluster.powerOn(node),
    // Pods end with the processes of their node, and boot with it.
    switchPods: () => Promise.resolve(),
    log: () => undefined,
  })
  const follow = async (): Promise<void> => {
    while (!stopped) {
      const { stdout } = cluster.watch('get', 'nodes', '--watch', '-o', LINES)
      for await (const line of createInterface({ input: stdout })) {
        const [node = '', wanted] = line.split('=')
        power.want(node, wanted === 'off' ? 'off' : 'on')
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    }
  }
  await cluster.kubectl('label', 'nodes', '--all', `${POWER_CONTROL_LABEL}=true`)
  void follow()
  return {
    stop: () => {
      stopped = true
      power.stop()
    },
  }
}
