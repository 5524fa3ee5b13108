// Node power. Kubernetes has no power switch, and a controller that has only a kubeconfig needs one that it can find and undo. So the
// wanted state is an annotation on the Node object: whoever may annotate nodes can switch them, like somebody with access to a cloud's
// console, and the state outlives whoever set it. This file brings kubelet and runtime to the wanted state and retries after each failure.
import { messageOf } from '../../domain/unknown.ts'

/** The annotation: `off` switches the node off; `on`, or no annotation, switches it on. */
export const POWER_ANNOTATION = 'matchday.dev/power'
/** The label: only a node with the value `true` obeys the annotation. */
export const POWER_CONTROL_LABEL = 'matchday.dev/power-control'

export type Power = 'on' | 'off'

export type PowerParts = {
  /** Kills the kubelet with SIGKILL and does not restart it. */
  killKubelet(node: string): Promise<void>
  startKubelet(node: string): void
  /** The runtime's part: stops or starts the node's pods, and what their peers see of them. */
  switchPods(node: string, power: Power): Promise<void>
  log(line: string): void
}

export type NodePower = {
  /** Sets the wanted power of a node. Cheap to call often. */
  want(node: string, power: Power): void
  /** True from the moment when its kubelet is killed until the remains of its pods are removed. */
  isOff(node: string): boolean
  /** Stops all switching. */
  stop(): void
}

type Switch = {
  wanted: Power
  /** The last state that was completely reached; undefined after a failure. */
  reached: Power | undefined
  dark: boolean
  busy: boolean
}

const RETRY_MS = 500

export function createNodePower(parts: PowerParts): NodePower {
  const switches = new Map<string, Switch>()
  let stopped = false

  const turn = async (node: string, one: Switch, power: Power): Promise<void> => {
    if (power === 'off') {
      one.dark = true
      await parts.killKubelet(node)
      return parts.switchPods(node, 'off')
    }
    await parts.switchPods(node, 'on')
    one.dark = false
    if (!stopped) parts.startKubelet(node)
  }

  const attempt = async (node: string, one: Switch, power: Power): Promise<Power | undefined> => {
    try {
      await turn(node, one, power)
      parts.log(`node ${node}: power ${power}`)
      return power
    } catch (error) {
      parts.log(`node ${node}: power ${power} failed: ${messageOf(error)}`)
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS))
      return undefined
    }
  }

  const settle = async (node: string, one: Switch): Promise<void> => {
    one.busy = true
    while (!stopped && one.reached !== one.wanted) one.reached = await attempt(node, one, one.wanted)
    one.busy = false
  }

  return {
    want(node, power) {
      const one = switches.get(node) ?? { wanted: power, reached: 'on', dark: false, busy: false }
      switches.set(node, one)
      one.wanted = power
      if (!one.busy) void settle(node, one)
    },
    isOff: (node) => switches.get(node)?.dark === true,
    stop() {
      stopped = true
    },
  }
}
